"""One server that truly trains, one job that it has trained, and behind it a queue that stands still."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psutil
import pytest

from tests.runs.cloud.cloud_runs import a_cloud_run, a_provider, chat_rows, execute, words
from tests.serve.running import RunningServer, wait_until
from tunedesk.runs.events import Finished, Step, Stopped
from tunedesk.runs.job import CloudSettings
from tunedesk.runs.places.cloud import ledger
from tunedesk.runs.places.cloud.connection import connect
from tunedesk.runs.run_folder import RunFolder

if TYPE_CHECKING:
    import openai


@dataclass(frozen=True)
class World:
    """server: whose only worker is held up, so that new jobs stay in its queue. trained: a run of a job that
    has ended well there, with its files still there. client: past any proxy.
    """

    server: RunningServer
    trained: RunFolder
    client: openai.OpenAI


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with RunningServer(folder / "served") as server:
        run = a_cloud_run(
            folder / "runs",
            server.url,
            valid=chat_rows(4, 12),
            settings=CloudSettings(n_epochs=2, batch_size=4),
            deletes=False,
        )
        assert execute(run) == 0
        job = run.job()
        assert job.cloud is not None
        client = connect(job.cloud.account, a_provider(), "unused-key")
        held = _hold_the_worker(server, client)
        yield World(server, run, client)
        held.resume()
        client.close()


def _hold_the_worker(server: RunningServer, client: openai.OpenAI) -> psutil.Process:
    """Give it a job and put that to sleep."""
    rows = b"\n".join(chat_rows(12)) + b"\n"
    file = client.files.create(file=("hold.jsonl", rows), purpose="fine-tune")
    client.files.wait_for_processing(file.id, poll_interval=0.05)
    made = client.fine_tuning.jobs.create(model="starter", training_file=file.id)
    folder = RunFolder(Path(server.data_dir) / "runs" / made.id)
    wait_until(folder.is_alive, "the engine that is put to sleep")
    info = folder.process()
    assert info is not None
    engine = psutil.Process(info.pid)
    engine.suspend()
    return engine


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


def told_anew(trained: RunFolder, folder: Path, url: str, provider: Any, **account: Any) -> RunFolder:
    """The run of the trained job before anything of it was told, by way of the proxy."""
    run = RunFolder(folder / "run")
    left = shutil.ignore_patterns("events.jsonl", "adapter", "results.csv", "process.json", "*.lock")
    shutil.copytree(trained.path, run.path, ignore=left)
    job = run.job()
    assert job.cloud is not None
    changed = msgspec.structs.replace(job.cloud.account, base_url=url, **account)
    order = msgspec.structs.replace(job.cloud, account=changed, provider=provider, delete_files=True)
    run.job_path.write_bytes(msgspec.json.encode(msgspec.structs.replace(job, cloud=order)))
    known = ledger.read(run)
    files = tuple(msgspec.structs.replace(file, is_deleted=False) for file in known.files)
    anew = msgspec.structs.replace(known, stage="following", status="", ended="", model="", files=files)
    ledger.path_of(run).write_bytes(msgspec.json.encode(anew))
    return run


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
