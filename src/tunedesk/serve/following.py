"""One job whose engine runs: what the engine tells becomes the job's events, checkpoints and end."""

from __future__ import annotations

import io
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path

from tunedesk.runs import events
from tunedesk.runs.follow import EventTail, RunHistory
from tunedesk.runs.job import Job
from tunedesk.runs.run_folder import RunFolder
from tunedesk.serve.bases import Models, TunedModel
from tunedesk.serve.checkpoints import Checkpoints
from tunedesk.serve.files import Files
from tunedesk.serve.jobs import EventRecord, JobRecord, Jobs, Trouble
from tunedesk.serve.telling import metrics_at, result_file, told, trained_tokens

LOG = logging.getLogger("tunedesk.serve")
PIECE = 1 << 20
"""Bytes of events that are read at once: a resumed server reads a long run's story again."""


@dataclass(slots=True)
class Following:
    """A job that has a run folder, followed from its first event. One thread uses it.

    stop_asked: when its engine was asked to stop, on the monotonic clock. troubles: looks that
    failed in a row; quiet_until: the next look is not before this, on the same clock.
    """

    job: JobRecord
    run: RunFolder
    order: Job
    base: str
    tail: EventTail
    history: RunHistory = field(default_factory=RunHistory)
    stop_asked: float | None = None
    troubles: int = 0
    quiet_until: float = 0.0

    @property
    def ended(self) -> events.TerminalEvent | None:
        return self.history.ended


class Follower:
    """Carries what engines write into the database."""

    def __init__(
        self, jobs: Jobs, files: Files, models: Models, checkpoints: Checkpoints, data_dir: Path
    ) -> None:
        self._jobs = jobs
        self._files = files
        self._models = models
        self._checkpoints = checkpoints
        self._data_dir = data_dir

    def open(self, job: JobRecord, run: RunFolder) -> Following:
        """UserError: the run folder is gone or damaged."""
        order = run.job()
        base = self._models.base_of(order.model.path) or order.model.name
        return Following(job, run, order, base, EventTail(run.events_path))

    def read_on(self, followed: Following) -> bool:
        """Take in what was written since the last look; whether there was anything."""
        new = followed.tail.poll(PIECE)
        if not new:
            return False
        records: list[EventRecord] = []
        with self._jobs.database.transaction():
            for event in new:
                followed.history.add(event)
                record = told(followed.job.id, event, followed.history.total_steps)
                if record is not None:
                    records.append(record)
                if isinstance(event, events.Checkpointed):
                    self._note_checkpoint(followed, event)
            self._jobs.add_events(followed.job.id, records)
            self._jobs.change(followed.job.id, estimate=_estimate(followed.history))
            self._checkpoints.forget_gone(followed.job.id)
        return True

    def _note_checkpoint(self, followed: Following, event: events.Checkpointed) -> None:
        folder = followed.run.path / event.path / "adapter"
        if not folder.is_dir():
            return  # read late, when a newer one had taken its place
        name = f"{tuned_name(followed.job, followed.base)}:ckpt-step-{event.step}"
        tuned = self._tuned(followed, name, folder, int(event.time))
        self._checkpoints.note(tuned, event.step, metrics_at(followed.history, event.step))

    def _tuned(self, followed: Following, name: str, folder: Path, created: int) -> TunedModel:
        return TunedModel(
            name=name,
            user=followed.job.user,
            job=followed.job.id,
            created=created,
            base=followed.base,
            adapter=folder.relative_to(self._data_dir).as_posix(),
            quantization=followed.order.hyperparameters.quantization,
            digest=followed.order.model.digest,
        )

    def succeed(self, followed: Following, finished: events.Finished) -> None:
        """The job's end: its result file, its model, and the last words; all at once."""
        job, history = followed.job, followed.history
        name = tuned_name(job, followed.base)
        table = self._files.add(
            job.user, "step_metrics.csv", "fine-tune-results", io.BytesIO(result_file(history))
        )
        tuned = self._tuned(followed, name, followed.run.adapter_dir, int(finished.time))
        with self._jobs.database.transaction():
            taken = self._jobs.change(
                job.id,
                was=("running",),
                status="succeeded",
                finished=int(finished.time),
                estimate=None,
                tuned=name,
                trained_tokens=trained_tokens(history),
                result_file=table.id,
            )
            if taken:
                self._checkpoints.note(tuned, finished.best_step, metrics_at(history, finished.best_step))
                self._jobs.tell(job.id, "model", f"New fine-tuned model created: {name}")
                self._jobs.tell(job.id, "succeeded", "The job has successfully completed")
        if not taken:  # it was cancelled or paused in the meantime
            self._files.delete(job.user, table.id)
            return
        LOG.info("%s of %s has succeeded: %s", job.id, job.user, name)

    def fail(self, job: JobRecord, trouble: Trouble) -> None:
        with self._jobs.database.transaction():
            if self._jobs.change(
                job.id,
                was=("validating_files", "queued", "running"),
                status="failed",
                error=trouble,
                finished=int(time.time()),
                estimate=None,
            ):
                self._jobs.tell(job.id, "failed", f"Fine-tuning job failed: {trouble.message}", "error")
                LOG.info("%s of %s has failed: %s", job.id, job.user, trouble.code)


def tuned_name(job: JobRecord, base: str) -> str:
    """Like OpenAI's: ft:BASE:USER:SUFFIX:ID."""
    return f"ft:{base}:{job.user}:{job.request.suffix}:{job.id.removeprefix('ftjob-')[:8]}"


def _estimate(history: RunHistory) -> int | None:
    """When the run is expected to end, by its newest step; None before it."""
    last = history.last_step
    if last is None or last.eta_seconds is None:
        return None
    return int(last.time + last.eta_seconds)
