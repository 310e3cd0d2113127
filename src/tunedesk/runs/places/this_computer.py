"""This computer as a place for runs: starts the engine as a process that outlives the window, and
finds it again.
"""

import contextlib
import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec
import psutil

from tunedesk.errors import UserError
from tunedesk.runs.job import Job
from tunedesk.runs.places.engine_command import engine_command
from tunedesk.runs.places.warm_engine import WarmEngine
from tunedesk.runs.places.warm_order import Order
from tunedesk.runs.requests import Problem
from tunedesk.runs.run_folder import Action, ProcessInfo, RunFolder, RunState, process_runs
from tunedesk.template.model_folder import read_model_folder

NAME = "local"
# No library may ask the network, and nothing is compiled: that takes minutes before the first step.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TORCH_COMPILE_DISABLE": "1",
    "PYTHONUTF8": "1",
    "PYTHONUNBUFFERED": "1",
}
STOP_SECONDS = 10.0


def check(job: Job) -> list[Problem]:
    """What would keep this computer from executing the job; memory and time are planned before."""
    problems = [Problem(sentence, "Correct the setting.") for sentence in job.hyperparameters.problems()]
    try:
        read_model_folder(Path(job.model.path))
    except UserError as error:
        problems.append(Problem(error.message, error.hint))
    return problems


def start(
    run: RunFolder, warm: WarmEngine | None = None, environment: Mapping[str, str] | None = None
) -> None:
    """Start the engine on a prepared run and return at once. UserError: it runs already, or cannot start.

    warm: an engine that may be waiting; it spares the seconds of the imports. environment: variables for a
    new engine besides this process's own, such as the card that it may use.
    """
    job = run.job()
    if run.is_alive():
        raise UserError(f"The run {job.run} is running already.")
    if problems := check(job):
        raise UserError(problems[0].message, hint=problems[0].hint)
    _launch(run, warm, environment or {}, resume=run.history().attempt > 0)


def resume(run: RunFolder) -> None:
    """Go on: a paused run continues, a stopped, failed or interrupted one restarts from its newest
    checkpoint.

    A finished run stays as it is. An engine that has just written its last event is still about to leave:
    it would not hear the request, so its end is waited for.
    """
    state = run.state()
    if state in (RunState.RUNNING, RunState.PAUSED):
        run.ask("resume")
    elif state is not RunState.FINISHED:
        _wait_for_end(run)
        start(run)


def control(run: RunFolder, action: Action) -> None:
    """Ask something of the running engine. UserError: nobody is there to hear it."""
    if not run.is_alive():
        raise UserError(f"The run {run.path.name} is not running.", hint="Resume it first.")
    run.ask(action)


def stop_now(run: RunFolder) -> None:
    """End the engine's process without saving; the run can be resumed from its newest checkpoint."""
    info = run.process()
    if info is None or not process_runs(info):
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(info.pid)
        process.kill()
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(STOP_SECONDS)


def _wait_for_end(run: RunFolder) -> None:
    info = run.process()
    if info is not None and process_runs(info):
        with contextlib.suppress(psutil.Error):
            psutil.Process(info.pid).wait(STOP_SECONDS)


def _launch(run: RunFolder, warm: WarmEngine | None, environment: Mapping[str, str], *, resume: bool) -> None:
    attempt = run.history().attempt + 1
    # Requests to an engine that is gone are not for this one, and its number may belong to someone else by
    # now.
    run.control_path.unlink(missing_ok=True)
    run.process_path.unlink(missing_ok=True)
    folder = run.path.resolve()  # the engine works inside it, where a relative path means something else
    arguments = ("train", str(folder), *(("--resume",) if resume else ()))
    try:
        process = _ordered(run, arguments, warm) or _started(run, arguments, environment)
    except OSError as error:
        raise UserError(
            f"The engine cannot be started: {error.strerror or error}.", hint="Run `tunedesk doctor`."
        ) from error
    _sign(run, process.pid, attempt)
    # A child that ended stays in the process table until somebody waits for it.
    threading.Thread(target=process.wait, name=f"wait for {run.path.name}", daemon=True).start()


def _ordered(
    run: RunFolder, arguments: tuple[str, ...], warm: WarmEngine | None
) -> subprocess.Popen[bytes] | None:
    folder, log = run.path.resolve(), run.log_path.resolve()
    process = warm.take(Order(arguments, str(log), str(folder))) if warm else None
    if process is not None:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()  # it writes into the run's log from now on
    return process


def _started(
    run: RunFolder, arguments: tuple[str, ...], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    with open(run.log_path, "ab") as log:
        return subprocess.Popen(
            [*engine_command(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=run.path.resolve(),
            env={**os.environ, **ENVIRONMENT, **environment},
            start_new_session=os.name != "nt",
            creationflags=_windows_flags(),
        )


def _windows_flags() -> int:
    """A process group and no console of its own, so that the window's end does not end it; 0 elsewhere."""
    return getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "DETACHED_PROCESS", 0)


def _sign(run: RunFolder, pid: int, attempt: int) -> None:
    """Note the process until it signs by itself, so that one which dies while it loads is not taken
    for waiting.
    """
    with contextlib.suppress(psutil.NoSuchProcess, FileExistsError):
        info = ProcessInfo(pid, psutil.Process(pid).create_time(), attempt)
        with open(run.process_path, "xb") as file:
            file.write(msgspec.json.encode(info))
