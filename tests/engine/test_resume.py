"""A run that is stopped and resumed is, bit for bit, the run that was never stopped."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from safetensors.torch import load_file

from tests.engine.made_runs import FAST, losses, make_run, train_here
from tests.engine.test_preference import preference_run
from tunedesk.runs.events import EventBase, Finished, Step
from tunedesk.runs.run_folder import RunFolder

# 12 steps; the stop comes after the fifth, in the middle of an epoch and of two micro-batches a step.
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "dropout": {"lora_dropout": 0.05},
    "8-bit moments": {"optimizer": "adamw_8bit"},
    "not quantised, each by itself": {"quantization": "none", "packing": False},
    "validations between": {"eval_steps": 2, "early_stopping": 50},
    "small rows": {"micro_batch_tokens": 24, "lora_dropout": 0.05},
    "plain ways": {"fused_loss": False, "fused_lora": False, "attention": "mask"},
    "computed again, root scaling, lengths": {"activations": "recompute", "rslora": True, "dora": True},
    "an epoch that ends within a step": {
        "batch_size": 5,
        "epochs": 4.5,
        "weight_decay": 0.01,
        "schedule": "linear",
        "warmup_ratio": 0.3,
    },
}
STOP = 5


def stop(run: RunFolder) -> Callable[[EventBase], None]:
    def after(event: EventBase) -> None:
        if isinstance(event, Step) and event.step == STOP:
            run.ask("stop")

    return after


def assert_same_end(whole: RunFolder, stopped: RunFolder) -> None:
    train_here(whole)
    train_here(stopped, after=stop(stopped))
    stopped.control_path.unlink()
    resumed = train_here(stopped, resume=True)
    assert isinstance(resumed.ended, Finished)
    assert resumed.started is not None and resumed.started.resumed_from == STOP
    assert losses(resumed) == losses(whole.history())
    one, other = (load_file(run.adapter_dir / "adapter_model.safetensors") for run in (whole, stopped))
    assert all(other[name].equal(tensor) for name, tensor in one.items())
    kept = [
        load_file(max(run.checkpoints_dir.iterdir()) / "optimizer.safetensors") for run in (whole, stopped)
    ]
    assert kept[0].keys() == kept[1].keys()
    assert all(kept[1][name].equal(tensor) for name, tensor in kept[0].items())


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_supervised(tmp_path: Path, tiny_model: Path, settings: dict[str, Any]) -> None:
    hyper = msgspec.structs.replace(FAST, **{"lora_dropout": 0.0, "eval_steps": 100, **settings})
    assert_same_end(
        make_run(tmp_path, tiny_model, hyper, run="whole"),
        make_run(tmp_path, tiny_model, hyper, run="stopped"),
    )


@pytest.mark.parametrize("method", ["dpo", "orpo"])
def test_preferences(tmp_path: Path, tiny_model: Path, method: str) -> None:
    hyper = msgspec.structs.replace(FAST, learning_rate=5e-3, lora_dropout=0.05, eval_steps=3)
    (tmp_path / "whole").mkdir()
    (tmp_path / "stopped").mkdir()
    assert_same_end(
        preference_run(tmp_path / "whole", tiny_model, method, hyper),
        preference_run(tmp_path / "stopped", tiny_model, method, hyper),
    )
