"""The process that executes a run at a service: sends, submits, follows, fetches; one attempt each time.

It may be killed at any moment: the ledger says what was asked, the events what was told.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import filelock
import msgspec
import psutil

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.runs import redaction
from tunedesk.runs.events import Failed, Finished, Stopped, Warned
from tunedesk.runs.job import Job
from tunedesk.runs.places.cloud.concluding import Concluder
from tunedesk.runs.places.cloud.connection import Key
from tunedesk.runs.places.cloud.curves import Curves
from tunedesk.runs.places.cloud.following import Follower, Left
from tunedesk.runs.places.cloud.ledger import LedgerFile
from tunedesk.runs.places.cloud.patience import Patience, StopAsked, Wishes
from tunedesk.runs.places.cloud.sending import Sender, cancel_uploads
from tunedesk.runs.places.cloud.service import Service
from tunedesk.runs.places.cloud.submitting import Submitter
from tunedesk.runs.places.cloud.telling import Telling
from tunedesk.runs.receipt import require_consent
from tunedesk.runs.redaction import redact
from tunedesk.runs.run_folder import ProcessInfo, RunFolder

FINE, FAILED, WRONG_USE = 0, 1, 2
LOCK = "cloud.lock"


def main(arguments: list[str]) -> int:
    """arguments: the run's folder. The key comes as one line on standard input.

    0: the run has ended, or was left to go on at the service; 1: it failed; 2: nothing could be begun.
    """
    if len(arguments) != 1:
        print("usage: tunedesk follow-cloud RUN (the key as a line on standard input)", file=sys.stderr)
        return WRONG_USE
    key = sys.stdin.readline().strip()
    redaction.install((key,))
    return execute(Path(arguments[0]).absolute(), key)


def execute(path: Path, key: str) -> int:
    """One attempt at the run in this folder, from where the last one was."""
    run = RunFolder(path)
    try:
        job = run.job()
        if job.cloud is None:
            raise UserError(f"The run {job.run} is not for a service.", hint="Use: tunedesk resume")
        with filelock.FileLock(path / LOCK, blocking=False):
            if isinstance(run.history().ended, Finished):
                print(f"The run {job.run} is finished already; there is nothing left to do.")
                return FINE
            return _attempt(run, job, key)
    except filelock.Timeout:
        return _complain(UserError(f"Another process follows {path}.", hint="Wait for it, or stop it."))
    except UserError as error:
        return _complain(error)
    except OSError as error:
        return _complain(UserError(f"The run {path} cannot be written: {error.strerror or error}."))


def _attempt(run: RunFolder, job: Job, key: str) -> int:
    assert job.cloud is not None
    wishes = Wishes(run)
    with Telling(run, job.run, job.cloud.account.name) as telling:
        _sign(run, telling.attempt)
        try:
            ledger = LedgerFile(run)
            try:
                _carry_out(run, job, key, ledger, telling, wishes)
                return FINE
            except Left as left:
                _complain(left)
                telling.write(Warned, code="left", message=left.sentence)
                return FINE
            except UserError as error:
                return _ended(telling, ledger, error)
            except OSError as error:
                words = f"A file could not be read or written: {error.strerror or error}."
                hint = "Look at the disk, then resume the run."
                return _ended(telling, ledger, UserError(words, hint=hint))
            except Exception as error:
                print(redact(traceback.format_exc(), (key,)), file=sys.stderr)
                words = f"TuneDesk met an error it does not know: {type(error).__name__}."
                return _ended(telling, ledger, UserError(words, hint="The details are in log.txt."))
        except UserError as error:  # a damaged ledger
            return _failed(telling, error)
        finally:
            wishes.forget()


def _carry_out(
    run: RunFolder, job: Job, key: str, ledger: LedgerFile, telling: Telling, wishes: Wishes
) -> None:
    order = job.cloud
    assert order is not None
    patience = Patience(wishes, telling, order.provider.poll_seconds)
    curves = Curves(telling, job)
    if telling.history.started is not None:
        curves.begin()  # says from which step on this attempt tells
    elif telling.history.attempt:
        telling.note("service", "The run is taken up again.")
    service = Service(order.account, order.provider, key_of(job, key))
    try:
        follower = Follower(order, service, ledger, telling, curves, patience, wishes)
        concluder = Concluder(run, job, service, ledger, telling, follower, patience)
        tools = (service, ledger, telling, patience)
        if ledger.now.job or _submitted(run, job, *tools, wishes, concluder):
            concluder.conclude(follower.follow())
    finally:
        service.close()


def _submitted(
    run: RunFolder,
    job: Job,
    service: Service,
    ledger: LedgerFile,
    telling: Telling,
    patience: Patience,
    wishes: Wishes,
    concluder: Concluder,
) -> bool:
    """Whether there is a job now; after a stop there may be none. UserError: there is none."""
    require_consent(run)  # nothing leaves without it, and nothing but the rows that were shown
    submitter = Submitter(job, service, ledger, telling, patience)
    try:
        Sender(run, job, service, ledger, telling, patience, wishes).send_all()
        submitter.submit()
        return True
    except StopAsked:
        telling.note("service", "The run is stopped; no job of it is known so far.")
    patience.listens = False
    if ledger.now.asked and submitter.find():
        patience.listens = True
        run.ask("stop")  # a request whose answer never came had made it after all; following cancels it
        return True
    cancel_uploads(service, ledger, patience, telling)
    if job.cloud is not None and job.cloud.delete_files:
        concluder.delete_files()
    telling.write(Stopped, step=0, checkpoint="")
    return False


def key_of(job: Job, key: str) -> Key:
    """UserError: a login is needed that is not there."""
    assert job.cloud is not None
    account, provider = job.cloud.account, job.cloud.provider
    if account.auth != "entra":
        return key
    from tunedesk.runs.places.azure.credentials import token_provider

    return token_provider(account, provider.entra_scope)


def _ended(telling: Telling, ledger: LedgerFile, error: UserError) -> int:
    """The attempt is over. A job that there is goes on without it, and has not failed."""
    if not ledger.now.job or ledger.now.ended:
        return _failed(telling, error)
    _complain(error)
    message = f"{error.message} The job goes on at the service. {error.hint}"
    telling.write(Warned, code="left", message=message)
    return FAILED


def _failed(telling: Telling, error: UserError) -> int:
    _complain(error)
    telling.write(Failed, reason=error.message, hint=error.hint, step=telling.history.step)
    return FAILED


def _complain(error: UserError) -> int:
    print(error.sentence, file=sys.stderr)
    return WRONG_USE


def _sign(run: RunFolder, attempt: int) -> None:
    """Say who executes the run, so that a reader can tell a living run from an interrupted one."""
    info = ProcessInfo(os.getpid(), psutil.Process().create_time(), attempt)
    paths.write_atomically(run.process_path, msgspec.json.encode(info))
