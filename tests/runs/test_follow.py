"""Following a run: half lines wait, a replaced file is read anew, a resumed attempt takes steps back."""

from pathlib import Path

from tests.runs.examples import a_start, a_step, an_evaluation
from tunedesk.runs.events import Finished, Paused, Resumed, Stopped, encode_event
from tunedesk.runs.follow import EventTail, RunHistory


def test_no_file_yet_is_nothing_new(tmp_path: Path) -> None:
    assert EventTail(tmp_path / "events.jsonl").poll() == []


def test_a_half_written_line_waits_for_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = encode_event(a_step(1))
    tail = EventTail(path)
    with open(path, "ab", buffering=0) as file:
        file.write(line[:20])
        assert tail.poll() == []
        file.write(line[20:-1])
        assert tail.poll() == []
        file.write(b"\n" + encode_event(a_step(2)))
    assert tail.poll() == [a_step(1), a_step(2)]
    assert tail.poll() == []


def test_a_file_that_became_shorter_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(encode_event(a_step(1)) + encode_event(a_step(2)))
    tail = EventTail(path)
    tail.poll()
    path.write_bytes(encode_event(a_step(7)))
    assert tail.poll() == [a_step(7)]


def test_a_long_file_can_be_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    steps = [a_step(number) for number in range(1, 8)]
    path.write_bytes(b"".join(encode_event(step) for step in steps))
    tail, pieces = EventTail(path), []
    while piece := tail.poll(at_most=700):
        pieces.append(piece)
    assert [step for piece in pieces for step in piece] == steps
    assert len(pieces) > 1


def test_a_line_longer_than_a_piece_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(encode_event(a_step(1)))
    assert EventTail(path).poll(at_most=10) == [a_step(1)]


def test_noise_between_events_is_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"half of a li\n\r\n" + encode_event(a_step(1)))
    tail = EventTail(path)
    assert tail.poll() == [a_step(1)]
    assert [noise.line for noise in tail.unreadable] == ["half of a li"]


def test_of_a_step_that_ran_twice_the_newer_attempt_counts() -> None:
    history = RunHistory()
    history.add_all([a_start(1, None), a_step(1), a_step(2), a_step(3)])
    history.add_all([a_start(2, 1), a_step(2, attempt=2, loss=9.0)])
    assert {number: step.loss for number, step in history.steps.items()} == {1: 2.5, 2: 9.0}
    assert history.step == 2


def test_a_late_line_of_an_older_attempt_changes_nothing() -> None:
    history = RunHistory()
    history.add_all([a_start(2, 1), a_step(2, attempt=2, loss=9.0), a_step(2, attempt=1)])
    assert history.steps[2].loss == 9.0


def test_folding_a_file_twice_gives_the_same(tmp_path: Path) -> None:
    events = [a_start(1, None), a_step(1), an_evaluation(1, 2.0), a_step(2)]
    once, twice = RunHistory(), RunHistory()
    once.add_all(events)
    twice.add_all(events + events)
    assert once == twice


def test_a_new_attempt_forgets_the_end_of_the_one_before() -> None:
    history = RunHistory()
    history.add_all([a_start(1, None), Stopped(run="r", attempt=1, seq=2, time=0.0, step=0, checkpoint="c")])
    assert history.ended is not None
    history.add(a_start(2, 0))
    assert history.ended is None


def test_pausing_and_the_best_evaluation_are_known() -> None:
    history = RunHistory()
    history.add_all([a_start(1, None), an_evaluation(2, 1.5), an_evaluation(4, 1.2), an_evaluation(6, 1.4)])
    history.add(Paused(run="r", attempt=1, seq=3, time=0.0, step=6))
    assert history.paused
    history.add(Resumed(run="r", attempt=1, seq=4, time=0.0, step=6))
    assert not history.paused
    assert history.best is not None and history.best.step == 4
    assert history.last_evaluation is not None and history.last_evaluation.step == 6


def test_a_finished_run_is_ended() -> None:
    history = RunHistory()
    end = Finished(
        run="r",
        attempt=1,
        seq=9,
        time=0.0,
        steps=3,
        train_loss=1.0,
        valid_loss=None,
        best_step=3,
        adapter="adapter",
        seconds=1.0,
    )
    history.add_all([a_start(1, None), end])
    assert history.ended == end
