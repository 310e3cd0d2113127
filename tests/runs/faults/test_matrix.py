"""What can go wrong between a run and its service: each row of the matrix, through a proxy on loopback, in
front of a TuneDesk server that truly trains.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.runs.cloud.cloud_runs import a_cloud_run, a_provider, execute, words
from tests.runs.faults.conftest import World
from tests.runs.faults.matrix import JOBS, MATRIX, Row
from tests.runs.faults.proxy import Fault, Proxy
from tests.serve.running import wait_until
from tunedesk.runs.events import Failed, Finished, Step, Stopped
from tunedesk.runs.places.cloud import ledger, patience
from tunedesk.runs.run_folder import RunFolder, RunState


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row.what)
def test_a_person_is_told_and_no_job_is_made_twice_and_no_id_is_lost(
    row: Row, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST_OBEYED", 1.0)  # an hour is too long for a test
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


def until_there_is_a_job(run: RunFolder) -> None:
    """One attempt, which is asked to stop as soon as it has a job: the server's queue stands still."""
    attempt = threading.Thread(target=execute, args=(run,), daemon=True)
    attempt.start()
    wait_until(lambda: ledger.read(run).job or not attempt.is_alive(), "a job, or an end without one", 30)
    if attempt.is_alive():
        wait_until(lambda: "waits in the queue" in words(run) or not attempt.is_alive(), "its first word", 30)
        run.ask("stop")
    attempt.join(30)
    assert not attempt.is_alive(), words(run)


def told_anew(trained: RunFolder, folder: Path, url: str, provider: Any) -> RunFolder:
    """The run of the trained job before anything of it was told, by way of the proxy."""
    run = RunFolder(folder / "run")
    left = shutil.ignore_patterns("events.jsonl", "adapter", "results.csv", "process.json", "*.lock")
    shutil.copytree(trained.path, run.path, ignore=left)
    job = run.job()
    assert job.cloud is not None
    account = msgspec.structs.replace(job.cloud.account, base_url=url)
    order = msgspec.structs.replace(job.cloud, account=account, provider=provider, delete_files=True)
    run.job_path.write_bytes(msgspec.json.encode(msgspec.structs.replace(job, cloud=order)))
    known = ledger.read(run)
    files = tuple(msgspec.structs.replace(file, is_deleted=False) for file in known.files)
    anew = msgspec.structs.replace(
        known, stage="following", status="", ended="", model="", told=(), files=files
    )
    ledger.path_of(run).write_bytes(msgspec.json.encode(anew))
    return run


def assert_seen(row: Row, run: RunFolder) -> None:
    said = words(run)
    assert [part for part in row.sees if part not in said] == [], said


def jobs_of(run: RunFolder, world: World) -> list[Any]:
    """At the server, past the proxy."""
    known = ledger.read(run)
    training = known.file("training")
    return [
        job
        for job in world.client.fine_tuning.jobs.list(limit=100)
        if (job.metadata or {}).get("client_token") == known.token
        or (training is not None and job.training_file == training.id)
    ]


def assert_no_id_is_lost(run: RunFolder, world: World) -> None:
    """Each job and file that the server has of this run stands in the ledger."""
    known = ledger.read(run)
    assert [job.id for job in jobs_of(run, world)] == ([known.job] if known.job else [])
    there = {file.id for file in world.client.files.list() if known.token[:12] in file.filename}
    assert there == set(known.files_there)


def assert_the_curve_is_whole(run: RunFolder, trained: RunFolder) -> None:
    told, known = run.history(), trained.history()
    assert isinstance(told.ended, Finished) and isinstance(known.ended, Finished), words(run)
    assert told.ended.model == known.ended.model
    assert list(told.steps) == list(known.steps) == sorted(known.steps)
    assert [step.loss for step in told.steps.values()] == pytest.approx(
        [step.loss for step in known.steps.values()], abs=1e-4
    )
    assert told.evaluations.keys() == known.evaluations.keys()
    steps = [event.step for event in run.read_events() if isinstance(event, Step)]
    assert not isinstance(told.ended, Stopped)
    assert len(steps) == len(set(steps)) or (
        told.started is not None and told.started.resumed_from is not None
    )
