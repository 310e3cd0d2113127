"""The routes of fine-tuning jobs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from tunedesk.serve.access import user_of
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.bases import Models
from tunedesk.serve.checkpoints import CheckpointRecord, Checkpoints
from tunedesk.serve.files import Files
from tunedesk.serve.jobs import TERMINAL, EventRecord, JobRecord, JobRequest, Jobs, Status
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
        refuse_missing_file(files, user, "training_file", asked.training_file)
        refuse_missing_file(files, user, "validation_file", asked.validation_file)
        refuse_too_many(jobs.unfinished(user), limits.queued_jobs)
        job = jobs.create(user, request, asked.seed)
        changed()
        return job_object(job)

    _add_looking(router, jobs)
    _add_steering(router, jobs, changed)
    _add_story(router, jobs, checkpoints)
    return router


def _add_looking(router: APIRouter, jobs: Jobs) -> None:
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


def _add_steering(router: APIRouter, jobs: Jobs, changed: Callable[[], None]) -> None:
    @router.post("/{job_id}/cancel")
    def cancel_job(user: User, job_id: str) -> JobObject:
        """For good; an engine that runs for it is stopped. Its checkpoints stay."""
        return job_object(steer(jobs, user, job_id, CANCEL, changed))

    @router.post("/{job_id}/pause")
    def pause_job(user: User, job_id: str) -> JobObject:
        """With a checkpoint; another job may use the card until it is resumed."""
        return job_object(steer(jobs, user, job_id, PAUSE, changed))

    @router.post("/{job_id}/resume")
    def resume_job(user: User, job_id: str) -> JobObject:
        """Behind the jobs that wait already."""
        return job_object(steer(jobs, user, job_id, RESUME, changed))


def _add_story(router: APIRouter, jobs: Jobs, checkpoints: Checkpoints) -> None:
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


@dataclass(frozen=True, slots=True)
class Steering:
    """A change that a client may ask for. was: the statuses that it is possible in; done: its participle."""

    was: tuple[Status, ...]
    becomes: Status
    done: str
    sentence: str


CANCEL = Steering(
    ("validating_files", "queued", "running", "paused"),
    "cancelled",
    "cancelled",
    "The job has been cancelled",
)
PAUSE = Steering(("queued", "running"), "paused", "paused", "The job has been paused")
RESUME = Steering(("paused",), "queued", "resumed", "The job has been resumed and is queued")


def steer(jobs: Jobs, user: str, job_id: str, wish: Steering, changed: Callable[[], None]) -> JobRecord:
    """ApiError 400: the job's status does not allow it; the sentence tells the status."""
    job = jobs.get(user, job_id)
    now = time.time()
    values: dict[str, Any] = {"status": wish.becomes, "estimate": None}
    if wish is CANCEL:
        values["finished"] = int(now)
    elif wish is RESUME:
        values |= {"queued": now, "restarts": 0}
    with jobs.database.transaction():
        if not jobs.change(job.id, was=wish.was, **values):
            raise _too_late(jobs.get(user, job_id), wish.done)
        jobs.tell(job.id, (wish.done, time.time_ns()), wish.sentence)
    changed()
    return jobs.get(user, job_id)


def refuse_too_many(unfinished: int, most: int) -> None:
    if unfinished >= most:
        message = f"You have {most} jobs that are not finished; wait for one of them."
        raise ApiError(429, message, code="too_many_jobs", headers={"Retry-After": "60"})


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
