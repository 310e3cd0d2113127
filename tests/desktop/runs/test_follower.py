"""The following thread hands over what is written, in batches, and ends when asked."""

import pytest
from PySide6.QtCore import QObject

from tests.desktop.runs.test_shelf import make_run
from tests.runs.examples import a_step
from tunedesk.desktop.runs.follower import RunFollower
from tunedesk.runs.events import encode_event


@pytest.fixture
def follower(qtbot):
    follower = RunFollower()
    yield follower
    follower.close()


class Listener:
    def __init__(self, follower):
        self.batches = []
        follower.batches_ready.connect(self.batches.append)

    @property
    def steps(self):
        return [event.step for batch in self.batches for event in batch.events]


def test_what_is_written_arrives(qtbot, tmp_path, follower):
    folder = make_run(tmp_path / "runs")
    heard = Listener(follower)
    folder.events_path.write_bytes(encode_event(a_step(1)) + encode_event(a_step(2)))
    follower.follow(folder.path)
    qtbot.waitUntil(lambda: heard.steps == [1, 2])
    assert heard.batches[0].is_first
    with open(folder.events_path, "ab") as file:
        file.write(encode_event(a_step(3)))
    qtbot.waitUntil(lambda: heard.steps == [1, 2, 3])
    assert not heard.batches[-1].is_first


def test_a_half_written_line_waits_for_the_rest(qtbot, tmp_path, follower):
    folder = make_run(tmp_path / "runs")
    heard = Listener(follower)
    line = encode_event(a_step(2))
    folder.events_path.write_bytes(encode_event(a_step(1)) + line[:30])
    follower.follow(folder.path)
    qtbot.waitUntil(lambda: heard.steps == [1])
    with open(folder.events_path, "ab") as file:
        file.write(line[30:])
    qtbot.waitUntil(lambda: heard.steps == [1, 2])


def test_a_run_without_any_event_is_told_too(qtbot, tmp_path, follower):
    folder = make_run(tmp_path / "runs")
    with qtbot.waitSignal(follower.batches_ready) as told:
        follower.follow(folder.path)
    batch = told.args[0]
    assert (batch.events, batch.process, batch.is_alive, batch.is_first) == ((), None, False, True)


def test_after_a_switch_only_the_new_run_is_heard(qtbot, tmp_path, follower):
    old, new = make_run(tmp_path / "runs", "old"), make_run(tmp_path / "runs", "new")
    old.events_path.write_bytes(b"".join(encode_event(a_step(n)) for n in range(1, 30_001)))
    new.events_path.write_bytes(encode_event(a_step(77)))
    heard = Listener(follower)
    follower.follow(old.path)
    qtbot.waitUntil(lambda: bool(heard.batches))
    follower.follow(new.path)
    heard.batches.clear()
    qtbot.waitUntil(lambda: heard.steps == [77])
    assert {batch.run for batch in heard.batches} == {new.path}


def test_a_long_run_arrives_in_several_batches_and_whole(qtbot, tmp_path, follower):
    folder = make_run(tmp_path / "runs")
    folder.events_path.write_bytes(b"".join(encode_event(a_step(n)) for n in range(1, 10_001)))
    heard = Listener(follower)
    follower.follow(folder.path)
    qtbot.waitUntil(lambda: len(heard.steps) == 10_000)
    assert len(heard.batches) > 1
    assert heard.steps == list(range(1, 10_001))


def test_the_log_is_handed_over_as_it_grows(qtbot, tmp_path, follower):
    folder = make_run(tmp_path / "runs")
    folder.log_path.write_text("loading\n")
    heard = Listener(follower)
    follower.follow(folder.path)
    qtbot.waitUntil(lambda: "".join(batch.log for batch in heard.batches) == "loading\n")
    with open(folder.log_path, "a") as file:
        file.write("ready\n")
    qtbot.waitUntil(lambda: "".join(batch.log for batch in heard.batches) == "loading\nready\n")


def test_closing_ends_the_thread(qtbot, tmp_path, follower):
    with qtbot.waitSignal(follower.batches_ready):
        follower.follow(make_run(tmp_path / "runs").path)
    assert follower.is_running
    follower.close()
    assert not follower.is_running
    assert follower.run is None


def test_a_closed_follower_can_follow_again(qtbot, tmp_path, follower):
    run = make_run(tmp_path / "runs").path
    with qtbot.waitSignal(follower.batches_ready):
        follower.follow(run)
    follower.close()
    with qtbot.waitSignal(follower.batches_ready):
        follower.follow(run)


def test_an_owner_that_goes_takes_the_thread_along(qtbot, tmp_path):
    owner = QObject()
    follower = RunFollower(owner)
    with qtbot.waitSignal(follower.batches_ready):
        follower.follow(make_run(tmp_path / "runs").path)
    with qtbot.waitSignal(owner.destroyed):
        owner.deleteLater()
