"""The shelf of runs notices what changes and reads finished runs once."""

import msgspec
import psutil

from tests.runs.examples import a_job, a_start, a_step
from tunedesk.desktop.runs.shelf import RunShelf
from tunedesk.runs.events import Stopped, encode_event
from tunedesk.runs.run_folder import ProcessInfo, RunFolder, RunState


def make_run(runs_dir, name="2026-11-20-1432-a7", created="2026-11-20T14:32:00+00:00"):
    runs_dir.mkdir(exist_ok=True)
    job = msgspec.structs.replace(a_job(), run=name, created=created)
    return RunFolder.create(runs_dir, job, [b"{}"])


def test_a_project_without_runs_has_an_empty_shelf(tmp_path):
    assert RunShelf(tmp_path / "runs").look() == ()


def test_the_newest_run_comes_first(tmp_path):
    make_run(tmp_path / "runs", "a", "2026-11-19T08:00:00+00:00")
    make_run(tmp_path / "runs", "b", "2026-11-20T08:00:00+00:00")
    assert [run.run for run in RunShelf(tmp_path / "runs").look()] == ["b", "a"]


def test_a_run_that_goes_on_is_read_again(tmp_path):
    folder = make_run(tmp_path / "runs")
    shelf = RunShelf(tmp_path / "runs")
    assert shelf.look()[0].state is RunState.WAITING
    me = psutil.Process()
    folder.process_path.write_bytes(msgspec.json.encode(ProcessInfo(me.pid, me.create_time(), 1)))
    folder.events_path.write_bytes(encode_event(a_step(1)))
    assert (shelf.look()[0].state, shelf.look()[0].step) == (RunState.RUNNING, 1)


def test_a_run_whose_engine_died_without_a_word_is_interrupted(tmp_path):
    folder = make_run(tmp_path / "runs")
    folder.events_path.write_bytes(encode_event(a_step(1)))
    folder.process_path.write_bytes(msgspec.json.encode(ProcessInfo(1, 0.0, 1)))
    assert RunShelf(tmp_path / "runs").look()[0].state is RunState.INTERRUPTED


def test_a_run_that_ended_and_did_not_change_is_not_read_twice(tmp_path):
    folder = make_run(tmp_path / "runs")
    ended = Stopped(run="r", attempt=1, seq=2, time=0, step=1, checkpoint="checkpoints/1")
    folder.events_path.write_bytes(encode_event(a_step(1)) + encode_event(ended))
    shelf = RunShelf(tmp_path / "runs")
    (before,) = shelf.look()
    assert before.state is RunState.STOPPED
    assert shelf.look()[0] is before


def test_of_a_resumed_run_the_newest_attempt_counts(tmp_path):
    folder = make_run(tmp_path / "runs")
    shelf = RunShelf(tmp_path / "runs")
    first = [a_start(1, None), *(a_step(number, loss=5.0) for number in range(1, 7))]
    folder.events_path.write_bytes(b"".join(map(encode_event, first)))
    assert (shelf.look()[0].step, shelf.look()[0].train_loss) == (6, 5.0)
    with open(folder.events_path, "ab") as file:
        file.write(encode_event(a_start(2, 3)) + encode_event(a_step(4, attempt=2, loss=1.0)))
    assert (shelf.look()[0].step, shelf.look()[0].train_loss) == (4, 1.0)


def test_a_deleted_run_leaves_the_shelf(tmp_path):
    folder = make_run(tmp_path / "runs")
    shelf = RunShelf(tmp_path / "runs")
    assert len(shelf.look()) == 1
    folder.path.rename(tmp_path / "elsewhere")
    assert shelf.look() == ()
