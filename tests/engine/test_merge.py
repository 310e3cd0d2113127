"""Merging: the written model says what base and adapter said in the training."""

from pathlib import Path

import msgspec
import pytest
import torch

from tests.engine.made_runs import FAST, make_run
from tests.tiny_adapter import write_tiny_adapter
from tunedesk.engine.__main__ import main
from tunedesk.engine.load_model import load_base_model
from tunedesk.engine.merge import merge
from tunedesk.errors import UserError
from tunedesk.runs.digests import model_digest
from tunedesk.runs.job import ModelRef, encode_job
from tunedesk.runs.merge_report import MergeReport
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.model_folder import read_model_folder


def tuned_run(parent: Path, model: Path, quantization: str = "nf4") -> RunFolder:
    """A run whose adapter changes what the model says a great deal."""
    hyper = msgspec.structs.replace(FAST, quantization=quantization)
    run = make_run(parent, model, hyper)
    write_tiny_adapter(run.adapter_dir, model)
    return run


def test_a_merge_into_the_dequantised_base_says_what_was_trained(tmp_path: Path, tiny_model: Path) -> None:
    run = tuned_run(tmp_path, tiny_model)
    exact = merge(run, tmp_path / "exact", "trained")
    original = merge(run, tmp_path / "original", "original")
    assert exact.difference is not None and original.difference is not None
    assert (
        exact.difference < 1e-4 < 1e-2 < original.difference
    )  # the base's own error, which was learned away
    assert exact.same_choice == 1.0


def test_the_merged_model_is_a_model_like_any_other(tmp_path: Path, tiny_model: Path) -> None:
    run = tuned_run(tmp_path, tiny_model, "none")
    report = merge(run, tmp_path / "merged")
    assert read_model_folder(tmp_path / "merged").parameters == read_model_folder(tiny_model).parameters
    assert report.bytes > 1000 and report.dtype == "float32"
    ids = torch.tensor([[7, 8, 9, 10]])
    with torch.inference_mode():
        merged = load_base_model(tmp_path / "merged", "none")(input_ids=ids).logits
        base = load_base_model(tiny_model, "none")(input_ids=ids).logits
    assert float((merged - base).abs().max()) > 0.1


def test_the_engine_tells_the_merge_in_one_line(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tuned_run(tmp_path, tiny_model)
    assert main(["merge", str(run.path), "--out", str(tmp_path / "merged")]) == 0
    report = msgspec.json.decode(capsys.readouterr().out.splitlines()[-1], type=MergeReport)
    assert (report.model, report.base) == ("tiny", "trained")


def test_nothing_is_overwritten(tmp_path: Path, tiny_model: Path) -> None:
    run = tuned_run(tmp_path, tiny_model)
    (tmp_path / "there").mkdir()
    with pytest.raises(UserError, match="exists already"):
        merge(run, tmp_path / "there")


def test_another_base_than_the_run_was_made_with_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    run = tuned_run(tmp_path, tiny_model)
    job = msgspec.structs.replace(run.job(), model=ModelRef("tiny", str(tiny_model), "another"))
    run.job_path.write_bytes(encode_job(job))
    assert model_digest(tiny_model) != "another"
    with pytest.raises(UserError, match="was changed after this run"):
        merge(run, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_a_run_without_an_adapter_has_nothing_to_merge(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model)
    with pytest.raises(UserError, match="is not an adapter"):
        merge(run, tmp_path / "merged")
