"""Jobs as the database keeps them: what was asked, how they stand, and what came of them."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from tunedesk.serve.api_error import ApiError
from tunedesk.serve.database import Database
from tunedesk.serve.names import JOB, derived_id, is_id, new_id

Status = Literal["validating_files", "queued", "running", "paused", "succeeded", "failed", "cancelled"]
TERMINAL = ("succeeded", "failed", "cancelled")
Number = int | float | None


class JobRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asked for; None of a setting: auto. suffix: "" for none."""

    model: str
    training_file: str
    validation_file: str | None = None
    method: Literal["supervised", "dpo"] = "supervised"
    n_epochs: int | None = None
    batch_size: int | None = None
    learning_rate_multiplier: float | None = None
    beta: float | None = None
    suffix: str = ""
    metadata: dict[str, str] | None = None


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that a job trains with, once its files are validated. steps: of the whole job."""

    n_epochs: int
    batch_size: int
    learning_rate_multiplier: float
    beta: float | None = None
    steps: int = 0


class Trouble(msgspec.Struct, frozen=True):
    """Why a job has failed, as the job shows it."""

    code: str
    message: str
    param: str | None = None


class JobRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One job. Times in unix seconds. slot: of the card that it uses or used; tuned: the model's name.

    last_step: the newest step when an engine was last started for it; restarts: since then.
    """

    number: int
    id: str
    user: str
    created: int
    status: Status
    request: JobRequest
    seed: int
    settings: Chosen | None = None
    slot: int | None = None
    finished: int | None = None
    estimate: int | None = None
    tuned: str | None = None
    trained_tokens: int | None = None
    result_file: str | None = None
    error: Trouble | None = None
    restarts: int = 0
    last_step: int = 0


class EventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a job's story. data: of metrics, by the names that OpenAI gives them."""

    id: str
    created: int
    level: Literal["info", "warn", "error"] = "info"
    message: str
    type: Literal["message", "metrics"] = "message"
    data: dict[str, Number] | None = None


_COLUMNS = ", ".join(JobRecord.__struct_fields__)
_BLOBS: dict[str, Any] = {"request": JobRequest, "settings": Chosen, "error": Trouble}


class Jobs:
    """All jobs of all users, and their events. Methods are for any thread."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def create(self, user: str, request: JobRequest, seed: int | None) -> JobRecord:
        job = new_id(JOB)
        with self.database.transaction():
            self.database.change(
                "INSERT INTO jobs (id, user, created, status, request, seed) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    job,
                    user,
                    int(time.time()),
                    "validating_files",
                    msgspec.json.encode(request),
                    secrets.randbelow(2**31) if seed is None else seed,
                ),
            )
            self.tell(job, "created", "Created fine-tuning job: " + job)
            self.tell(job, "validating", "Validating training file: " + request.training_file)
        return self.get(user, job)

    def get(self, user: str, job: str) -> JobRecord:
        """ApiError 404: no such job, or another user's, which looks the same."""
        row = None
        if is_id(JOB, job):
            row = self.database.row(f"SELECT {_COLUMNS} FROM jobs WHERE id = ? AND user = ?", (job, user))
        if row is None:
            message = f"Could not find fine tune: {job[:64]}"
            raise ApiError(404, message, param="fine_tuning_job_id", code="fine_tune_not_found")
        return _record(row)

    def anyones(self, job: str) -> JobRecord:
        """A job of whichever user; KeyError without one."""
        row = self.database.row(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (job,))
        if row is None:
            raise KeyError(job)
        return _record(row)

    def with_status(self, *status: Status) -> list[JobRecord]:
        """Of all users, the oldest first; those that were queued again wait behind."""
        marks = ", ".join("?" * len(status))
        order = "ORDER BY coalesce(queued, created), number"
        sql = f"SELECT {_COLUMNS} FROM jobs WHERE status IN ({marks}) {order}"
        return [_record(row) for row in self.database.rows(sql, status)]

    def unfinished(self, user: str) -> int:
        sql = "SELECT count(*) FROM jobs WHERE user = ? AND status NOT IN (?, ?, ?)"
        row = self.database.row(sql, (user, *TERMINAL))
        return int(row[0]) if row else 0

    def listed(
        self, user: str, after: str | None, limit: int, metadata: Mapping[str, str]
    ) -> tuple[list[JobRecord], bool]:
        """One page, the newest first, and whether there is more. ApiError 400: `after` is no such job."""
        sql, values = f"SELECT {_COLUMNS} FROM jobs WHERE user = ?", list[object]((user,))
        if after is not None:
            if not self._exists(user, after):
                raise ApiError(400, "There is no such job to go on after.", param="after")
            sql, values = f"{sql} AND number < (SELECT number FROM jobs WHERE id = ?)", [*values, after]
        at_most = -1 if metadata else limit + 1  # what a filter leaves is not known before
        rows = self.database.rows(f"{sql} ORDER BY number DESC LIMIT ?", [*values, at_most])
        found = [
            job
            for row in rows
            if (job := _record(row)) and metadata.items() <= (job.request.metadata or {}).items()
        ]
        return found[:limit], len(found) > limit

    def _exists(self, user: str, job: str) -> bool:
        return self.database.row("SELECT 1 FROM jobs WHERE id = ? AND user = ?", (job, user)) is not None

    def change(self, job: str, *, was: Iterable[Status] = (), **values: Any) -> bool:
        """Set columns, where the status is one of `was` (or with none given in any case); whether it was."""
        names = ", ".join(f"{name} = ?" for name in values)
        given = [
            msgspec.json.encode(value) if name in _BLOBS and value is not None else value
            for name, value in values.items()
        ]
        allowed = tuple(was)
        extra = f" AND status IN ({', '.join('?' * len(allowed))})" if allowed else ""
        return bool(
            self.database.change(f"UPDATE jobs SET {names} WHERE id = ?{extra}", (*given, job, *allowed))
        )

    def tell(self, job: str, key: object, message: str, level: str = "info") -> None:
        """Add an event of the server's own. key: within the job; what was told already is not told again."""
        event = EventRecord(
            id=derived_id("ftevent-", job, key),
            created=int(time.time()),
            level=level,  # type: ignore[arg-type]
            message=message,
        )
        self.add_events(job, [event])

    def add_events(self, job: str, events: Iterable[EventRecord]) -> None:
        with self.database.transaction():
            for event in events:
                data = msgspec.json.encode(event.data) if event.data else None
                self.database.change(
                    "INSERT INTO job_events (job, id, created, level, message, type, data) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                    (job, event.id, event.created, event.level, event.message, event.type, data),
                )

    def events(self, job: str, after: str | None, limit: int) -> tuple[list[EventRecord], bool]:
        """One page, the newest first, and whether there is more. ApiError 400: `after` is no such event."""
        sql, values = "SELECT * FROM job_events WHERE job = ?", list[object]((job,))
        if after is not None:
            row = self.database.row("SELECT number FROM job_events WHERE id = ? AND job = ?", (after, job))
            if row is None:
                raise ApiError(400, "There is no such event to go on after.", param="after")
            sql, values = f"{sql} AND number < ?", [*values, row["number"]]
        rows = self.database.rows(f"{sql} ORDER BY number DESC LIMIT ?", [*values, limit + 1])
        return [_event(row) for row in rows[:limit]], len(rows) > limit


def _record(row: sqlite3.Row) -> JobRecord:
    values = dict(row)
    for name, kind in _BLOBS.items():
        if values[name] is not None:
            values[name] = msgspec.json.decode(values[name], type=kind)
    return JobRecord(**values)


def _event(row: sqlite3.Row) -> EventRecord:
    return EventRecord(
        id=row["id"],
        created=row["created"],
        level=row["level"],
        message=row["message"],
        type=row["type"],
        data=msgspec.json.decode(row["data"], type=dict[str, Number]) if row["data"] else None,
    )
