"""What a service tells of its files, jobs and models, as far as it is read; all but ids may be missing."""

from __future__ import annotations

import contextlib
import json
import math
from datetime import datetime
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
    result_files: list[str] | None = None
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
    result_files: list[str] | None = None


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


# What stands in these is the service's own; in all else a wrong kind of value counts as none.
_FREE = frozenset({"data", "metrics", "metadata", "status_details", "shutdown_date"})
_NUMBERS = frozenset(
    {"bytes", "created", "created_at", "finished_at", "estimated_finish", "expires_at"}
    | {"step_number", "trained_tokens"}
)


def decode(body: bytes, kind: type[T]) -> T:
    """ValueError, MsgspecError: no JSON, or none of this kind. NaN, which some write, is read as such."""
    try:
        value = msgspec.json.decode(body)
    except msgspec.DecodeError:
        value = json.loads(body)
    return msgspec.convert(_tidied(value), kind, strict=False)


def _tidied(value: Any) -> Any:
    """Nulls left out, so that what is missing is as what is null; times that are written out as seconds."""
    if isinstance(value, list):
        return [_tidied(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, one in value.items():
        if name in _NUMBERS:
            one = _number(one)
        elif name == "result_files":
            one = _ids(one)
        elif name == "error" and not isinstance(one, dict):
            one = {"message": one} if one else None
        elif name not in _FREE or (isinstance(one, list) and one and isinstance(one[0], dict)):
            one = _tidied(one)
        if one is not None:
            found[name] = one
    return found


def _number(value: Any) -> int | float | None:
    """A finite one, whole where it is whole; a time that is written out as unix seconds."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(value).timestamp()
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else value


def _ids(value: Any) -> list[str] | None:
    """Of files, which are named by their ids or given whole."""
    if not isinstance(value, list):
        return None
    named = [one.get("id") if isinstance(one, dict) else one for one in value]
    return [str(one) for one in named if one]
