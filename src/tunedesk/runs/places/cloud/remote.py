"""What a service tells of its files, jobs and models, as far as it is read; all but ids may be missing."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")


class RemoteFile(Struct, frozen=True):
    id: str
    bytes: int | None = None
    filename: str | None = None
    status: str | None = None
    status_details: Any = None


class RemoteUpload(Struct, frozen=True):
    """file: once it is complete."""

    id: str
    expires_at: float | None = None
    file: RemoteFile | None = None


class RemotePart(Struct, frozen=True):
    id: str


class RemoteTrouble(Struct, frozen=True):
    code: Any = None
    message: Any = None
    param: Any = None


class RemoteJob(Struct, frozen=True):
    """status: the service's own word. Times are unix seconds."""

    id: str
    status: str = ""
    model: str | None = None
    fine_tuned_model: str | None = None
    training_file: str | None = None
    error: RemoteTrouble | None = None
    result_files: list[Any] | None = None
    trained_tokens: int | None = None
    created_at: float | None = None
    finished_at: float | None = None
    estimated_finish: float | None = None
    metadata: Any = None


class RemoteEvent(Struct, frozen=True):
    """data: of a "metrics" event, by names that differ between services."""

    id: str = ""
    created_at: float = 0.0
    level: str = "info"
    message: str | None = None
    type: str | None = None
    data: Any = None


class RemoteCheckpoint(Struct, frozen=True):
    """result_files: ids of weights, of services that give them."""

    id: str = ""
    created_at: float | None = None
    fine_tuned_model_checkpoint: str | None = None
    step_number: int | None = None
    metrics: Any = None
    result_files: list[Any] | None = None


class RemoteModel(Struct, frozen=True):
    """shutdown_date: as the service writes it, "" when it says none."""

    id: str
    created: float | None = None
    owned_by: str | None = None
    shutdown_date: Any = None


class FilePage(Struct, frozen=True):
    data: list[RemoteFile]
    has_more: bool | None = None


class JobPage(Struct, frozen=True):
    data: list[RemoteJob]
    has_more: bool | None = None


class EventPage(Struct, frozen=True):
    data: list[RemoteEvent]
    has_more: bool | None = None


class CheckpointPage(Struct, frozen=True):
    data: list[RemoteCheckpoint]
    has_more: bool | None = None


class ModelPage(Struct, frozen=True):
    data: list[RemoteModel]


def decode(body: bytes, kind: type[T]) -> T:
    """ValueError, MsgspecError: no JSON, or none of this kind. NaN, which some write, is read as such."""
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(body), kind, strict=False)
