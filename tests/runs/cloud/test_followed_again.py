"""Runs that are followed for days, by processes that come and go: nothing is told twice, nothing grows."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from tests.runs.cloud.cloud_runs import KEY, a_provider, execute, words
from tests.runs.cloud.world import World, assert_the_curve_is_whole, told_anew
from tests.runs.faults.matrix import EVENTS, JOB, rewritten, says
from tests.runs.faults.proxy import Answer, Fault, Proxy, refuses
from tests.serve.running import wait_until
from tunedesk.errors import UserError
from tunedesk.runs.events import Evaluated, Noted, Paused, Started, Step, Warned
from tunedesk.runs.places import places
from tunedesk.runs.places.cloud import ledger, place
from tunedesk.runs.run_folder import RunFolder, RunState


class Curtain:
    """Lets through as many steps of a finished job as are `open`, and says that it runs until all are."""

    def __init__(self) -> None:
        self.steps = 0

    def of_job(self, answer: Answer) -> Answer:
        if self.steps >= 6:
            return answer
        return says("running", fine_tuned_model=None, finished_at=None, result_files=[])(answer)

    def of_events(self, answer: Answer) -> Answer:
        def hidden(page: dict[str, Any]) -> dict[str, Any]:
            data = [one for one in page["data"] if (one.get("data") or {}).get("step", 0) <= self.steps]
            return {**page, "data": data}

        return rewritten(hidden)(answer)

    def faults(self) -> list[Fault]:
        return [
            Fault("GET", JOB, times=10**6, change=self.of_job),
            Fault("GET", EVENTS, times=10**6, change=self.of_events),
        ]


def steps_told(run: RunFolder) -> list[int]:
    return [event.step for event in run.read_events() if isinstance(event, Step)]


def assert_nobody_else_can_read_the_key(run: RunFolder) -> None:
    """Other programs of the computer see a process's arguments, and its user's also its variables."""
    info = run.process()
    assert info is not None
    process = psutil.Process(info.pid)
    assert process.cmdline()[-2:] == ["follow-cloud", str(run.path.resolve())]
    assert KEY not in " ".join((*process.cmdline(), *process.environ().values()))


def test_a_process_that_is_killed_is_begun_again_and_nothing_is_told_twice(
    world: World, tmp_path: Path
) -> None:
    curtain = Curtain()
    with Proxy(world.server.url, curtain.faults()) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider(has_checkpoints=False))
        curtain.steps = 3
        places.start(run, lambda account: KEY)
        wait_until(lambda: run.history().step == 3, "the third step")
        before = run.read_events()
        assert run.state() is RunState.RUNNING
        assert_nobody_else_can_read_the_key(run)
        places.stop_now(run)
        assert run.state() is RunState.INTERRUPTED
        curtain.steps = 6
        places.resume(run, lambda account: KEY)
        wait_until(lambda: run.history().ended is not None, "the end of the second attempt")
    assert_the_curve_is_whole(run, world.trained)
    events = run.read_events()
    assert events[: len(before)] == before
    again = events[len(before) :]
    assert {event.attempt for event in again} == {2}
    assert next(event.resumed_from for event in again if isinstance(event, Started)) == 3
    assert steps_told(run) == [1, 2, 3, 4, 5, 6]
    evaluated = [event.step for event in events if isinstance(event, Evaluated)]
    assert len(evaluated) == len(set(evaluated))
    messages = [event.message for event in events if isinstance(event, Noted)]
    assert len([one for one in messages if one.startswith("Created fine-tuning job")]) == 1


def test_events_that_were_left_out_are_asked_for_again_and_told_of_once(world: World, tmp_path: Path) -> None:
    curtain = Curtain()
    curtain.steps = 3
    shut = refuses("GET", EVENTS, 501, times=10**6)
    with Proxy(world.server.url, [shut, *curtain.faults()]) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider(has_checkpoints=False))
        attempt = threading.Thread(target=execute, args=(run,), daemon=True)
        attempt.start()
        wait_until(lambda: shut.met > 8, "some rounds without events")
        assert words(run).count("The job is followed without its events") == 1
        assert words(run).count("out of order while asking for its events") == 2
        proxy.faults.remove(shut)
        wait_until(lambda: run.history().step == 3, "the third step")
        curtain.steps = 6
        attempt.join(30)
    assert_the_curve_is_whole(run, world.trained)


def test_steps_that_came_too_late_take_their_place_in_the_end(world: World, tmp_path: Path) -> None:
    """The events leave out two steps; the result file has them."""

    def without(page: dict[str, Any]) -> dict[str, Any]:
        data = [one for one in page["data"] if (one.get("data") or {}).get("step") not in (2, 4)]
        return {**page, "data": data}

    with Proxy(world.server.url, [Fault("GET", EVENTS, times=10**6, change=rewritten(without))]) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider(has_checkpoints=False))
        execute(run)
    assert_the_curve_is_whole(run, world.trained)
    assert steps_told(run) == [1, 3, 5, 6, 2, 3, 4, 5, 6]
    starts = [event.resumed_from for event in run.read_events() if isinstance(event, Started)]
    assert starts[-1] == 1


def test_days_in_a_queue_leave_no_more_than_minutes_do(world: World, tmp_path: Path) -> None:
    waiting = Fault("GET", JOB, times=10**6, change=says("queued", fine_tuned_model=None))
    quiet = Fault("GET", EVENTS, times=10**6, change=rewritten(lambda page: {**page, "data": []}))
    with Proxy(world.server.url, [waiting, quiet]) as proxy:
        provider = a_provider(poll_seconds=(0.001, 0.002))
        run = told_anew(world.trained, tmp_path, proxy.url, provider)
        attempt = threading.Thread(target=execute, args=(run,), daemon=True)
        attempt.start()
        wait_until(lambda: proxy.count("GET", JOB) > 10, "the first questions")
        sizes = {path.name: path.stat().st_size for path in run.path.iterdir()}
        wait_until(lambda: proxy.count("GET", JOB) > 200, "many more questions")
        assert {path.name: path.stat().st_size for path in run.path.iterdir()} == sizes
        proxy.faults.clear()
        attempt.join(30)
    assert run.state() is RunState.FINISHED


def test_a_service_that_tells_the_same_for_ever_fills_no_disk(world: World, tmp_path: Path) -> None:
    """Each answer has another message, as of a queue whose length is told."""
    told = 0

    def chattering(page: dict[str, Any]) -> dict[str, Any]:
        nonlocal told
        first = told
        told += 300
        event = page["data"][0]
        messages = [
            {**event, "id": f"e{number}", "type": "message", "data": None, "message": f"Place {number}"}
            for number in range(first, told)
        ]
        return {**page, "data": messages, "has_more": False}

    with Proxy(world.server.url, [Fault("GET", EVENTS, times=10, change=rewritten(chattering))]) as proxy:
        waiting = Fault("GET", JOB, times=9, change=says("queued", fine_tuned_model=None))
        proxy.faults.append(waiting)
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider(poll_seconds=(0.001, 0.002)))
        execute(run)
    assert "no more of them are shown" in words(run)
    assert len(run.read_events()) < 2_100
    assert_the_curve_is_whole(run, world.trained)


def test_only_one_process_follows_a_run(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = Fault("GET", JOB, times=10**6, change=says("running", fine_tuned_model=None))
    with Proxy(world.server.url, [waiting]) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider())
        attempt = threading.Thread(target=execute, args=(run,), daemon=True)
        attempt.start()
        wait_until(lambda: "The job runs" in words(run), "the first one")
        assert execute(run) == 2
        assert "Another process follows" in capsys.readouterr().err
        proxy.faults.clear()
        attempt.join(30)
    assert {event.attempt for event in run.read_events()} == {1}


def test_a_wrong_key_is_told_each_time_it_is_given(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider())
        for _ in range(2):
            assert execute(run, "td-wrong-key-0123456789abcdef") == 0
        newest = [event for event in run.read_events() if isinstance(event, Warned) and event.code == "left"]
        assert [event.attempt for event in newest] == [1, 2]
        assert "td-wrong" not in words(run)
        execute(run)
    assert_the_curve_is_whole(run, world.trained)


def test_a_paused_job_is_paused_again_for_the_next_process(world: World, tmp_path: Path) -> None:
    resting = Fault("GET", JOB, times=10**6, change=says("paused", fine_tuned_model=None))
    with Proxy(world.server.url, [resting]) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider())
        for attempt in (1, 2):
            place.start(run, KEY)
            wait_until(lambda: run.state() is RunState.PAUSED, "the pause")
            assert run.history().attempt == attempt
            places.stop_now(run)
    assert len([event for event in run.read_events() if isinstance(event, Paused)]) == 2


def test_a_login_that_gives_no_token_for_a_while_is_waited_for(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a computer that wakes up before its network does."""
    from tunedesk.runs.places.azure import credentials

    asked: list[str] = []

    def token() -> str:
        asked.append("")
        if len(asked) in (2, 3):
            raise UserError("The login cannot be reached.", hint="Log in again.")
        return "a-token-of-an-hour"

    monkeypatch.setattr(credentials, "token_provider", lambda account, scope: token)
    with Proxy(world.server.url) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider(), auth="entra")
        assert execute(run, "") == 0
        sent = {seen.headers.get("authorization") or seen.headers["Authorization"] for seen in proxy.seen}
    assert sent == {"Bearer a-token-of-an-hour"}
    assert "The login cannot be reached. It is asked again" in words(run)
    assert_the_curve_is_whole(run, world.trained)


def test_a_damaged_ledger_makes_no_second_job(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider())
        ledger.path_of(run).write_text("{", "utf-8")
        assert execute(run) == 1
        assert proxy.seen == []
    assert "cloud.json is damaged" in words(run)


def test_the_ledger_says_what_lies_at_the_service(world: World) -> None:
    known = ledger.read(world.trained)
    assert known.ended == "succeeded" and known.job.startswith("ftjob-")
    assert len(known.files_there) == 2
    assert json.loads(ledger.path_of(world.trained).read_bytes())["token"] == known.token
    assert ledger.read(RunFolder(Path("nowhere"))) == ledger.Ledger()
    assert msgspec.structs.replace(known, files=()).files_there == ()
