"""A run folder appears whole, says its state from what is in it, and lists even damaged runs."""

import gzip
import os
from datetime import datetime
from pathlib import Path

import msgspec
import psutil
import pytest

from tests.runs.examples import a_job, a_start, a_step
from tunedesk.errors import UserError
from tunedesk.runs.events import Event, Failed, Finished, Paused, Stopped, encode_event
from tunedesk.runs.run_folder import ProcessInfo, RunFolder, RunState, list_runs, new_run_id

ROWS = [b'{"messages": [1]}', '{"messages": "ä"}'.encode(), b"{}"]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs", a_job(), ROWS, ROWS[:1])


def write(run: RunFolder, *events: Event) -> None:
    run.events_path.write_bytes(b"".join(encode_event(event) for event in events))


def write_process(run: RunFolder, attempt: int = 1, *, pid: int | None = None, off: float = 0.0) -> None:
    process = psutil.Process(pid or os.getpid())
    info = ProcessInfo(process.pid, process.create_time() + off, attempt)
    run.process_path.write_bytes(msgspec.json.encode(info))


def test_the_rows_stand_in_the_folder_as_they_were(run: RunFolder) -> None:
    job = run.job()
    assert gzip.decompress((run.path / job.train.path).read_bytes()) == b"\n".join([*ROWS, b""])
    assert job.train.rows == 3
    assert job.valid is not None and job.valid.rows == 1


def test_without_validation_rows_there_is_no_validation_data(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, a_job(), ROWS)
    assert run.job().valid is None
    assert [file.name for file in (run.path / "data").iterdir()] == ["train.jsonl.gz"]


def test_the_same_rows_give_the_same_bytes(run: RunFolder, tmp_path: Path) -> None:
    again = RunFolder.create(tmp_path / "elsewhere", a_job(), ROWS, ROWS[:1])
    assert again.job() == run.job()
    name = run.job().train.path
    assert (again.path / name).read_bytes() == (run.path / name).read_bytes()


def test_a_run_that_exists_is_never_overwritten(run: RunFolder) -> None:
    with pytest.raises(UserError, match="exists already"):
        RunFolder.create(run.path.parent, a_job(), [])


def test_rows_that_break_off_leave_no_half_folder(tmp_path: Path) -> None:
    def broken() -> object:
        yield b"{}"
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match="No space left"):
        RunFolder.create(tmp_path / "runs", a_job(), broken())  # type: ignore[arg-type]
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_missing_folder_and_a_folder_without_a_job_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run folder"):
        RunFolder(tmp_path / "nowhere").job()
    with pytest.raises(UserError, match=r"no job\.json"):
        RunFolder(tmp_path).job()


def test_requests_keep_their_order_and_rise(run: RunFolder) -> None:
    assert run.requests() == ()
    asked = [run.ask("sample"), run.ask("pause"), run.ask("stop")]
    assert run.requests() == tuple(asked)
    assert [request.id for request in asked] == [1, 2, 3]


def test_a_prepared_run_waits(run: RunFolder) -> None:
    assert run.state() is RunState.WAITING


def test_a_living_process_is_running_even_before_its_first_event(run: RunFolder) -> None:
    write_process(run)
    assert run.is_alive()
    assert run.state() is RunState.RUNNING


def test_a_reused_process_number_does_not_fool_it(run: RunFolder) -> None:
    write_process(run, off=-60.0)
    assert not run.is_alive()
    write(run, a_start(1, None), a_step(1))
    assert run.state() is RunState.INTERRUPTED


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (Paused(run="r", attempt=1, seq=3, time=0.0, step=1), RunState.PAUSED),
        (Stopped(run="r", attempt=1, seq=3, time=0.0, step=1, checkpoint="c"), RunState.STOPPED),
        (Failed(run="r", attempt=1, seq=3, time=0.0, step=1, reason="x", hint=""), RunState.FAILED),
        (
            Finished(
                run="r",
                attempt=1,
                seq=3,
                time=0.0,
                steps=1,
                train_loss=1.0,
                valid_loss=None,
                best_step=1,
                adapter="adapter",
                seconds=1.0,
            ),
            RunState.FINISHED,
        ),
    ],
)
def test_the_last_word_decides_the_state(run: RunFolder, event: Event, state: RunState) -> None:
    write_process(run)
    write(run, a_start(1, None), a_step(1), event)
    assert run.state() is state


def test_a_second_attempt_that_loads_is_running_and_dead_is_interrupted(run: RunFolder) -> None:
    write(run, a_start(1, None), Stopped(run="r", attempt=1, seq=3, time=0.0, step=1, checkpoint="c"))
    write_process(run, attempt=2)
    assert run.state() is RunState.RUNNING
    write_process(run, attempt=2, off=-60.0)
    assert run.state() is RunState.INTERRUPTED


def test_the_list_is_newest_first_and_shows_damaged_runs(run: RunFolder) -> None:
    newer = msgspec.structs.replace(a_job(), run="2026-11-21-0900-00", created="2026-11-21T09:00:00+00:00")
    RunFolder.create(run.path.parent, newer, ROWS)
    damaged = run.path.parent / "damaged"
    damaged.mkdir()
    (damaged / "job.json").write_text("{")
    write(run, a_start(1, None), a_step(4, loss=1.25))
    listed = list_runs(run.path.parent)
    assert [one.run for one in listed] == ["2026-11-21-0900-00", "2026-11-20-1432-a7", "damaged"]
    assert listed[1].step == 4 and listed[1].train_loss == 1.25 and listed[1].total_steps == 10
    assert "damaged" in listed[2].problem


def test_a_folder_that_does_not_exist_has_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "none") == []


def test_run_ids_sort_by_time_and_differ() -> None:
    ids = {new_run_id(datetime(2026, 11, 20, 14, 32)) for _ in range(40)}
    assert len(ids) > 1
    assert all(one.startswith("2026-11-20-1432-") for one in ids)
