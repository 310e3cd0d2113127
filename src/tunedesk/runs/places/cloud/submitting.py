"""Makes the job, once: no request is sent again before the service's list was looked at."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from tunedesk.errors import UserError
from tunedesk.runs.job import Job
from tunedesk.runs.places.cloud.ledger import Ledger, LedgerFile
from tunedesk.runs.places.cloud.patience import LONGEST_WORTH_IT, Patience
from tunedesk.runs.places.cloud.refusals import Kind, Refused, duration
from tunedesk.runs.places.cloud.remote import JobPage, RemoteJob
from tunedesk.runs.places.cloud.service import Service
from tunedesk.runs.places.cloud.telling import Telling

TOKEN = "client_token"
"""The key of the job's metadata by which it is found again."""
LOOKS = (0.0, 1.0, 2.0, 4.0)
"""Pauses before each look at the list, in shortest times between two questions: a job that was just made may
be missing in a list that comes from another machine.
"""
LISTED_PAGES = 20
OLDER = 86_400.0
"""Seconds: clocks differ, but not by a day; older jobs cannot be the run's."""
MARGIN = 60.0
"""Seconds, beyond those that an answer may take, in which a service may still take a request."""
WAITED_FOR = 5
"""Times that a service may ask to wait before it takes the job."""


class Submitter:
    def __init__(
        self, job: Job, service: Service, ledger: LedgerFile, telling: Telling, patience: Patience
    ) -> None:
        self._job, self._service, self._ledger = job, service, ledger
        self._telling, self._patience = telling, patience

    def submit(self) -> None:
        """The ledger holds the job's id afterwards. Refused: there is no job, as far as is known.

        An earlier request, of this process or one that was killed, is looked for first.
        """
        if self._ledger.now.asked and (self.find() or self._found_after_waiting()):
            return
        for _ in range(WAITED_FOR):
            before = self._ledger.now.asked
            try:
                self._create()
                return
            except Refused as refused:
                if refused.did_nothing and refused.kind is not Kind.BUSY:
                    self._forget(before)
                    raise
                if self.find():
                    return
                if refused.did_nothing:
                    self._forget(before)
                if not _may_be_asked_again(refused):
                    raise self._not_listed(refused) from refused
                self._wait_as_asked(refused)
        raise UserError(
            f"{self._service.name} asked {WAITED_FOR} times to wait and made no job.",
            hint="Resume the run later; the files are there.",
            exit_code=1,
        )

    def _forget(self, before: float) -> None:
        """The newest request had no effect; one before it, whose answer never came, may have had one."""
        self._ledger.put(msgspec.structs.replace(self._ledger.now, asked=before))

    def _found_after_waiting(self) -> bool:
        """Wait until the newest request cannot be taken any more, if it can; whether it has been."""
        longest = self._answer_seconds + MARGIN
        left = min(self._ledger.now.asked + longest - time.time(), longest)
        if left <= 0:
            return False
        name = self._telling.service
        self._telling.note(
            "service",
            f"The job is not in the list of {name} so far, but the request for it may still be taken. "
            f"The list is looked at again in {duration(left)}, before another job is asked for.",
        )
        self._telling.flush()
        self._patience.wait(left)
        return self.find()

    @property
    def _answer_seconds(self) -> float:
        assert self._job.cloud is not None
        return self._job.cloud.provider.answer_seconds

    def _not_listed(self, refused: Refused) -> Refused:
        """The same refusal for a person who decides whether to try again."""
        known, hint = refused.message, "Resume the run to try once more. The files that were sent are used."
        if not refused.did_nothing:
            until = time.localtime(self._ledger.now.asked + self._answer_seconds + MARGIN)
            known = f"{known} The job is not in its list so far."
            hint = (
                "Resume the run: the list is looked at again, and another job is asked for only if it is not "
                f"there by {time.strftime('%H:%M:%S', until)}. The files that were sent are used."
            )
        if refused.kind is Kind.ELSEWHERE:
            hint = f"{refused.hint} {hint}"
        return Refused(refused.kind, known, hint, status=refused.status, code=refused.code)

    def _create(self) -> None:
        ledger = self._ledger
        ledger.put(msgspec.structs.replace(ledger.now, stage="creating", asked=time.time()))
        body, extra = body_of(self._job, ledger.now)
        self._adopt(self._service.create_job(body, extra, "creating the job"))

    def _adopt(self, remote: RemoteJob) -> None:
        ledger = self._ledger
        ledger.put(
            msgspec.structs.replace(
                ledger.now,
                stage="following",
                job=remote.id,
                created=remote.created_at or 0.0,
            )
        )
        self._telling.note("service", f"{self._service.name} has the job {remote.id}.")

    def find(self) -> bool:
        """Whether the service's list has the job of an earlier request; it is then the run's."""
        for number, pause in enumerate(LOOKS, start=1):
            self._patience.wait(pause * self._patience.first)
            listed = self._listed(is_last=number == len(LOOKS))
            found = next((one for one in listed if self._is_mine(one)), None)
            if found is not None:
                self._telling.note("service", "The job had been created before the line broke; it was found.")
                self._adopt(found)
                return True
        return False

    def _listed(self, *, is_last: bool) -> Iterator[RemoteJob]:
        """Jobs, newest first, back to a day before the request. is_last: all of them, for a service may take
        metadata and forget it.
        """
        has_metadata = self._job.cloud is not None and self._job.cloud.provider.metadata
        wanted = {TOKEN: self._ledger.now.token} if has_metadata and not is_last else {}
        after, seen = "", set[str]()
        for _ in range(LISTED_PAGES):
            page = self._page(after, wanted)
            fresh = [one for one in page.data if one.id not in seen]
            yield from fresh
            seen.update(one.id for one in fresh)
            oldest = min((one.created_at for one in fresh if one.created_at), default=0.0)
            if not fresh or page.has_more is False or (oldest and oldest < self._ledger.now.asked - OLDER):
                return
            after = page.data[-1].id

    def _page(self, after: str, wanted: dict[str, str]) -> JobPage:
        """Refused: it is not known whether there is a job."""
        try:
            return self._patience.ask(partial(self._service.jobs, after, wanted, "looking for the job"))
        except Refused as refused:
            if refused.kind is Kind.REFUSED and wanted:  # by a list that cannot be asked for metadata
                return self._page(after, {})
            hint = (
                "It is not known whether there is a job: look at the service. Resuming the run looks again."
            )
            raise refused.with_hint(hint) from refused

    def _is_mine(self, remote: RemoteJob) -> bool:
        """By the token, or by the training file, which no other run has."""
        if isinstance(remote.metadata, Mapping) and remote.metadata.get(TOKEN) == self._ledger.now.token:
            return True
        training = self._ledger.now.file("training")
        return training is not None and bool(training.id) and remote.training_file == training.id

    def _wait_as_asked(self, refused: Refused) -> None:
        pause = refused.retry_after or self._patience.first
        self._telling.warn("service", f"{refused.message} It is asked again in {duration(pause)}.")
        self._telling.flush()
        self._patience.wait(pause)


def _may_be_asked_again(refused: Refused) -> bool:
    """Only a service that said itself that it did nothing, and that the time will come soon."""
    return refused.did_nothing and (refused.retry_after or 0.0) <= LONGEST_WORTH_IT


def body_of(job: Job, ledger: Ledger) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `jobs.create` is called with, and what only some services know beside it."""
    order, training, validation = job.cloud, ledger.file("training"), ledger.file("validation")
    assert order is not None and training is not None
    settings, provider = order.settings, order.provider
    chosen: dict[str, Any] = {
        name: value
        for name, value in (
            ("n_epochs", settings.n_epochs),
            ("batch_size", settings.batch_size),
            ("learning_rate_multiplier", settings.learning_rate_multiplier),
            ("beta", settings.beta if job.method == "dpo" else None),
        )
        if value is not None and name in provider.hyperparameters
    }
    body: dict[str, Any] = {"model": order.model, "training_file": training.id}
    if validation is not None:
        body["validation_file"] = validation.id
    if settings.suffix:
        body["suffix"] = settings.suffix
    if settings.seed is not None:
        body["seed"] = settings.seed
    if provider.metadata:
        body["metadata"] = {TOKEN: ledger.token, "tunedesk_run": job.run}
    if provider.dialect == "hyperparameters":
        body |= {"hyperparameters": chosen} if chosen else {}
    else:
        kind = "dpo" if job.method == "dpo" else "supervised"
        body["method"] = {"type": kind, kind: {"hyperparameters": chosen}}
    training_type = settings.training_type or (provider.training_types or ("",))[0]
    return body, {"trainingType": training_type} if training_type else {}
