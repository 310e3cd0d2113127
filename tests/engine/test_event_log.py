"""The writer of events never joins two lines, numbers its own, and follows on what is there."""

from pathlib import Path

import pytest

from tests.engine.staged import disk_that_takes
from tunedesk.engine.event_log import EventLog
from tunedesk.runs.events import Failed, Noted, encode_event
from tunedesk.runs.follow import EventTail


def test_events_are_numbered_from_one_within_their_attempt(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for attempt in (1, 2):
        with EventLog(path, "r", attempt) as log:
            log.write(Noted, phase="a", message="one")
            log.write(Noted, phase="b", message="two")
    events = EventTail(path).poll()
    assert [(event.attempt, event.seq) for event in events] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert all(event.run == "r" for event in events)


def test_half_a_line_of_a_killed_process_does_not_swallow_the_next_event(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path, "r", 1) as log:
        whole = encode_event(log.write(Noted, phase="a", message="one"))
    path.write_bytes(whole + whole[:25])
    with EventLog(path, "r", 2) as log:
        log.write(Noted, phase="b", message="two")
    tail = EventTail(path)
    assert [(event.attempt, event.seq) for event in tail.poll()] == [(1, 1), (2, 1)]
    assert [noise.line for noise in tail.unreadable] == [whole[:25].decode()]


def test_half_a_line_on_a_full_disk_does_not_swallow_the_next_event(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with disk_that_takes(250) as full, EventLog(path, "r", 1) as log:
        log.write(Noted, phase="a", message="one")
        full(True)
        with pytest.raises(OSError):
            log.write(Noted, phase="b", message="x" * 300)
        full(False)
        log.write(Noted, phase="c", message="three")
    assert [event.seq for event in EventTail(path).poll()] == [1, 3]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_a_full_disk_gets_back_the_room_that_was_held_for_events_and_for_the_last_one(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").symlink_to("/dev/full")
    with EventLog(tmp_path / "events.jsonl", "r", 1) as log:
        held = {path.name: path.stat().st_size for path in tmp_path.glob(".room*")}
        assert min(held.values()) > 4096 and len(held) == 2
        with pytest.raises(OSError, match="No space"):
            log.write(Noted, phase="a", message="one")
        assert [path.name for path in tmp_path.glob(".room*")] == [".room-for-the-end"]
        with pytest.raises(OSError, match="No space"):
            log.write(Noted, phase="a", message="two")
        assert len(list(tmp_path.glob(".room*"))) == 1, "kept for the last event"
        with pytest.raises(OSError, match="No space"):
            log.write(Failed, reason="The disk is full.", hint="", step=1)
        assert not list(tmp_path.glob(".room*"))


def test_nothing_stays_behind_of_the_room_that_was_held(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.jsonl", "r", 1) as log:
        log.write(Noted, phase="a", message="one")
    assert [path.name for path in tmp_path.iterdir()] == ["events.jsonl"]


def test_an_event_can_be_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.jsonl", "r", 1) as log:
        event = log.write(Noted, phase="a", message="ä")
        assert EventTail(tmp_path / "events.jsonl").poll() == [event]
