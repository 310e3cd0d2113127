"""A run on disk: where each of its files is, how it is made, what state it is in."""

import gzip
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

import msgspec
import psutil
from msgspec import Struct

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.runs.adapters import CONFIG, WEIGHTS
from tunedesk.runs.events import Event, Failed, Finished
from tunedesk.runs.follow import EventTail, RunHistory
from tunedesk.runs.job import AdapterRef, DataFile, Job, decode_job, encode_job

Action = Literal["pause", "resume", "stop", "checkpoint", "sample"]
START_ADAPTER = "start-adapter"
"""Where a run keeps its own copy of the adapter that it goes on from."""
# The file keeps the newest requests only; an engine looks at it several times a step.
_REQUESTS_KEPT = 16


class Control(Struct, frozen=True):
    """One wish of the user. id: rises by one; the engine obeys each id once."""

    action: Action
    id: int


class ControlFile(Struct, frozen=True):
    requests: tuple[Control, ...] = ()


class ProcessInfo(Struct, frozen=True):
    """The process that executes the run. create_time tells it from a later process with the same number."""

    pid: int
    create_time: float
    attempt: int


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of the list of runs. Losses are None until known; created: ISO 8601, UTC.

    service: the account that executes it, "" for this computer; tuned: the tuned model's name there.
    """

    path: Path
    run: str
    model: str
    model_path: Path
    dataset: str
    created: str
    state: RunState
    step: int
    total_steps: int
    train_loss: float | None
    valid_loss: float | None
    has_adapter: bool
    problem: str = ""
    service: str = ""
    tuned: str = ""


def new_run_id(now: datetime) -> str:
    """Like "2026-11-20-1432-a7": sorts by time, and two runs of one minute differ."""
    return f"{now:%Y-%m-%d-%H%M}-{secrets.token_hex(1)}"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's folder; reading needs no lock, and only the engine writes events."""

    path: Path

    @property
    def job_path(self) -> Path:
        return self.path / "job.json"

    @property
    def events_path(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def log_path(self) -> Path:
        return self.path / "log.txt"

    @property
    def control_path(self) -> Path:
        return self.path / "control.json"

    @property
    def process_path(self) -> Path:
        return self.path / "process.json"

    @property
    def checkpoints_dir(self) -> Path:
        return self.path / "checkpoints"

    @property
    def adapter_dir(self) -> Path:
        return self.path / "adapter"

    @staticmethod
    def create(
        parent: Path, job: Job, train_rows: Iterable[bytes], valid_rows: Iterable[bytes] = ()
    ) -> "RunFolder":
        """Make the folder `parent/job.run` with job.json and the rows (raw, without line ends).

        The job's `train` and `valid` are replaced by what was really written (`valid` is None without rows),
        and an adapter to go on from is copied, so that the run can be repeated from its folder alone. The
        folder appears complete or not at all. UserError: it exists already, or cannot be written.
        """
        final = parent / job.run
        if final.exists():
            raise UserError(f"The run folder {final} exists already.", hint="Choose another name.")
        unfinished = parent / f".{job.run}.{secrets.token_hex(4)}"
        try:
            (unfinished / "data").mkdir(parents=True)
            train = _write_rows(unfinished, "data/train.jsonl.gz", train_rows, job.train)
            valid = _write_rows(
                unfinished, "data/valid.jsonl.gz", valid_rows, job.valid or DataFile("", 0, "")
            )
            if not valid.rows:
                (unfinished / valid.path).unlink()
            job = msgspec.structs.replace(
                job,
                train=train,
                valid=valid if valid.rows else None,
                adapter=_copy_adapter(unfinished, job.adapter) if job.adapter else None,
            )
            paths.write_atomically(unfinished / "job.json", encode_job(job))
            os.rename(unfinished, final)
            paths.sync_folder(parent)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise UserError(
                f"The run folder {final} cannot be written: {error.strerror or error}.",
                hint="Choose a folder that can be written to and has space.",
            ) from error
        return RunFolder(final)

    def job(self) -> Job:
        """UserError: no folder, no job.json, or a damaged one."""
        if not self.path.is_dir():
            raise UserError(f"There is no run folder {self.path}.", hint="Check the path.")
        try:
            data = self.job_path.read_bytes()
        except FileNotFoundError:
            raise UserError(
                f"{self.path} is not a run folder: it has no job.json.", hint="Check the path."
            ) from None
        except OSError as error:
            raise UserError(f"{self.job_path} cannot be read: {error.strerror}.") from error
        return decode_job(data, str(self.job_path))

    def read_events(self) -> list[Event]:
        """All complete, readable events in the order they were written."""
        return EventTail(self.events_path).poll()

    def history(self) -> RunHistory:
        history = RunHistory()
        history.add_all(self.read_events())
        return history

    def requests(self) -> tuple[Control, ...]:
        """What was asked so far, oldest first; empty when nothing was or the file cannot be read."""
        try:
            return msgspec.json.decode(self.control_path.read_bytes(), type=ControlFile).requests
        except (OSError, msgspec.MsgspecError):
            return ()

    def ask(self, action: Action) -> Control:
        """Ask something of the engine; it obeys within a step."""
        earlier = self.requests()
        request = Control(action, earlier[-1].id + 1 if earlier else 1)
        kept = (*earlier, request)[-_REQUESTS_KEPT:]
        paths.write_atomically(self.control_path, msgspec.json.encode(ControlFile(kept)))
        return request

    def process(self) -> ProcessInfo | None:
        """Who executes the run, or did last; None when nobody has."""
        try:
            return msgspec.json.decode(self.process_path.read_bytes(), type=ProcessInfo)
        except (OSError, msgspec.MsgspecError):
            return None

    def is_alive(self) -> bool:
        """Whether the process in process.json runs; a later one that got its number does not count."""
        info = self.process()
        return info is not None and process_runs(info)

    def state(self, history: RunHistory | None = None) -> RunState:
        return state_of(history or self.history(), self.process(), self.is_alive())


def process_runs(info: ProcessInfo) -> bool:
    try:
        process = psutil.Process(info.pid)
        # Clock readings of one process differ by less than a second between two ways of asking.
        same = abs(process.create_time() - info.create_time) < 1.0
        return same and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def state_of(history: RunHistory, process: ProcessInfo | None, alive: bool) -> RunState:
    """Derived, never stored: from the events and from whether the process of the newest attempt lives."""
    newer_attempt = process is not None and process.attempt > history.attempt
    if history.ended is not None and not newer_attempt:
        if isinstance(history.ended, Finished):
            return RunState.FINISHED
        return RunState.FAILED if isinstance(history.ended, Failed) else RunState.STOPPED
    if alive:
        return RunState.PAUSED if history.paused and not newer_attempt else RunState.RUNNING
    if process is None and history.attempt == 0:
        return RunState.WAITING
    return RunState.INTERRUPTED


def list_runs(runs_dir: Path) -> list[RunSummary]:
    """All runs in the folder, newest first; a damaged one is listed with its problem."""
    if not runs_dir.is_dir():
        return []
    folders = [child for child in runs_dir.iterdir() if child.is_dir() and not child.name.startswith(".")]
    runs = [summary_of(RunFolder(folder)) for folder in folders if (folder / "job.json").exists()]
    return sorted(runs, key=lambda run: (run.created, run.run), reverse=True)


def summary_of(folder: RunFolder, history: RunHistory | None = None) -> RunSummary:
    """One line about a run. history: its events folded, where the caller follows them; else they are read."""
    try:
        job = folder.job()
    except UserError as error:
        return _damaged(folder, error)
    history = folder.history() if history is None else history
    last, evaluation = history.last_step, history.last_evaluation
    ended = history.ended
    return RunSummary(
        path=folder.path,
        run=job.run,
        model=job.model.name,
        model_path=Path(job.model.path),
        dataset=Path(job.dataset.path).name,
        created=job.created,
        state=folder.state(history),
        step=history.step,
        total_steps=history.total_steps,
        train_loss=last.loss if last else None,
        valid_loss=evaluation.loss if evaluation else None,
        has_adapter=(folder.adapter_dir / "adapter_config.json").exists(),
        problem=ended.reason if isinstance(ended, Failed) else "",
        service=job.cloud.account.name if job.cloud else "",
        tuned=ended.model if isinstance(ended, Finished) else "",
    )


def _damaged(folder: RunFolder, error: UserError) -> RunSummary:
    return RunSummary(
        path=folder.path,
        run=folder.path.name,
        model="",
        model_path=Path(),
        dataset="",
        created="",
        state=RunState.FAILED,
        step=0,
        total_steps=0,
        train_loss=None,
        valid_loss=None,
        has_adapter=False,
        problem=error.message,
    )


def _copy_adapter(folder: Path, given: AdapterRef) -> AdapterRef:
    (folder / START_ADAPTER).mkdir()
    for name in (CONFIG, WEIGHTS):
        shutil.copyfile(Path(given.path) / name, folder / START_ADAPTER / name)
    return AdapterRef(START_ADAPTER, given.digest)


def rows_digest(rows: Iterable[bytes]) -> str:
    """sha256 of rows as a run folder holds them, as `DataFile.sha256` says it."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(row + b"\n")
    return digest.hexdigest()


def _write_rows(folder: Path, name: str, rows: Iterable[bytes], asked: DataFile) -> DataFile:
    """Rows as gzip lines; the same rows always give the same bytes: no name and no time in the header."""
    digest = hashlib.sha256()
    count = 0
    with open(folder / name, "wb") as raw:
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed:
            for row in rows:
                line = row + b"\n"
                digest.update(line)
                packed.write(line)
                count += 1
        raw.flush()
        os.fsync(raw.fileno())
    return msgspec.structs.replace(asked, path=name, rows=count, sha256=digest.hexdigest())
