"""Waiting and asking again: how long, how often, and what a person hears of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runs.cloud.cloud_runs import a_cloud_run, words
from tunedesk.runs.events import Warned
from tunedesk.runs.places.cloud import patience as module
from tunedesk.runs.places.cloud.patience import OUTAGES_TOLD, Patience, StopAsked, Wishes
from tunedesk.runs.places.cloud.refusals import Kind, Refused
from tunedesk.runs.places.cloud.telling import Telling
from tunedesk.runs.run_folder import RunFolder


class Waits(Patience):
    """Notes how long it would wait."""

    def __init__(self, wishes: Wishes, telling: Telling, pace: tuple[float, float] = (5.0, 60.0)) -> None:
        super().__init__(wishes, telling, pace)
        self.waited: list[float] = []

    def wait(self, seconds: float, *, wakes: bool = False) -> None:
        self.waited.append(seconds)

    def jittered(self, seconds: float) -> float:
        return seconds


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return a_cloud_run(tmp_path, "https://example.com/v1")


@pytest.fixture
def waits(run: RunFolder) -> Iterator[Waits]:
    with Telling(run, "run", "Our box") as telling:
        yield Waits(Wishes(run), telling)


def fails(times: int, kind: Kind = Kind.LINE, retry_after: float | None = None) -> Callable[[], str]:
    """A request that is answered after so many failures."""
    left = [times]

    def ask() -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise Refused(kind, "The line broke.", retry_after=retry_after)
        return "answer"

    return ask


def test_pauses_grow_up_to_the_longest(waits: Waits) -> None:
    assert waits.ask(fails(7)) == "answer"
    assert waits.waited == [5, 10, 20, 40, 60, 60, 60]


def test_before_there_is_a_job_a_person_is_told_after_some_minutes(waits: Waits) -> None:
    with pytest.raises(Refused):
        waits.ask(fails(8))
    assert sum(waits.waited) < 600


def test_a_job_is_asked_for_as_long_as_it_takes(waits: Waits) -> None:
    assert waits.ask(fails(500), tries=None) == "answer"
    assert max(waits.waited) == 60


@pytest.mark.parametrize(("asked", "waited"), [(2.0, 5.0), (30.0, 30.0), (950_400.0, 3_600.0)])
def test_a_service_that_asks_to_wait_is_obeyed_for_an_hour_at_most(
    waits: Waits, asked: float, waited: float
) -> None:
    assert waits.ask(fails(1, Kind.BUSY, asked), tries=None) == "answer"
    assert waits.waited == [waited]


def test_before_there_is_a_job_nobody_waits_for_an_hour(waits: Waits) -> None:
    with pytest.raises(Refused):
        waits.ask(fails(1, Kind.BUSY, 3_600.0))
    assert waits.waited == []


def test_what_will_not_pass_is_not_asked_again(waits: Waits) -> None:
    for kind in (Kind.KEY, Kind.QUOTA, Kind.CLOSED, Kind.FORBIDDEN, Kind.MISSING, Kind.REFUSED):
        with pytest.raises(Refused):
            waits.ask(fails(1, kind), tries=None)
    assert waits.waited == []
    assert waits.ask(fails(1, Kind.QUOTA), tries=None, also=(Kind.QUOTA,)) == "answer"


def test_one_outage_is_told_once(run: RunFolder, waits: Waits) -> None:
    waits.ask(fails(6))
    assert words(run).split("\n") == [
        "The line broke. It is asked again in 5 seconds.",
        "Our box answers again.",
    ]


def test_a_line_that_breaks_for_days_fills_no_disk(run: RunFolder, waits: Waits) -> None:
    for _ in range(1_000):
        waits.ask(fails(1), tries=None)
    events = run.read_events()
    assert len([event for event in events if isinstance(event, Warned)]) == OUTAGES_TOLD
    assert len(events) == 2 * OUTAGES_TOLD
    assert "No more of such troubles will be told" in words(run)


def test_a_wish_ends_only_the_waits_that_it_may(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    clock = [0.0]

    def nap(seconds: float) -> None:
        naps.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(module.time, "sleep", nap)
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(module.time, "time", lambda: clock[0])
    wishes = Wishes(run)
    with Telling(run, "run", "Our box") as telling:
        patience = Patience(wishes, telling, (5.0, 60.0))
        run.ask("pause")
        patience.wait(30.0, wakes=True)
        assert naps == []
        patience.wait(30.0)
        assert sum(naps) == pytest.approx(30.0)
        assert wishes.take() == ["pause"] and wishes.take() == []
        run.ask("stop")
        with pytest.raises(StopAsked):
            patience.wait(30.0)
        patience.wait(1.0)  # each wish is heard once


def test_a_computer_that_slept_asks_at_once(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the clocks stands still meanwhile, as on Linux."""
    wall = [0.0]

    def sleep_of_the_computer(seconds: float) -> None:
        wall[0] += 8 * 3_600

    monkeypatch.setattr(module.time, "sleep", sleep_of_the_computer)
    monkeypatch.setattr(module.time, "monotonic", lambda: 0.0)
    monkeypatch.setattr(module.time, "time", lambda: wall[0])
    with Telling(run, "run", "Our box") as telling:
        Patience(Wishes(run), telling, (5.0, 60.0)).wait(60.0)
    assert wall == [8 * 3_600]
