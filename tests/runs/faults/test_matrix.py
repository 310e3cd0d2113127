"""What can go wrong between a run and its service: each row of the matrix, through a proxy on loopback, in
front of a TuneDesk server that truly trains.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runs.cloud.cloud_runs import a_cloud_run, a_provider, execute, words
from tests.runs.cloud.world import World, assert_the_curve_is_whole, jobs_of, told_anew, until_there_is_a_job
from tests.runs.faults.matrix import JOBS, MATRIX, Row
from tests.runs.faults.proxy import Fault, Proxy
from tunedesk.runs.events import Failed, Stopped
from tunedesk.runs.places.cloud import ledger, patience, submitting
from tunedesk.runs.run_folder import RunFolder, RunState


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row.what)
def test_a_person_is_told_and_no_job_is_made_twice_and_no_id_is_lost(
    row: Row, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST_OBEYED", 1.0)  # an hour is too long for a test
    monkeypatch.setattr(submitting, "MARGIN", 0.0)
    with Proxy(world.server.url, fresh(row.faults)) as proxy:
        if row.outcome in ("job", "failed"):
            try_to_make_a_job(row, world, proxy, tmp_path)
        else:
            try_to_tell_of_a_job(row, world, proxy, tmp_path)


def try_to_make_a_job(row: Row, world: World, proxy: Proxy, folder: Path) -> None:
    run = a_cloud_run(folder, proxy.url, provider=a_provider(**row.provider))
    until_there_is_a_job(run)
    assert isinstance(run.history().ended, Stopped if row.outcome == "job" else Failed), words(run)
    assert_seen(row, run)
    assert proxy.count("POST", JOBS) == row.asked
    assert len(jobs_of(run, world)) == row.jobs
    assert_no_id_is_lost(run, world)
    if row.outcome == "failed":
        proxy.faults.clear()
        until_there_is_a_job(run)
        assert isinstance(run.history().ended, Stopped), words(run)
        assert len(jobs_of(run, world)) == 1
        assert_no_id_is_lost(run, world)


def try_to_tell_of_a_job(row: Row, world: World, proxy: Proxy, folder: Path) -> None:
    run = told_anew(world.trained, folder, proxy.url, a_provider(**row.provider))
    execute(run)
    assert_seen(row, run)
    assert proxy.count("POST", JOBS) == 0
    if row.outcome == "left":
        run.process_path.unlink()  # it was this one, which lives
        assert (run.state(), run.history().ended) == (RunState.INTERRUPTED, None)
        proxy.faults.clear()
        execute(run)
    assert_the_curve_is_whole(run, world.trained)
    assert len(jobs_of(run, world)) == 1


def fresh(faults: tuple[Fault, ...]) -> list[Fault]:
    """A fault counts what it met, and a row may be run more than once."""
    for fault in faults:
        fault.met = 0
    return list(faults)


def assert_seen(row: Row, run: RunFolder) -> None:
    said = words(run)
    assert [part for part in row.sees if part not in said] == [], said


def assert_no_id_is_lost(run: RunFolder, world: World) -> None:
    """Each job and file that the server has of this run stands in the ledger."""
    known = ledger.read(run)
    assert [job.id for job in jobs_of(run, world)] == ([known.job] if known.job else [])
    there = {file.id for file in world.client.files.list() if known.token[:12] in file.filename}
    assert there == set(known.files_there)
