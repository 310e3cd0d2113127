"""The routes of fine-tuning jobs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from tunedesk.serve.access import user_of
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.bases import Models
from tunedesk.serve.checkpoints import CheckpointRecord, Checkpoints
from tunedesk.serve.files import Files
from tunedesk.serve.jobs import TERMINAL, EventRecord, JobRecord, JobRequest, Jobs
from tunedesk.serve.refusals import ANSWERS
from tunedesk.serve.schemas import (
    CheckpointList,
    CheckpointObject,
    CreateJob,
    DpoHyperparameters,
    EventList,
    EventObject,
    JobError,
    JobList,
    JobObject,
    SupervisedHyperparameters,
)
from tunedesk.serve.settings import Limits

User = Annotated[str, Depends(user_of)]
After = Annotated[str | None, Query(max_length=64)]
Limit = Annotated[int, Query(ge=1, le=1000)]
_METADATA = re.compile(r"metadata\[([^\]]{1,64})\]\Z")


def jobs_router(
    jobs: Jobs,
    files: Files,
    models: Models,
    checkpoints: Checkpoints,
    limits: Limits,
    changed: Callable[[], None],
) -> APIRouter:
    """changed: told after every change that the queue should see soon."""
    router = APIRouter(prefix="/v1/fine_tuning/jobs", tags=["fine-tuning"], responses=ANSWERS)

    @router.post("")
    def create_job(user: User, asked: CreateJob) -> JobObject:
        """The files are validated next; then the job waits for its turn."""
        request = request_of(asked)
        if models.origin(user, request.model) is None:
            message = f"The model {request.model} does not exist or cannot be fine-tuned here."
            raise ApiError(400, message, param="model", code="model_not_found")
        for param in ("training_file", "validation_file"):
            refuse_missing_file(files, user, param, getattr(asked, param))
        if jobs.unfinished(user) >= limits.queued_jobs:
            message = f"You have {limits.queued_jobs} jobs that are not finished; wait for one of them."
            raise ApiError(429, message, code="too_many_jobs", headers={"Retry-After": "60"})
        job = jobs.create(user, request, asked.seed)
        changed()
        return job_object(job)

    @router.get("")
    def list_jobs(user: User, request: Request, after: After = None, limit: Limit = 20) -> JobList:
        """The newest first; metadata[KEY]=VALUE keeps those that have it."""
        wanted = {
            match[1]: value
            for key, value in request.query_params.multi_items()
            if (match := _METADATA.match(key))
        }
        found, more = jobs.listed(user, after, limit, wanted)
        return JobList(data=[job_object(each) for each in found], has_more=more)

    @router.get("/{job_id}")
    def retrieve_job(user: User, job_id: str) -> JobObject:
        return job_object(jobs.get(user, job_id))

    @router.post("/{job_id}/cancel")
    def cancel_job(user: User, job_id: str) -> JobObject:
        """For good; an engine that runs for it is stopped. Its checkpoints stay."""
        job = jobs.get(user, job_id)
        was = ("validating_files", "queued", "running", "paused")
        with jobs.database.transaction():
            values: dict[str, Any] = {"status": "cancelled", "finished": int(time.time()), "estimate": None}
            if not jobs.change(job.id, was=was, **values):  # type: ignore[arg-type]
                raise _too_late(jobs.get(user, job_id), "cancelled")
            jobs.tell(job.id, "cancelled", "The job has been cancelled")
        changed()
        return job_object(jobs.get(user, job_id))

    @router.post("/{job_id}/pause")
    def pause_job(user: User, job_id: str) -> JobObject:
        """With a checkpoint; another job may use the card until it is resumed."""
        job = jobs.get(user, job_id)
        with jobs.database.transaction():
            if not jobs.change(job.id, was=("queued", "running"), status="paused", estimate=None):
                raise _too_late(jobs.get(user, job_id), "paused")
            jobs.tell(job.id, ("paused", time.time_ns()), "The job has been paused")
        changed()
        return job_object(jobs.get(user, job_id))

    @router.post("/{job_id}/resume")
    def resume_job(user: User, job_id: str) -> JobObject:
        """Behind the jobs that wait already."""
        job = jobs.get(user, job_id)
        with jobs.database.transaction():
            if not jobs.change(job.id, was=("paused",), status="queued", queued=time.time(), restarts=0):
                raise _too_late(jobs.get(user, job_id), "resumed")
            jobs.tell(job.id, ("resumed", time.time_ns()), "The job has been resumed and is queued")
        changed()
        return job_object(jobs.get(user, job_id))

    @router.get("/{job_id}/events")
    def list_events(user: User, job_id: str, after: After = None, limit: Limit = 20) -> EventList:
        """The newest first."""
        found, more = jobs.events(jobs.get(user, job_id).id, after, limit)
        return EventList(data=[event_object(each) for each in found], has_more=more)

    @router.get("/{job_id}/checkpoints")
    def list_checkpoints(user: User, job_id: str, after: After = None, limit: Limit = 10) -> CheckpointList:
        """The newest step first. That whose model is the job's own is its result."""
        found = checkpoints.of(jobs.get(user, job_id).id)
        if after is not None:
            place = next((index for index, each in enumerate(found) if each.id == after), None)
            if place is None:
                raise ApiError(400, "There is no such checkpoint to go on after.", param="after")
            found = found[place + 1 :]
        shown = [checkpoint_object(each) for each in found[:limit]]
        return CheckpointList(
            data=shown,
            has_more=len(found) > limit,
            first_id=shown[0].id if shown else None,
            last_id=shown[-1].id if shown else None,
        )

    return router


def request_of(asked: CreateJob) -> JobRequest:
    """ApiError 400: settings in two places, or under another method's name."""
    method = asked.method.type if asked.method else "supervised"
    settings: SupervisedHyperparameters = asked.hyperparameters or SupervisedHyperparameters()
    if asked.method:
        other = asked.method.dpo if method == "supervised" else asked.method.supervised
        if other is not None:
            message = f"The method is {method}; its settings stand under method.{method}."
            raise ApiError(400, message, param="method", code="invalid_value")
        if asked.hyperparameters is not None:
            message = "Settings stand either in method or in hyperparameters, not in both."
            raise ApiError(400, message, param="hyperparameters", code="invalid_value")
        own = asked.method.supervised if method == "supervised" else asked.method.dpo
        settings = own.hyperparameters if own else SupervisedHyperparameters()
    return JobRequest(
        model=asked.model,
        training_file=asked.training_file,
        validation_file=asked.validation_file,
        method=method,
        n_epochs=_chosen(settings.n_epochs),
        batch_size=_chosen(settings.batch_size),
        learning_rate_multiplier=_chosen(settings.learning_rate_multiplier),
        beta=_chosen(settings.beta) if isinstance(settings, DpoHyperparameters) else None,
        suffix=asked.suffix or "",
        metadata=asked.metadata,
    )


def _chosen(value: Any) -> Any:
    return None if value == "auto" else value


def refuse_missing_file(files: Files, user: str, param: str, file: str | None) -> None:
    if file is None:
        return
    record = files.find(user, file)
    if record is None:
        raise ApiError(400, f"The file {file} does not exist.", param=param, code="file_not_found")
    if record.purpose != "fine-tune":
        message = f"The file {file} was not uploaded with the purpose fine-tune."
        raise ApiError(400, message, param=param, code="invalid_file_purpose")


def _too_late(job: JobRecord, what: str) -> ApiError:
    """A job whose state does not allow it; the sentence tells the state."""
    state = f"has {job.status}" if job.status in TERMINAL[:2] else f"is {job.status}"
    message = f"The job {job.id} {state}; it cannot be {what}."
    return ApiError(400, message, param="fine_tuning_job_id", code="invalid_job_state")


def job_object(job: JobRecord) -> JobObject:
    asked = job.request
    settings: dict[str, Any] = {
        name: (getattr(job.settings, name) if job.settings else getattr(asked, name)) or "auto"
        for name in ("n_epochs", "batch_size", "learning_rate_multiplier")
    }
    if asked.method == "dpo":
        settings["beta"] = (job.settings.beta if job.settings else asked.beta) or "auto"
    return JobObject(
        id=job.id,
        created_at=job.created,
        finished_at=job.finished,
        estimated_finish=job.estimate,
        model=asked.model,
        fine_tuned_model=job.tuned,
        organization_id=f"user-{job.user}",
        status=job.status,
        training_file=asked.training_file,
        validation_file=asked.validation_file,
        hyperparameters={name: value for name, value in settings.items() if name != "beta"},
        method={"type": asked.method, asked.method: {"hyperparameters": settings}},
        trained_tokens=job.trained_tokens,
        result_files=[job.result_file] if job.result_file else [],
        seed=job.seed,
        error=JobError(code=job.error.code, message=job.error.message, param=job.error.param)
        if job.error
        else None,
        integrations=[],
        metadata=asked.metadata,
        user_provided_suffix=asked.suffix or None,
    )


def event_object(event: EventRecord) -> EventObject:
    return EventObject(
        id=event.id,
        created_at=event.created,
        level=event.level,
        message=event.message,
        type=event.type,
        data=event.data,
    )


def checkpoint_object(checkpoint: CheckpointRecord) -> CheckpointObject:
    return CheckpointObject(
        id=checkpoint.id,
        created_at=checkpoint.created,
        fine_tuned_model_checkpoint=checkpoint.model,
        fine_tuning_job_id=checkpoint.job,
        step_number=checkpoint.step,
        metrics=checkpoint.metrics,
        result_files=checkpoint.files,
    )
