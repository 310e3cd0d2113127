"""A full disk, a drive that is gone, a driver that gives up, a kill: no step that was saved is lost."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from safetensors.torch import load_file

from tests.engine.made_runs import FAST, losses, make_run, train_here
from tests.engine.staged import disk_that_takes
from tests.engine.test_stopping import contrary_run
from tunedesk.engine.run import execute, explain
from tunedesk.errors import UserError
from tunedesk.runs.events import Checkpointed, Evaluated, EventBase, Finished, Noted, Step, Stopped, Warned
from tunedesk.runs.run_folder import RunFolder, RunState

OFTEN = msgspec.structs.replace(FAST, checkpoint_steps=2, eval_steps=100, lora_dropout=0.05)
SMALL_DISK = 100_000
"""Bytes: more than the events and less than the adapter of these runs."""


def at(kind: type[EventBase], step: int, do: Callable[[], object]) -> Callable[[EventBase], None]:
    def act(event: EventBase) -> None:
        if isinstance(event, kind) and msgspec.structs.asdict(event).get("step") == step:
            do()

    return act


def warned(run: RunFolder, code: str) -> list[str]:
    return [warning.message for warning in run.history().warnings if warning.code == code]


def saved(run: RunFolder) -> list[int]:
    return [event.step for event in run.read_events() if isinstance(event, Checkpointed)]


def test_a_disk_that_is_full_for_a_while_costs_its_checkpoints_only(tmp_path: Path, tiny_model: Path) -> None:
    whole = train_here(make_run(tmp_path, tiny_model, OFTEN, run="whole"))
    run = make_run(tmp_path, tiny_model, OFTEN)
    standing: list[list[str]] = []
    with disk_that_takes(SMALL_DISK) as full:

        def watch(event: EventBase) -> None:
            at(Step, 3, lambda: full(True))(event)
            at(Step, 7, lambda: full(False))(event)
            if isinstance(event, Warned) and event.code == "checkpoint":
                standing.append([path.name for path in run.checkpoints_dir.iterdir()])

        history = train_here(run, after=watch)
    assert isinstance(history.ended, Finished)
    assert saved(run) == [2, 8, 10, 12]
    assert [message.partition(" could")[0][-6:] for message in warned(run, "checkpoint")] == [
        "step 4",
        "step 6",
    ]
    assert standing == [["step-000002"]] * 2, "what was written of the others is dropped at once"
    assert losses(history) == losses(whole)


def test_a_result_that_cannot_be_written_is_no_success_and_is_written_on_a_resume(
    tmp_path: Path, tiny_model: Path
) -> None:
    run = make_run(tmp_path, tiny_model, OFTEN)
    with disk_that_takes(SMALL_DISK) as full:

        def fill(event: EventBase) -> None:
            if isinstance(event, Noted) and event.phase == "success":
                full(True)

        with pytest.raises(Exception, match="os error") as raised:
            train_here(run, after=fill)
    assert isinstance(raised.value, Exception) and "resume" in explain(raised.value).hint
    assert not run.adapter_dir.exists() and run.history().ended is None
    history = train_here(run, resume=True)
    assert isinstance(history.ended, Finished)
    assert history.started is not None and history.started.resumed_from == 12
    newest = run.checkpoints_dir / "step-000012" / "adapter"
    assert same_adapter(run.adapter_dir, newest)


def same_adapter(one: Path, other: Path) -> bool:
    first, second = (load_file(path / "adapter_model.safetensors") for path in (one, other))
    return first.keys() == second.keys() and all(first[name].equal(second[name]) for name in first)


def test_a_stop_on_a_full_disk_says_that_nothing_was_saved(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, OFTEN)
    with disk_that_takes(SMALL_DISK) as full:

        def stop() -> None:
            run.ask("stop")
            full(True)

        history = train_here(run, after=at(Step, 3, stop))
    assert isinstance(history.ended, Stopped)
    assert (history.ended.step, history.ended.checkpoint) == (3, "")
    assert warned(run, "checkpoint") and warned(run, "adapter")
    run.control_path.unlink()
    resumed = train_here(run, resume=True)
    assert resumed.started is not None and resumed.started.resumed_from == 2


def test_a_best_adapter_that_was_lost_is_not_claimed_to_be_the_result(
    tmp_path: Path, tiny_model: Path
) -> None:
    run = contrary_run(tmp_path, tiny_model)

    def damage(event: EventBase) -> None:
        if isinstance(event, Noted) and event.phase == "success":
            best = run.history().best
            assert best is not None
            shutil.rmtree(run.checkpoints_dir / f"step-{best.step:06d}" / "adapter")

    history = train_here(run, after=damage)
    assert isinstance(history.ended, Finished)
    assert history.ended.best_step == history.ended.steps == history.step
    assert history.ended.valid_loss is None
    assert "is missing" in warned(run, "best-adapter")[0]
    newest = max(run.checkpoints_dir.iterdir())
    assert newest.name == f"step-{history.step:06d}"
    assert same_adapter(run.adapter_dir, newest / "adapter")


@pytest.mark.parametrize(("kind", "step"), [(Step, 5), (Evaluated, 6)], ids=["a step", "a checkpoint"])
def test_a_drive_that_is_taken_off_ends_the_attempt_and_the_run_goes_on_when_it_is_back(
    tmp_path: Path, tiny_model: Path, kind: type[EventBase], step: int
) -> None:
    hyper = msgspec.structs.replace(OFTEN, eval_steps=3)
    whole = train_here(make_run(tmp_path, tiny_model, hyper, run="whole"))
    (tmp_path / "drive").mkdir()
    run = make_run(tmp_path / "drive", tiny_model, hyper)
    off = at(kind, step, lambda: os.rename(tmp_path / "drive", tmp_path / "taken off"))
    with pytest.raises(UserError, match="is gone") as raised:
        train_here(run, after=off)
    assert "resume" in raised.value.hint
    assert not (tmp_path / "drive").exists(), "nothing is written where the drive was"
    os.rename(tmp_path / "taken off", tmp_path / "drive")
    resumed = train_here(run, resume=True)
    assert isinstance(resumed.ended, Finished)
    assert losses(resumed) == losses(whole)


class Killed(BaseException):
    """Ends an attempt in this process as a kill does: nothing is written after it."""


@pytest.mark.usefixtures("own_signals")
def test_after_a_kill_the_run_says_so_and_goes_on(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, OFTEN)

    def kill() -> None:
        raise Killed

    with pytest.raises(Killed):
        train_here(run, after=at(Step, 5, kill))
    assert run.state() is RunState.INTERRUPTED
    assert execute(run.path, resume=True) == 0
    history = run.history()
    assert run.state() is RunState.FINISHED
    assert history.started is not None and history.started.resumed_from == 4
    (said,) = warned(run, "interrupted")
    assert "after step 5" in said and "killed" in said


@pytest.mark.usefixtures("own_signals")
def test_a_run_that_was_stopped_was_not_interrupted(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, OFTEN)
    train_here(run, after=at(Step, 3, lambda: run.ask("stop")))
    run.control_path.unlink()
    assert execute(run.path, resume=True) == 0
    assert warned(run, "interrupted") == []


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full", "resume"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "The disk is full", "resume"),
        (
            OSError(errno.EIO, "Input/output error", "/media/run/events.jsonl"),
            "events.jsonl",
            "its connection",
        ),
        (
            OSError(errno.EIO, "Input/output error"),
            "no longer be reached",
            "goes on from its last checkpoint",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "adapter"),
            "Permission denied: adapter",
            "resume",
        ),
        (RuntimeError("CUDA error: unspecified launch failure\nmore"), "launch failure.", "driver"),
        (RuntimeError("CUDA error: out of memory"), "not enough memory", "micro_batch_tokens"),
        (RuntimeError("[...] DefaultCPUAllocator: can't allocate memory"), "not enough memory", "max_length"),
        (UserError("As it was said.", hint="Do this."), "As it was said.", "Do this."),
    ],
)
def test_what_ends_an_attempt_is_one_sentence_with_a_next_step(
    error: Exception, message: str, hint: str
) -> None:
    told = explain(error)
    assert message in told.message and "\n" not in told.message
    assert hint in told.hint


def test_an_unknown_error_leaves_its_trace_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise KeyError("q_proj")
    except KeyError as error:
        told = explain(error)
    assert "KeyError" in told.message and "log.txt" in told.hint
    assert "Traceback" in capsys.readouterr().err
