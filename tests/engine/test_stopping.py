"""A run that stops getting better on the validation rows ends early, with its best adapter as the result."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from safetensors.torch import load_file

from tests.engine.made_runs import FAST, chat_row, losses, make_run, rows, train_here
from tunedesk.runs.events import Evaluated, EventBase, Finished, Noted, Step
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.run_folder import RunFolder

# Learning one thing with force makes the validation, which wants the opposite, worse and worse.
OPPOSITE = [chat_row("what says the red cat", answer) for answer in ("yes", "no no no")]
PATIENT = msgspec.structs.replace(FAST, epochs=20, eval_steps=2, early_stopping=3, lora_dropout=0.05)


def contrary_run(parent: Path, model: Path, run: str = "a-run", **settings: object) -> RunFolder:
    hyper = msgspec.structs.replace(PATIENT, **settings)
    return make_run(parent, model, hyper, train=OPPOSITE[:1] * 12, valid=[*rows(3), OPPOSITE[1]], run=run)


def ended(history: RunHistory) -> Finished:
    assert isinstance(history.ended, Finished)
    return history.ended


@pytest.mark.parametrize("patience", [1, 3])
def test_it_ends_after_so_many_validations_without_a_better_one(
    tmp_path: Path, tiny_model: Path, patience: int
) -> None:
    run = contrary_run(tmp_path, tiny_model, early_stopping=patience)
    history = train_here(run)
    end, best = ended(history), history.best
    assert best is not None and end.best_step == best.step
    assert end.steps == history.step == best.step + 2 * patience < history.total_steps
    assert end.valid_loss == best.loss
    said = [event.message for event in run.read_events() if isinstance(event, Noted)]
    assert any(f"Stopped early after step {end.steps} of {history.total_steps}" in one for one in said)


def test_the_result_is_the_best_adapter(tmp_path: Path, tiny_model: Path) -> None:
    run = contrary_run(tmp_path, tiny_model)
    end = ended(train_here(run))
    best = run.checkpoints_dir / f"step-{end.best_step:06d}" / "adapter" / "adapter_model.safetensors"
    published, kept = load_file(run.adapter_dir / "adapter_model.safetensors"), load_file(best)
    assert all(published[name].equal(kept[name]) for name in kept)


def test_none_is_left_out_without_it(tmp_path: Path, tiny_model: Path) -> None:
    history = train_here(contrary_run(tmp_path, tiny_model, early_stopping=0, max_steps=30))
    assert ended(history).steps == history.total_steps == 30


def stop_after(run: RunFolder, step: int) -> Callable[[EventBase], None]:
    def stop(event: EventBase) -> None:
        if isinstance(event, Step) and event.step == step:
            run.ask("stop")

    return stop


def test_what_was_counted_before_a_stop_counts_after_it(tmp_path: Path, tiny_model: Path) -> None:
    whole = train_here(contrary_run(tmp_path, tiny_model, run="whole"))
    end = ended(whole)
    run = contrary_run(tmp_path, tiny_model, run="stopped")
    train_here(run, after=stop_after(run, end.steps - 1))
    run.control_path.unlink()
    resumed = train_here(run, resume=True)
    assert ended(resumed).steps == end.steps
    assert ended(resumed).best_step == end.best_step
    assert losses(resumed) == losses(whole)


def test_a_run_stopped_after_its_last_validation_takes_no_further_step(
    tmp_path: Path, tiny_model: Path
) -> None:
    end = ended(train_here(contrary_run(tmp_path, tiny_model, run="whole")))
    run = contrary_run(tmp_path, tiny_model, run="stopped")

    def stop(event: EventBase) -> None:
        if isinstance(event, Evaluated) and event.step == end.steps:
            run.ask("stop")

    train_here(run, after=stop)
    run.control_path.unlink()
    resumed = train_here(run, resume=True)
    assert ended(resumed).steps == resumed.step == end.steps


def test_without_validation_rows_it_says_that_it_cannot(tmp_path: Path, tiny_model: Path) -> None:
    hyper = msgspec.structs.replace(FAST, early_stopping=1)
    history = train_here(make_run(tmp_path, tiny_model, hyper, valid=[]))
    assert "early-stopping" in [warning.code for warning in history.warnings]
    assert ended(history).steps == history.total_steps
