"""Counting a run's memory by a fresh engine, and what is told when it cannot."""

import dataclasses
from pathlib import Path

import pytest

from tests.tiny_model import write_tiny_model
from tunedesk.errors import UserError
from tunedesk.plan.memory import MemoryPlan, estimate_memory
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.places.engine_plan import ask_engine, count_memory
from tunedesk.template.model_folder import read_model_folder


def test_the_report_is_about_the_largest_row_of_the_plan(tmp_path: Path) -> None:
    model = read_model_folder(write_tiny_model(tmp_path))
    plan = MemoryPlan(
        device="cpu",
        micro_batch_tokens=96,
        longest=40,
        activations="recompute",
        quantization="none",
        pairs=True,
        trained_share=0.25,
    )
    report = count_memory(model, Hyperparameters(quantization="none"), plan, "dpo")
    assert (report.tokens, report.activation_policy) == (96, "recompute")
    assert report.loss == estimate_memory(model, plan).loss
    assert report.total == pytest.approx(estimate_memory(model, plan).total, rel=0.01)
    gone = dataclasses.replace(model, path=tmp_path / "gone")
    with pytest.raises(UserError, match="does not exist"):
        count_memory(gone, Hyperparameters(), plan)


def test_a_job_that_cannot_be_read_is_told_in_the_engines_words(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot plan this run: .* cannot be read"):
        ask_engine(tmp_path / "none.json")
