"""Asks how the job stands until it has ended, for days if need be, and tells only what is new."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec

from tunedesk.errors import UserError
from tunedesk.runs.events import Paused, Resumed
from tunedesk.runs.job import CloudOrder
from tunedesk.runs.places.cloud.curves import Curves
from tunedesk.runs.places.cloud.ledger import LedgerFile
from tunedesk.runs.places.cloud.metrics import Metric, metric_of, metric_of_checkpoint
from tunedesk.runs.places.cloud.patience import TRIES, Patience, StopAsked, Wishes
from tunedesk.runs.places.cloud.refusals import Kind, Refused
from tunedesk.runs.places.cloud.remote import RemoteCheckpoint, RemoteEvent, RemoteJob
from tunedesk.runs.places.cloud.service import PAGE, Service
from tunedesk.runs.places.cloud.telling import Telling

SLOWER = 1.5
"""Times the pause between two questions grows while there is no news."""
MOST_PAGES = 1_000
MOST_TOLD = 2_000
"""Messages of the service that are told of one run; a queue may tell its length every minute for days."""
MISSING_TRIES = 5
OPTIONAL_TRIES = 3
"""Of what a job can be followed without, before it is left out of a round."""
NAME_WAITED = 1_800.0
"""Seconds that a job which succeeded may take to name its model."""
LONGEST_MESSAGE = 1_000
ENDED = frozenset({"succeeded", "failed", "cancelled"})
_WORDS = {
    "validating_files": "{service} checks the files.",
    "queued": "The job waits in the queue of {service}.",
    "running": "The job runs at {service}.",
    "paused": "The job is paused at {service}.",
}


T = TypeVar("T")


class Left(UserError):
    """Nobody can go on following here and now; the job goes on without this computer."""


class Follower:
    def __init__(
        self,
        order: CloudOrder,
        service: Service,
        ledger: LedgerFile,
        telling: Telling,
        curves: Curves,
        patience: Patience,
        wishes: Wishes,
    ) -> None:
        self._order, self._service, self._ledger = order, service, ledger
        self._telling, self._curves = telling, curves
        self._patience, self._wishes = patience, wishes
        self._cannot: set[str] = set()
        self._late: set[str] = set()
        self._told_without: set[str] = set()
        self._status = ""
        self._checkpointed_at = -1
        history = telling.history
        self._told = {(event.time, event.message) for event in history.notes}
        self._told |= {(event.time, event.message) for event in history.warnings}

    def follow(self) -> RemoteJob:
        """The job once it has ended, with its model's name if it succeeded. Left: it goes on unwatched."""
        pause, named_by = self._patience.first, 0.0
        while True:
            try:
                if self._ledger.now.cancel_asked and self._cancel():
                    self._want_cancelled(False)
                job = self._look()
                status = self.official(job.status)
                if status in ENDED:
                    if status != "succeeded" or job.fine_tuned_model:
                        return job
                    named_by = named_by or time.time() + NAME_WAITED
                    if time.time() > named_by:
                        return job
                is_news = self._tell_status(job, status)
                is_news |= self._tell_events(job, is_end=False)
                is_news |= self._tell_checkpoints(job)
                is_news |= self._grant(job, status)
                self._telling.flush()
                pause = self._patience.first if is_news else min(pause * SLOWER, self._patience.longest)
                self._patience.wait(self._patience.jittered(pause), wakes=True)
            except StopAsked:
                self._want_cancelled(True)
                pause = self._patience.first

    def official(self, status: str) -> str:
        """One of OpenAI's statuses, or "paused"; any other word means that the job goes on."""
        return self._order.provider.statuses.get(status, status)

    def tell_the_rest(self, job: RemoteJob, results: dict[int, Metric]) -> list[RemoteCheckpoint]:
        """All events, checkpoints and figures, at the job's end; the checkpoints."""
        self._tell_status(job, self.official(job.status))
        self._tell_events(job, is_end=True)
        checkpoints = self._checkpoints(job.id, is_end=True)
        self._curves.tell_the_rest(results.values(), checkpoints)
        if self._status == "succeeded" and self._telling.history.step:
            self._curves.begin(self._telling.history.step)  # so many steps it took, if nobody said it before
        return checkpoints

    def _look(self) -> RemoteJob:
        id = self._ledger.now.job
        tries = 0

        def ask() -> RemoteJob:
            nonlocal tries
            try:
                return self._service.job(id, "asking how the job stands")
            except Refused as refused:
                tries += refused.kind is Kind.MISSING
                if tries < MISSING_TRIES:
                    raise
                message = f"{self._service.name} does not know the job {id} any more."
                hint = "Look there whether somebody deleted it. Resume the run to ask again."
                raise Left(message, hint=hint) from refused

        try:
            return self._patience.ask(ask, tries=None, also=(Kind.MISSING, Kind.QUOTA))
        except Refused as refused:
            raise _left(refused) from refused

    def _tell_status(self, job: RemoteJob, status: str) -> bool:
        ledger = self._ledger
        known = msgspec.structs.replace(
            ledger.now,
            status=job.status,
            model=job.fine_tuned_model or "",
            trained_tokens=job.trained_tokens,
            created=job.created_at or ledger.now.created,
            finished=job.finished_at or 0.0,
        )
        is_new = known.status != ledger.now.status
        ledger.put(known)
        if status != self._status:
            self._tell_change(self._status, status, job.status, is_new)
            self._status = status
        return is_new

    def _tell_change(self, old: str, new: str, word: str, is_new: bool) -> None:
        name, step = self._service.name, self._telling.history.step
        if new == "paused" and not self._telling.history.paused:
            self._telling.write(Paused, step=step)
        elif old == "paused" and self._telling.history.paused:
            self._telling.write(Resumed, step=step)
        if new == "running":
            self._curves.begin()
        if not is_new and old == "":
            return
        if new == "succeeded":
            self._telling.note("service", f"The job succeeded at {name}.")
        elif new in _WORDS:
            self._telling.note("service", _WORDS[new].format(service=name))
        elif new not in ENDED:
            said = f"{name} says that the job is {word!r}, which TuneDesk does not know; it waits."
            self._telling.warn("status", said)

    def _tell_events(self, job: RemoteJob, *, is_end: bool) -> bool:
        ask = partial(self._new_events, job.id, is_whole=is_end)
        events = self._optional("events", ask, is_end=is_end) or []
        metrics = [metric for event in events if (metric := metric_of(event)) is not None]
        is_news = self._curves.tell(metrics, ends_at=job.estimated_finish)
        for event in events:
            is_news |= self._tell_message(event)
        return is_news

    def _new_events(self, job: str, tries: int, *, is_whole: bool) -> list[RemoteEvent]:
        """Oldest first, none twice. is_whole: look at all pages, for one may stand behind known ones."""
        found: dict[str, RemoteEvent] = {}
        seen: set[str] = set()
        after = ""
        for _ in range(MOST_PAGES):
            try:
                ask = partial(self._service.events, job, after, "asking for its events")
                page = self._patience.ask(ask, tries=tries, also=(Kind.QUOTA,))
            except Refused as refused:
                # Ids that change from call to call make a cursor that is not known a moment later.
                if after and refused.kind in (Kind.REFUSED, Kind.MISSING):
                    break
                raise
            fresh = {key: one for one in page.data if (key := digest_of(one)) not in seen}
            seen.update(fresh)
            new = {key: one for key, one in fresh.items() if not self._is_told(one)}
            found |= new
            has_more = page.has_more if page.has_more is not None else len(page.data) >= PAGE
            if not has_more or not fresh or not (new or is_whole) or not page.data[-1].id:
                break
            after = page.data[-1].id
        return sorted(reversed(found.values()), key=lambda one: one.created_at)

    def _is_told(self, event: RemoteEvent) -> bool:
        metric = metric_of(event)
        if metric is not None:
            return self._curves.is_told(metric)
        return not event.message or _key_of(event) in self._told

    def _tell_message(self, event: RemoteEvent) -> bool:
        if self._is_told(event) or metric_of(event) is not None:
            return False
        if len(self._told) >= MOST_TOLD:
            words = f"{self._service.name} has given {MOST_TOLD:,} messages; no more of them are shown."
            self._telling.warn("messages", words)
            return False
        self._told.add(_key_of(event))
        message, at = _words_of(event), event.created_at or None
        if event.level in ("warn", "warning", "error"):
            self._telling.warn(f"service-{event.level}", message, at)
        else:
            self._telling.note("service", message, at)
        return True

    def _tell_checkpoints(self, job: RemoteJob) -> bool:
        """Asked for only when the training went on since the last time, or nobody tells its steps."""
        step = self._telling.history.step
        if not self._order.provider.has_checkpoints or self._status != "running":
            return False
        if step and step == self._checkpointed_at:
            return False
        found = self._checkpoints(job.id, is_end=False)
        self._checkpointed_at = -1 if "checkpoints" in self._late else step
        metrics = [metric for one in found if (metric := metric_of_checkpoint(one)) is not None]
        is_news = self._curves.tell(metrics)
        return self._curves.tell_checkpoints(found) or is_news

    def _checkpoints(self, job: str, *, is_end: bool) -> list[RemoteCheckpoint]:
        if not self._order.provider.has_checkpoints:
            return []
        return self._optional("checkpoints", partial(self._all_checkpoints, job), is_end=is_end) or []

    def _all_checkpoints(self, job: str, tries: int) -> list[RemoteCheckpoint]:
        found: dict[str, RemoteCheckpoint] = {}
        after = ""
        for _ in range(MOST_PAGES):
            ask = partial(self._service.checkpoints, job, after, "asking for checkpoints")
            page = self._patience.ask(ask, tries=tries, also=(Kind.QUOTA,))
            fresh = {one.id: one for one in page.data if one.id not in found}
            found |= fresh
            if not fresh or page.has_more is not True:
                break
            after = page.data[-1].id
        return list(found.values())

    def _optional(self, what: str, call: Callable[[int], T], *, is_end: bool) -> T | None:
        """What a gateway may not have; said once, and the job is followed without it. call: takes the tries.

        What is only out of order is asked for in each later round, but once, so that it never hides how the
        job stands.
        """
        if what in self._cannot:
            return None
        tries = TRIES if is_end else 1 if what in self._late else OPTIONAL_TRIES
        try:
            found = call(tries)
            self._late.discard(what)
            return found
        except Refused as refused:
            if refused.kind in (Kind.KEY, Kind.ELSEWHERE):
                raise _left(refused) from refused
            if refused.is_passing or refused.kind is Kind.QUOTA:
                self._late.add(what)
            else:
                self._cannot.add(what)
            if what not in self._told_without:
                self._told_without.add(what)
                self._telling.warn(what, f"{refused.message} The job is followed without its {what}.")
            return None

    def _grant(self, job: RemoteJob, status: str) -> bool:
        """Pause or go on, as asked. Whether anything was asked."""
        wishes = self._wishes.take()
        for wish in wishes:
            call = self._service.pause if wish == "pause" else self._service.resume
            if wish == "resume" and status != "paused":
                continue
            doing = "pausing the job" if wish == "pause" else "letting the job go on"
            try:
                self._patience.ask(partial(call, job.id, doing))
            except Refused as refused:
                self._telling.warn(wish, f"{refused.message} The job goes on as it did.")
        return bool(wishes)

    def _want_cancelled(self, wanted: bool) -> None:
        """In the ledger, for the process may be killed before the service has heard it."""
        self._ledger.put(msgspec.structs.replace(self._ledger.now, cancel_asked=wanted))

    def _cancel(self) -> bool:
        """Ask the service to end the job. Whether it heard; else it is asked again, once it has said how the
        job stands, for it may have ended meanwhile.
        """
        try:
            self._service.cancel(self._ledger.now.job, "cancelling the job")
        except Refused as refused:
            if refused.kind in (Kind.KEY, Kind.FORBIDDEN, Kind.ELSEWHERE):
                self._want_cancelled(False)  # a person is told, and may follow the job after all
                raise _left(refused) from refused
            self._telling.warn("cancel", f"{refused.message} How the job stands is asked again.")
            return not refused.is_passing
        self._telling.note("service", f"{self._service.name} was asked to cancel the job.")
        return True


def _words_of(event: RemoteEvent) -> str:
    return " ".join((event.message or "").split())[:LONGEST_MESSAGE]


def _key_of(event: RemoteEvent) -> tuple[float, str]:
    """By which a message is known again among the run's own events."""
    return event.created_at, _words_of(event)


def _left(refused: Refused) -> Left:
    return Left(refused.message, hint=f"The job goes on at the service. {refused.hint}")


def digest_of(event: RemoteEvent) -> str:
    """The same for the same event, also where ids change from call to call."""
    words = msgspec.json.encode((event.created_at, event.type, event.message, event.data), order="sorted")
    return hashlib.sha256(words).hexdigest()[:16]
