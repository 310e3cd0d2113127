"""What is left to do when the job has ended: figures, weights, files, and the last word of the run."""

from __future__ import annotations

import contextlib
from functools import partial

import msgspec

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.runs.events import Failed, Finished, Stopped
from tunedesk.runs.job import Job
from tunedesk.runs.places.cloud.following import ENDED, Follower
from tunedesk.runs.places.cloud.ledger import LedgerFile
from tunedesk.runs.places.cloud.metrics import Metric
from tunedesk.runs.places.cloud.patience import Patience, StopAsked
from tunedesk.runs.places.cloud.refusals import Kind, Refused, garbled
from tunedesk.runs.places.cloud.remote import RemoteCheckpoint, RemoteJob
from tunedesk.runs.places.cloud.results import as_text, is_results, read_results
from tunedesk.runs.places.cloud.sending import copies
from tunedesk.runs.places.cloud.service import Service
from tunedesk.runs.places.cloud.telling import Telling
from tunedesk.runs.places.cloud.weights import newest_weights, write_adapter
from tunedesk.runs.run_folder import RunFolder

RESULTS = "results.csv"
"""The service's own table, kept in the run's folder as text."""


class Concluder:
    def __init__(
        self,
        run: RunFolder,
        job: Job,
        service: Service,
        ledger: LedgerFile,
        telling: Telling,
        follower: Follower,
        patience: Patience,
    ) -> None:
        assert job.cloud is not None
        self._run, self._order = run, job.cloud
        self._service, self._ledger, self._telling = service, ledger, telling
        self._follower, self._patience = follower, patience

    def conclude(self, remote: RemoteJob) -> None:
        """After this the run has ended. Only the network's trouble can leave something out, which is told.

        A wish to stop means nothing any more.
        """
        self._patience.listens = False
        status = self._follower.official(remote.status)
        results = self._results(remote) if status == "succeeded" else {}
        checkpoints = self._follower.tell_the_rest(remote, results)
        is_good = status == "succeeded" and bool(remote.fine_tuned_model)
        adapter = self._adapter(checkpoints, remote.fine_tuned_model or "") if is_good else ""
        is_over = status in ENDED and (is_good or status != "succeeded")
        if is_over and self._order.delete_files:
            self.delete_files()
        if is_good:
            self._finish(remote, adapter)
        elif status == "cancelled":
            self._telling.write(Stopped, step=self._telling.history.step, checkpoint="")
        else:
            self._fail(remote, status)
        if is_over:
            # After the last word: a run that is killed before it must still be able to say it.
            self._ledger.put(msgspec.structs.replace(self._ledger.now, stage="ended", ended=status))

    def delete_files(self) -> None:
        """Delete what was sent; what cannot be deleted stays in the ledger, and is told."""
        self._delete_copies()
        for file in self._ledger.now.files:
            if not file.is_there:
                continue
            try:
                self._patience.ask(partial(self._service.delete_file, file.id, "deleting the sent files"))
            except (Refused, StopAsked) as trouble:
                why = trouble.message if isinstance(trouble, Refused) else "It was not waited for."
                said = f"The {file.role} file {file.id} is still at {self._service.name}: {why}"
                self._telling.warn("files", said)
            else:
                self._ledger.put_file(msgspec.structs.replace(file, is_deleted=True))
                self._telling.note("service", f"The {file.role} file was deleted at {self._service.name}.")

    def _delete_copies(self) -> None:
        try:
            found = self._patience.ask(partial(copies, self._service, self._ledger))
            for id in found:
                self._patience.ask(partial(self._service.delete_file, id, "deleting a copy of a sent file"))
                self._telling.note("service", f"A second copy of a sent file, {id}, was deleted.")
        except (Refused, StopAsked) as trouble:
            why = trouble.message if isinstance(trouble, Refused) else "It was not waited for."
            self._telling.warn("files", f"Whether a second copy of a sent file is left is not known. {why}")

    def _results(self, remote: RemoteJob) -> dict[int, Metric]:
        """The figures of the first result file that holds some; empty, and told, when none can be read."""
        for id in remote.result_files or ():
            try:
                found = self._result(id)
            except (Refused, StopAsked, OSError) as trouble:
                why = trouble.message if isinstance(trouble, Refused) else str(trouble)
                said = f"The result file {id} was not fetched; the curve shows what was told before. {why}"
                self._telling.warn("results", said.strip())
                continue
            if found:
                return found
        return {}

    def _result(self, id: str) -> dict[int, Metric]:
        """Asked for again while it is shorter than the service says; in the end half a file is used."""
        path, doing = self._run.path / f".{RESULTS}", "fetching the result file"

        def fetch(size: int | None) -> None:
            if self._service.content(id, path, doing, size) != size and size is not None:
                raise garbled(self._service.name, doing)

        try:
            size = self._patience.ask(partial(self._service.file, id, doing)).bytes
            is_whole = True
            try:
                self._patience.ask(partial(fetch, size), tries=3)
            except Refused as refused:
                if refused.kind not in (Kind.GARBLED, Kind.LINE) or not path.exists():
                    raise
                is_whole = False
            data = path.read_bytes()
            if not is_whole:
                said = "Only a part of the result file came; its whole lines are used."
                self._telling.warn("results", said)
            if not is_results(data):
                return {}
            paths.write_atomically(self._run.path / RESULTS, as_text(data).encode())
            return read_results(data, is_whole=is_whole)
        finally:
            path.unlink(missing_ok=True)

    def _adapter(self, checkpoints: list[RemoteCheckpoint], model: str) -> str:
        """The adapter's folder, relative to the run; "" where there is none."""
        if not self._order.provider.gives_weights:
            return ""
        files = newest_weights(checkpoints, model)
        if not files:
            self._telling.warn("adapter", f"{self._service.name} names no files of the adapter.")
            return ""
        try:
            self._telling.note("service", f"The adapter is fetched from {self._service.name}.")
            write_adapter(self._run, self._service, files, self._patience)
        except (UserError, StopAsked, OSError) as trouble:
            why = trouble.message if isinstance(trouble, UserError) else str(trouble)
            self._telling.warn("adapter", f"The adapter was not fetched. {why}".strip())
            return ""
        return self._run.adapter_dir.name

    def _finish(self, remote: RemoteJob, adapter: str) -> None:
        history = self._telling.history
        last, evaluation, best = history.last_step, history.last_evaluation, history.best
        began = remote.created_at or self._ledger.now.asked
        ended = remote.finished_at or 0.0
        self._telling.write(
            Finished,
            steps=max(history.step, max(history.checkpoints, default=0)),
            train_loss=last.loss if last else None,
            valid_loss=evaluation.loss if evaluation else None,
            best_step=best.step if best else history.step,
            adapter=adapter,
            seconds=max(0.0, ended - began) if ended and began else 0.0,
            model=remote.fine_tuned_model or "",
            trained_tokens=remote.trained_tokens,
        )

    def _fail(self, remote: RemoteJob, status: str) -> None:
        name, step = self._service.name, self._telling.history.step
        if status == "succeeded":
            reason = f"{name} says that the job {remote.id} succeeded, but names no tuned model."
            hint = "Look at the job at the service. Resume the run to ask again."
        else:
            reason = f"{name} ended the job {remote.id}: {_words(remote)}"
            hint = _HINTS.get(
                _code(remote), "Look at the job at the service, mend what it says, and start anew."
            )
        self._telling.write(Failed, reason=reason, hint=hint, step=step)


_HINTS = {
    "invalid_training_file": "Mend the rows that it names in the dataset, and start a new run.",
    "invalid_validation_file": "Mend the rows that it names in the validation data, and start a new run.",
    "exceeded_quota": "Raise the limit at the service, and start a new run.",
}


def _code(remote: RemoteJob) -> str:
    return str(remote.error.code or "") if remote.error else ""


def _words(remote: RemoteJob) -> str:
    """The service's reason with its code and parameter."""
    error = remote.error
    if error is None or not (error.message or error.code):
        return "it gives no reason."
    message = " ".join(str(error.message or "it gives no words").split())[:1_000].rstrip(".")
    named = [str(value) for value in (error.code, error.param) if value]
    return f"{message} ({', '.join(named)})." if named else f"{message}."


def delete_everything_sent(service: Service, ledger: LedgerFile) -> None:
    """For a person who wants what is left there gone. Refused: the first that could not be deleted."""
    later = "Try again in a while, or delete it at the service."
    for file in ledger.now.files:
        if file.upload:
            with contextlib.suppress(Refused):  # it ends by itself within the hour
                service.cancel_upload(file.upload, "cancelling the upload")
            ledger.put_file(file := file.without_upload())
        if file.is_there:
            try:
                service.delete_file(file.id, "deleting the sent files")
            except Refused as refused:
                raise refused.with_hint(later if refused.is_passing else refused.hint) from refused
            ledger.put_file(msgspec.structs.replace(file, is_deleted=True))
    try:
        for id in copies(service, ledger):
            service.delete_file(id, "deleting a copy of a sent file")
    except Refused as refused:
        raise refused.with_hint(later if refused.is_passing else refused.hint) from refused
