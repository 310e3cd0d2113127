"""One job, whatever became of the requests for it: none is made anew while an earlier one may be taken."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.runs.cloud.cloud_runs import a_cloud_run, a_provider, execute, words
from tests.runs.cloud.world import World, jobs_of, until_there_is_a_job
from tests.runs.faults.matrix import ALWAYS, JOB_LIST, JOBS, rewritten
from tests.runs.faults.proxy import Fault, Proxy, refuses
from tests.serve.running import wait_until
from tunedesk.runs.events import Stopped
from tunedesk.runs.places.cloud import ledger, submitting


def hidden(times: int) -> Fault:
    """A list that is behind for so many questions."""
    return Fault("GET", JOB_LIST, times=times, change=rewritten(lambda page: {**page, "data": []}))


def test_nothing_is_asked_again_while_an_unanswered_request_may_be_taken(
    world: World, tmp_path: Path
) -> None:
    with Proxy(world.server.url, [Fault("POST", JOBS, reset=True, passes=False)]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url, provider=a_provider(answer_seconds=600.0))
        assert execute(run) == 1
        assert "not in its list so far" in words(run) and "none was made" not in words(run)
        attempt = threading.Thread(target=execute, args=(run,), daemon=True)
        attempt.start()
        wait_until(lambda: "may still be taken" in words(run), "the wait")
        run.ask("stop")
        attempt.join(30)
        assert isinstance(run.history().ended, Stopped), words(run)
        assert proxy.count("POST", JOBS) == 1
        assert ledger.read(run).asked


def test_a_job_that_is_listed_late_is_found_after_the_wait(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submitting, "MARGIN", 0.5)
    looks = len(submitting.LOOKS)
    with Proxy(world.server.url, [Fault("POST", JOBS, reset=True), hidden(2 * looks)]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url, provider=a_provider(answer_seconds=2.0))
        assert execute(run) == 1
        until_there_is_a_job(run)
        assert proxy.count("POST", JOBS) == 1
    assert [job.id for job in jobs_of(run, world)] == [ledger.read(run).job]


def test_a_refusal_does_not_make_an_earlier_request_forgotten(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submitting, "MARGIN", 0.0)
    faults = [Fault("POST", JOBS, reset=True), refuses("POST", JOBS, 401), hidden(ALWAYS)]
    with Proxy(world.server.url, faults) as proxy:
        run = a_cloud_run(tmp_path, proxy.url, provider=a_provider(answer_seconds=1.0))
        assert execute(run) == 1
        first = ledger.read(run).asked
        assert execute(run) == 1
        assert "does not take the key" in words(run)
        assert ledger.read(run).asked == first
        proxy.faults.clear()
        until_there_is_a_job(run)
        assert proxy.count("POST", JOBS) == 2
    assert [job.id for job in jobs_of(run, world)] == [ledger.read(run).job]
