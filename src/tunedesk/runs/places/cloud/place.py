"""A service as a place: starts the process that sends, follows and fetches, and finds it again."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable

import filelock
import msgspec
import psutil

from tunedesk.errors import UserError
from tunedesk.runs.cloud_requests import check_order
from tunedesk.runs.job import Job
from tunedesk.runs.places.cloud import ledger
from tunedesk.runs.places.cloud.agent import LOCK, key_of
from tunedesk.runs.places.cloud.concluding import delete_everything_sent
from tunedesk.runs.places.cloud.service import Service
from tunedesk.runs.places.cloud.weights import newest_weights, write_adapter
from tunedesk.runs.places.engine_command import agent_command
from tunedesk.runs.receipt import read_receipt
from tunedesk.runs.requests import Problem
from tunedesk.runs.run_folder import ProcessInfo, RunFolder, RunState, process_runs

NAME = "cloud"
PARTING = 10.0
"""Seconds that a process may take to end after its last event."""
# What the openai client reads by itself, keys among it; the process gets what it needs another way.
_NOT_FOR_CHILDREN = ("OPENAI_", "AZURE_OPENAI_")


def check(job: Job) -> list[Problem]:
    """What stands in the way, as far as it can be known without asking the service."""
    if job.cloud is None:
        return [Problem(f"The job {job.run} names no service.", "Make a new run.")]
    return check_order(job.cloud, job.method)


def start(run: RunFolder, key: str) -> None:
    """Begin to send, or to follow what was sent, and return at once. UserError: it runs already, or cannot
    start.

    key: "" where the account needs none.
    """
    job = run.job()
    if run.is_alive():
        raise UserError(f"The run {job.run} is followed already.")
    known = ledger.read(run)
    if not known.job:
        _check_before_sending(run, job)
    if known.ended and known.ended != "succeeded":
        assert job.cloud is not None
        message = f"The job {known.job} at {job.cloud.account.name} has ended as {known.ended}."
        raise UserError(message, hint="It cannot go on there; start a new run.")
    _launch(run, key)


def _check_before_sending(run: RunFolder, job: Job) -> None:
    """UserError: the service would refuse it, or nobody agreed. The process looks at the rows themselves."""
    if problems := check(job):
        raise UserError(problems[0].message, hint=problems[0].hint)
    if read_receipt(run) is None:
        message = f"Nobody has agreed to send the rows of {job.run}."
        raise UserError(message, hint="Start it from the wizard, or with: tunedesk cloud train.")


def resume(run: RunFolder, key: Callable[[], str]) -> None:
    """Go on: the service is asked to resume a paused job; a run that nobody follows is followed again.

    key: asked only when a process has to be started.
    """
    state = run.state()
    if state in (RunState.RUNNING, RunState.PAUSED):
        run.ask("resume")
    elif state is not RunState.FINISHED:
        _wait_for_end(run)
        start(run, key())


def delete_files(run: RunFolder, key: str) -> None:
    """Delete what was sent and still lies at the service, now. UserError: it was not all deleted, or the run
    is still followed.
    """
    job = run.job()
    if job.cloud is None:
        raise UserError(f"The run {job.run} is not for a service.")
    try:
        with filelock.FileLock(run.path / LOCK, blocking=False):
            service = Service(job.cloud.account, job.cloud.provider, key_of(job, key))
            try:
                delete_everything_sent(service, ledger.LedgerFile(run))
            finally:
                service.close()
    except filelock.Timeout:
        message = f"The run {job.run} is still followed."
        raise UserError(message, hint="Wait for its end, or cancel the job first.") from None


def fetch_adapter(run: RunFolder, key: str) -> None:
    """Fetch the adapter of a run that has succeeded, once more or for the first time. UserError: it is not
    there any more, or the service does not give adapters.
    """
    job, known = run.job(), ledger.read(run)
    if job.cloud is None or not job.cloud.provider.gives_weights or known.ended != "succeeded":
        raise UserError(f"There is no adapter that could be fetched for the run {job.run}.")
    service = Service(job.cloud.account, job.cloud.provider, key_of(job, key))
    try:
        doing = "asking for checkpoints"
        found = service.checkpoints(known.job, "", doing).data
        files = newest_weights(found, known.model)
        if not files:
            raise UserError(f"{service.name} names no files of the adapter.", hint="Look at the service.")
        write_adapter(run, service, files)
    finally:
        service.close()


def _wait_for_end(run: RunFolder) -> None:
    info = run.process()
    if info is not None and process_runs(info):
        with contextlib.suppress(psutil.Error):
            psutil.Process(info.pid).wait(PARTING)


def _launch(run: RunFolder, key: str) -> None:
    attempt = run.history().attempt + 1
    _keep_wish_to_cancel(run)
    run.control_path.unlink(missing_ok=True)
    run.process_path.unlink(missing_ok=True)
    folder = run.path.resolve()
    environment = {
        name: value for name, value in os.environ.items() if not name.upper().startswith(_NOT_FOR_CHILDREN)
    }
    try:
        with open(run.log_path, "ab") as log:
            process = subprocess.Popen(
                [*agent_command(), "follow-cloud", str(folder)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**environment, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"},
                start_new_session=os.name != "nt",
                creationflags=_windows_flags(),
            )
    except OSError as error:
        message = f"The process that follows the job cannot be started: {error.strerror or error}."
        raise UserError(message, hint="Run `tunedesk doctor`.") from error
    _hand_over(process, key)
    _sign(run, process.pid, attempt)
    # A child that ended stays in the process table until somebody waits for it.
    threading.Thread(target=process.wait, name=f"wait for {run.path.name}", daemon=True).start()


def _keep_wish_to_cancel(run: RunFolder) -> None:
    """A process that was killed may not have seen it; without a job a new attempt means a new wish."""
    if any(request.action == "stop" for request in run.requests()) and ledger.read(run).job:
        file = ledger.LedgerFile(run)
        file.put(msgspec.structs.replace(file.now, cancel_asked=True))


def _hand_over(process: subprocess.Popen[bytes], key: str) -> None:
    """The key as one line; nobody else can read it there. A process that died at once tells so in its log."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(key.encode() + b"\n")


def _windows_flags() -> int:
    """A process group and no console of its own, so that the window's end does not end it; 0 elsewhere."""
    return getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)


def _sign(run: RunFolder, pid: int, attempt: int) -> None:
    """Note the process until it signs by itself, so that one which dies early is not taken for waiting."""
    with contextlib.suppress(psutil.NoSuchProcess, FileExistsError):
        info = ProcessInfo(pid, psutil.Process(pid).create_time(), attempt)
        with open(run.process_path, "xb") as file:
            file.write(msgspec.json.encode(info))
