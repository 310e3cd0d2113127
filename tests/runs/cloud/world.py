"""One server that truly trains, one job that it has trained, and behind it a queue that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openai
import psutil
import pytest

from tests.runs.cloud.cloud_runs import a_cloud_run, a_provider, chat_rows, execute
from tests.serve.running import RunningServer, wait_until
from tunedesk.runs.job import CloudSettings
from tunedesk.runs.places.cloud.connection import connect
from tunedesk.runs.run_folder import RunFolder


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
