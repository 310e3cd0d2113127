"""One attempt at a run, from the run folder to an exit code: the edge where trouble becomes an event."""

import contextlib
import os
import sys
import time
import traceback
from pathlib import Path

import filelock
import msgspec
import psutil

from tunedesk import paths
from tunedesk.engine.control import ControlWatch
from tunedesk.engine.event_log import EventLog
from tunedesk.engine.trouble import disk_error, is_driver_error, is_full, is_gone, ran_out_of_memory
from tunedesk.errors import UserError
from tunedesk.runs.events import Failed, Finished, Stopped, Warned
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.job import Job
from tunedesk.runs.run_folder import ProcessInfo, RunFolder

FINE, FAILED, WRONG_USE = 0, 1, 2
NEARLY_ALL = 0.8
"""Of the main memory: a system that ends processes for want of it ends those that hold the most."""


def execute(path: Path, *, resume: bool, began: float | None = None) -> int:
    """Train the run in this folder. 0: finished or stopped; 1: failed; 2: there is no run that could
    start.
    """
    folder = RunFolder(path)
    try:
        job = folder.job()
        with filelock.FileLock(path / "engine.lock", blocking=False):
            history = folder.history()
            if isinstance(history.ended, Finished):
                print(f"The run {job.run} is finished already; there is nothing left to do.")
                return FINE
            if history.attempt and not resume:
                raise UserError(f"The run {job.run} has begun already.", hint="Resume it, or make a new run.")
            return _attempt(folder, job, history, resume=resume, began=began or time.time())
    except filelock.Timeout:
        return _complain(UserError(f"Another engine is working on {path}.", hint="Wait for it, or stop it."))
    except UserError as error:
        return _complain(error)
    except OSError as error:
        return _complain(UserError(f"The run {path} cannot be written: {error.strerror or error}."))


def _attempt(folder: RunFolder, job: Job, history: RunHistory, *, resume: bool, began: float) -> int:
    attempt = history.attempt + 1
    _sign(folder, attempt)
    control = ControlWatch(folder)
    control.listen_to_signals()
    with EventLog(folder.events_path, job.run, attempt, began) as log:
        try:
            if history.attempt and history.ended is None:
                log.write(Warned, code="interrupted", message=_interruption(history))
            return _train(folder, job, log, control, resume=resume)
        except Exception as error:
            failure = explain(error)
            _complain(failure)
            with contextlib.suppress(OSError):  # a full disk takes no event; the sentence above is in the log
                step = folder.history().step
                log.write(Failed, sync=True, reason=failure.message, hint=failure.hint, step=step)
            return FAILED
        finally:
            with contextlib.suppress(OSError):  # on a drive that is gone there is nothing to forget
                control.forget()


def _interruption(history: RunHistory) -> str:
    """What is known of an attempt that left no word of its end."""
    when = f"after step {history.step:,}" if history.step else "before its first step"
    said = f"The attempt before this one ended {when} without a word: killed, crashed, or the power failed."
    held = (history.last_step.memory_bytes or 0) if history.last_step else 0
    there = psutil.virtual_memory().total
    if held > NEARLY_ALL * there:
        said += f" It held {held / 1e9:.1f} of {there / 1e9:.1f} GB: the memory may have run out."
    return said


def _train(folder: RunFolder, job: Job, log: EventLog, control: ControlWatch, *, resume: bool) -> int:
    # torch comes in only here: what is wrong with the folder is said at once.
    from tunedesk.engine import threads
    from tunedesk.engine.train import train
    from tunedesk.engine.training import Stopping, prepare

    threads.use(job.hyperparameters.threads)
    try:
        train(prepare(folder, job, log, control, resume=resume))
    except Stopping:
        log.write(Stopped, sync=True, step=folder.history().step, checkpoint="")
    return FINE


def explain(error: Exception) -> UserError:
    """The sentence and the next step for what ended an attempt; the unknown leaves its trace in the log."""
    if isinstance(error, UserError):
        return error
    words = str(error).strip().split("\n")[0]
    if ran_out_of_memory(error):
        return UserError(
            "There is not enough memory for this training.",
            hint="Lower micro_batch_tokens or max_length, or choose a smaller model, and start a new run.",
            exit_code=FAILED,
        )
    if is_driver_error(error):
        return UserError(
            f"The graphics card or its driver gave up: {words.removesuffix('.')}.",
            hint="Resume the run: it goes on from its last checkpoint. If this comes again, restart the "
            "computer, and look for a newer driver.",
            exit_code=FAILED,
        )
    if trouble := disk_error(error):
        return _explain_disk(trouble)
    traceback.print_exception(error)
    return UserError(
        f"The engine met an error it does not know: {type(error).__name__}: {words}.",
        hint="The details are in log.txt.",
        exit_code=FAILED,
    )


def _explain_disk(error: OSError) -> UserError:
    if is_full(error):
        return UserError("The disk is full.", hint="Free some space and resume the run.", exit_code=FAILED)
    words = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    found = "The drive can no longer be reached" if is_gone(error) else "A file could not be read or written"
    return UserError(
        f"{found} ({words}).",
        hint="Look at the drive and its connection, and resume the run: it goes on from its last checkpoint.",
        exit_code=FAILED,
    )


def _sign(folder: RunFolder, attempt: int) -> None:
    """Say who executes the run, so that a reader can tell a living run from an interrupted one."""
    info = ProcessInfo(os.getpid(), psutil.Process().create_time(), attempt)
    paths.write_atomically(folder.process_path, msgspec.json.encode(info))


def _complain(error: UserError) -> int:
    print(error.sentence, file=sys.stderr)
    return WRONG_USE
