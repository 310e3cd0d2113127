"""Starts, goes on with and ends a run where its job says; the one door to all places."""

from __future__ import annotations

from collections.abc import Callable

from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.job import Job
from tunedesk.runs.places import this_computer
from tunedesk.runs.places.cloud import place as cloud
from tunedesk.runs.places.warm_engine import WarmEngine
from tunedesk.runs.requests import Problem
from tunedesk.runs.run_folder import Action, RunFolder

Keys = Callable[[Account], str]
"""The account's key; "" where there is none. Asked only for accounts that need one."""


def check(job: Job) -> list[Problem]:
    """What would keep the place from executing the job, as far as this computer knows."""
    return cloud.check(job) if job.place == "cloud" else this_computer.check(job)


def start(run: RunFolder, keys: Keys, warm: WarmEngine | None = None) -> None:
    """Start a prepared run and return at once. UserError: it runs already, cannot start, or has no key.

    warm: an engine that may be waiting, for a run on this computer.
    """
    job = run.job()
    if job.place == "cloud":
        cloud.start(run, _key(job, keys))
    else:
        this_computer.start(run, warm)


def resume(run: RunFolder, keys: Keys) -> None:
    """Go on with a paused, stopped, failed or interrupted run; of a finished one nothing is left to do.

    A job at a service is followed again, never made again while there may be one. UserError as `start`, and
    when the service's job has ended for good.
    """
    job = run.job()
    if job.place == "cloud":
        cloud.resume(run, lambda: _key(job, keys))
    else:
        this_computer.resume(run)


def control(run: RunFolder, action: Action) -> None:
    """Ask something of whoever executes the run. UserError: nobody is there to hear it."""
    this_computer.control(run, action)


def stop_now(run: RunFolder) -> None:
    """End the process here, which can be begun again; a job at a service goes on without it."""
    this_computer.stop_now(run)


def _key(job: Job, keys: Keys) -> str:
    assert job.cloud is not None
    account = job.cloud.account
    if account.auth != "key":
        return ""
    if key := keys(account):
        return key
    raise UserError(f"There is no key for {account.name}.", hint="Give the key in Settings, Services.")
