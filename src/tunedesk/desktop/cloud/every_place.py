"""Starts, follows and ends runs wherever they execute; knows who has the keys and draws nothing."""

from __future__ import annotations

from collections.abc import Callable

from tunedesk.runs.accounts import Account
from tunedesk.runs.places import places
from tunedesk.runs.places.cloud import place as cloud
from tunedesk.runs.run_folder import RunFolder


class EveryPlace:
    """For background threads: the key store and the run's folder may keep us waiting."""

    def __init__(self, key_of: Callable[[Account], str]) -> None:
        self._key_of = key_of

    def start(self, run: RunFolder) -> None:
        places.start(run, self._key_of)

    def resume(self, run: RunFolder) -> None:
        places.resume(run, self._key_of)

    def stop_now(self, run: RunFolder) -> None:
        places.stop_now(run)

    def delete_files(self, run: RunFolder) -> None:
        """What was sent and still lies at the service. UserError: not all of it could be deleted."""
        order = run.job().cloud
        if order is not None:
            cloud.delete_files(run, self._key_of(order.account))

    def fetch_adapter(self, run: RunFolder) -> None:
        """Of a job that has succeeded. UserError: the service does not give it, or not any more."""
        order = run.job().cloud
        if order is not None:
            cloud.fetch_adapter(run, self._key_of(order.account))
