"""What the worker makes of runs that others left in odd states; processes stand in for engines."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from tests.serve.clients import chat_rows
from tests.serve.running import wait_until
from tunedesk import paths
from tunedesk.plan.hardware import find_hardware
from tunedesk.runs import events
from tunedesk.runs.run_folder import ProcessInfo, RunFolder
from tunedesk.serve.bases import Models, Origin
from tunedesk.serve.checkpoints import Checkpoints
from tunedesk.serve.database import Database
from tunedesk.serve.files import Files
from tunedesk.serve.following import Follower
from tunedesk.serve.jobs import JobRecord, JobRequest, Jobs
from tunedesk.serve.preparing import Sources, prepare
from tunedesk.serve.worker import Worker
from tunedesk.template.model_folder import read_model_folder


class Queue:
    """A queue with one job whose run folder is prepared, and the worker that looks at it."""

    def __init__(self, folder: Path) -> None:
        database = Database(folder / "serve.db")
        self.jobs = Jobs(database)
        self.files = Files(database, folder)
        models = Models(database, folder, (), 1)
        self.checkpoints = Checkpoints(database, folder, self.files, models)
        self.follower = Follower(self.jobs, self.files, models, self.checkpoints, folder)
        self.worker = Worker(
            *(self.jobs, self.files, models, self.follower, folder / "runs"),
            threads=1,
            look_seconds=0.02,
            make_room=lambda: None,
        )
        file = self.files.add("anna", "t.jsonl", "fine-tune", io.BytesIO(b"\n".join(chat_rows(12))))
        self.job = self.jobs.create("anna", JobRequest(model="starter", training_file=file.id), 1)
        origin = Origin("starter", read_model_folder(paths.starter_model()), None)
        sources = Sources(folder / file.path, "t.jsonl")
        self.run = prepare(self.job, sources, origin, folder / "runs", find_hardware(), 1).run

    def now(self) -> JobRecord:
        return self.jobs.anyones(self.job.id)

    def tell(self, *told: tuple[type[Any], dict[str, Any]], attempt: int = 1) -> None:
        """Write the run's events, as an engine would have."""
        lines = [
            events.encode_event(
                kind(run=self.job.id, attempt=attempt, seq=number, time=1000.0 + number, **values)
            )
            for number, (kind, values) in enumerate(told, 1)
        ]
        self.run.events_path.write_bytes(b"".join(lines))

    def sign(self, process: subprocess.Popen[bytes], attempt: int) -> None:
        info = ProcessInfo(process.pid, psutil.Process(process.pid).create_time(), attempt)
        self.run.process_path.write_bytes(msgspec.json.encode(info))


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    made = Queue(tmp_path)
    yield made
    made.worker.close()


@pytest.fixture
def engine() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing until its input ends."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


STARTED = (
    events.Started,
    {
        "total_steps": 1,
        "rows": 12,
        "tokens_per_epoch": 9,
        "trained_share": 1.0,
        "device": "x",
        "versions": {},
    },
)
STEP = (events.Step, {"step": 1, "loss": 0.5, "tokens": 9})
FINISHED = (
    events.Finished,
    {
        "steps": 1,
        "train_loss": 0.5,
        "valid_loss": None,
        "best_step": 1,
        "adapter": "adapter",
        "seconds": 1.0,
    },
)


def test_a_job_that_finished_while_it_was_asked_to_pause_has_succeeded_when_it_is_resumed(
    queue: Queue,
) -> None:
    queue.tell(STARTED, STEP, FINISHED)
    queue.run.adapter_dir.mkdir()
    (queue.run.adapter_dir / "adapter_config.json").write_text("{}")
    (queue.run.adapter_dir / "adapter_model.safetensors").write_bytes(b"weights")
    deleted = msgspec.structs.replace(queue.job.request, model="ft:starter:anna::gone")
    queue.jobs.change(queue.job.id, status="queued", queued=1.0, request=deleted)
    queue.worker.start()
    wait_until(lambda: queue.now().status == "succeeded", "the job's success")
    assert (queue.now().tuned or "").startswith("ft:starter:anna::")  # though what it went on from is gone
    assert queue.now().trained_tokens == 9
    assert queue.run.process() is None  # no engine was started for it
    assert [each.model for each in queue.checkpoints.of(queue.job.id)] == [queue.now().tuned]


def test_a_job_that_is_cancelled_while_it_finishes_stays_cancelled(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cancellation comes while the result file is written."""
    keep = queue.files.add

    def add(*asked: Any) -> Any:
        queue.jobs.change(queue.job.id, status="cancelled", finished=1)
        return keep(*asked)

    monkeypatch.setattr(queue.files, "add", add)
    queue.tell(STARTED, STEP, FINISHED)
    queue.run.adapter_dir.mkdir()
    (queue.run.adapter_dir / "adapter_config.json").write_text("{}")
    (queue.run.adapter_dir / "adapter_model.safetensors").write_bytes(b"weights")
    queue.jobs.change(queue.job.id, status="paused")
    queue.worker.start()  # which leaves a paused job alone
    queue.jobs.change(queue.job.id, status="running")
    followed = queue.follower.open(queue.now(), queue.run)
    assert queue.follower.read_on(followed)
    assert isinstance(followed.ended, events.Finished)
    queue.follower.succeed(followed, followed.ended)
    assert (queue.now().status, queue.now().tuned, queue.now().result_file) == ("cancelled", None, None)
    assert queue.checkpoints.of(queue.job.id) == []
    told, _ = queue.jobs.events(queue.job.id, None, 50)
    assert not [event for event in told if "fine-tuned model" in event.message or "success" in event.message]
    listed, _ = queue.files.listed("anna", purpose=None, after=None, limit=9, newest_first=True)
    assert [file.purpose for file in listed] == ["fine-tune"]


def test_a_job_that_was_resumed_waits_for_the_engine_that_still_stops(
    queue: Queue, engine: subprocess.Popen[bytes]
) -> None:
    queue.tell(STARTED, STEP)
    queue.sign(engine, attempt=1)
    queue.jobs.change(queue.job.id, status="queued", queued=1.0)
    queue.worker.start()
    wait_until(lambda: [each.action for each in queue.run.requests()] == ["stop"], "the request to stop")
    assert queue.now().status == "queued"
    queue.jobs.change(queue.job.id, status="cancelled")


def test_an_engine_that_dies_again_and_again_without_a_step_fails_its_job(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each start is an engine that ends at once, as after a crash of its libraries."""
    starts = []

    def start(run: RunFolder, environment: object = None) -> None:
        starts.append(run)
        with subprocess.Popen([sys.executable, "-c", ""]) as process:
            queue.sign(process, attempt=len(starts))

    monkeypatch.setattr("tunedesk.runs.places.this_computer.start", start)
    queue.run.log_path.write_text("Loading.\nIllegal instruction\n")
    queue.jobs.change(queue.job.id, status="queued", queued=1.0)
    queue.worker.start()
    wait_until(lambda: queue.now().status == "failed", "the job's failure")
    assert len(starts) == 4
    error = queue.now().error
    assert error is not None
    assert error.code == "server_error"
    assert error.message.endswith("Its last words: Illegal instruction")


def test_a_run_folder_that_is_gone_fails_its_job_and_not_the_worker(queue: Queue) -> None:
    queue.run.job_path.unlink()
    queue.jobs.change(queue.job.id, status="running")
    asked = msgspec.structs.replace(queue.job.request, training_file="file-" + "0" * 24)
    other = queue.jobs.create("anna", asked, 1)
    queue.worker.start()
    wait_until(lambda: queue.now().status == "failed", "the job's failure")
    wait_until(lambda: queue.jobs.anyones(other.id).status == "failed", "the other one's turn")
    error = queue.jobs.anyones(other.id).error
    assert error is not None
    assert "was deleted before" in error.message


def test_events_that_could_not_be_kept_are_read_again(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a disk that is full for a moment."""
    monkeypatch.setattr("tunedesk.serve.worker.PAUSE_AFTER_TROUBLE", 0.05)
    keep, troubles = queue.jobs.add_events, iter([OSError(28, "No space left on device")] * 8)

    def add_events(job: str, told: Any) -> None:
        if told and (trouble := next(troubles, None)):
            raise trouble
        keep(job, told)

    monkeypatch.setattr(queue.jobs, "add_events", add_events)
    queue.tell(STARTED, STEP, (events.Failed, {"reason": "It broke.", "hint": "", "step": 1}))
    queue.jobs.change(queue.job.id, status="running")
    queue.worker.start()
    wait_until(lambda: queue.now().status == "failed", "the job's end")
    told, _ = queue.jobs.events(queue.job.id, None, 50)
    assert [event.message for event in told if event.type == "metrics"] == ["Step 1/1: training loss=0.5000"]


def test_a_job_that_cannot_be_kept_in_the_database_is_given_up(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunedesk.serve.worker.PAUSE_AFTER_TROUBLE", 0.01)
    keep = queue.jobs.add_events

    def add_events(job: str, told: Any) -> None:
        if [event for event in told if event.type == "metrics"]:
            raise sqlite3.IntegrityError("a column that is no more")
        keep(job, told)

    monkeypatch.setattr(queue.jobs, "add_events", add_events)
    queue.tell(STARTED, STEP)
    queue.jobs.change(queue.job.id, status="running")
    queue.worker.start()
    wait_until(lambda: queue.now().status == "failed", "the job's failure")
    error = queue.now().error
    assert error is not None
    assert error.message == "IntegrityError: a column that is no more"
