"""A training goes on from an adapter bit for bit, and refuses one that does not fit."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from safetensors.torch import load_file

from tests.engine.made_runs import FAST, make_run, rows, train_here
from tests.tiny_model import write_tiny_model
from tunedesk.engine.adapter import adapter_tensors, new_adapter, write_adapter
from tunedesk.engine.continuing import continued_adapter
from tunedesk.engine.load_model import load_base_model
from tunedesk.errors import UserError
from tunedesk.runs.adapters import read_adapter_folder
from tunedesk.runs.job import AdapterRef
from tunedesk.runs.requests import RunRequest, prepare_run
from tunedesk.runs.run_folder import RunFolder

SHORT = msgspec.structs.replace(FAST, max_steps=4)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> RunFolder:
    hyper = msgspec.structs.replace(SHORT, rslora=True, lora_alpha=8)
    run = make_run(tmp_path_factory.mktemp("earlier"), tiny_model, hyper)
    train_here(run)
    return run


def continuing(folder: Path, model: Path, adapter: Path, **settings: Any) -> RunFolder:
    hyper = msgspec.structs.replace(FAST, lora_rank=4, **settings)
    return prepare_run(
        RunRequest(folder, Path("train.jsonl"), rows(12), model, hyperparameters=hyper, adapter=adapter)
    )


def test_the_job_takes_the_adapter_s_shape_and_a_copy_of_it(
    tmp_path: Path, tiny_model: Path, earlier: RunFolder
) -> None:
    run = continuing(tmp_path, tiny_model, earlier.adapter_dir)
    job = run.job()
    assert (job.hyperparameters.lora_rank, job.hyperparameters.lora_alpha) == (8, 8)
    assert job.hyperparameters.rslora
    assert job.adapter is not None
    copied = read_adapter_folder(run.path / job.adapter.path)
    assert copied.digest == read_adapter_folder(earlier.adapter_dir).digest == job.adapter.digest


def test_it_begins_with_the_very_weights(tmp_path: Path, tiny_model: Path, earlier: RunFolder) -> None:
    given = AdapterRef(str(earlier.adapter_dir))
    tuned = continued_adapter(load_base_model(tiny_model, "none"), SHORT, given, tmp_path)
    saved = load_file(earlier.adapter_dir / "adapter_model.safetensors")
    now = adapter_tensors(tuned)
    assert set(saved) == set(now)
    assert all(saved[name].equal(now[name]) for name in saved)


def test_the_first_loss_is_that_of_the_tuned_model(
    tmp_path: Path, tiny_model: Path, earlier: RunFolder
) -> None:
    fresh = train_here(make_run(tmp_path, tiny_model, SHORT))
    history = train_here(continuing(tmp_path, tiny_model, earlier.adapter_dir, max_steps=2))
    assert history.steps[1].loss < 0.8 * fresh.steps[1].loss


def test_an_adapter_of_another_model_is_refused(tmp_path: Path, earlier: RunFolder) -> None:
    other = write_tiny_model(tmp_path / "other", hidden=32)
    run = continuing(tmp_path, other, earlier.adapter_dir)
    with pytest.raises(UserError, match="made for another model"):
        train_here(run)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("peft_type", "IA3", "of the kind IA3"),
        ("bias", "all", "biases"),
        ("modules_to_save", ["lm_head"], "whole layers"),
        ("rank_pattern", {"q_proj": 4}, "different ranks"),
    ],
)
def test_a_kind_of_adapter_that_is_not_trained_here_is_refused(
    tmp_path: Path, tiny_model: Path, key: str, value: Any, reason: str
) -> None:
    run = make_run(tmp_path, tiny_model, SHORT)
    train_here(run)
    config = run.adapter_dir / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), key: value}))
    with pytest.raises(UserError, match=reason):
        read_adapter_folder(run.adapter_dir)


def test_only_some_layers_may_be_adapted(tmp_path: Path, tiny_model: Path) -> None:
    few = new_adapter(load_base_model(tiny_model, "none"), SHORT, ["q_proj", "v_proj"])
    write_adapter(few, tmp_path, adapter_tensors(few))
    tuned = continued_adapter(load_base_model(tiny_model, "none"), SHORT, AdapterRef("."), tmp_path)
    assert {name.split(".")[-3] for name in adapter_tensors(tuned)} == {"q_proj", "v_proj"}
