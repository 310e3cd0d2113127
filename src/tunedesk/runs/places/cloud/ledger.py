"""What a run has asked of its service and what came back, in cloud.json: written before each call that makes
something there, and after it, so that nothing is made twice and nothing is forgotten.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Literal, TypedDict

import msgspec
from msgspec import Struct

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.runs.receipt import note_progress
from tunedesk.runs.run_folder import RunFolder

NAME = "cloud.json"
VERSION = 1
Stage = Literal["", "sending", "creating", "following", "ended"]
Role = Literal["training", "validation"]


class SentFile(Struct, frozen=True, kw_only=True):
    """A file at the service. name: there, found nowhere else; bytes, sha256: of what is sent.

    asked: when the first request that makes it left, unix seconds, 0: not yet. id: "" until it is known.
    upload: the id of an upload in parts that is not complete, until `upload_ends`; parts: the ids of those
    that arrived; sent: bytes so far. is_ready: it arrived whole, and the service has read it. is_deleted:
    it is there no more.
    """

    role: Role
    name: str
    bytes: int
    sha256: str
    asked: float = 0.0
    id: str = ""
    upload: str = ""
    upload_ends: float = 0.0
    parts: tuple[str, ...] = ()
    sent: int = 0
    is_ready: bool = False
    is_deleted: bool = False

    @property
    def is_there(self) -> bool:
        return bool(self.id) and not self.is_deleted

    def without_upload(self) -> SentFile:
        return msgspec.structs.replace(self, upload="", upload_ends=0.0, parts=(), sent=0)


class Ledger(Struct, frozen=True, kw_only=True):
    """token: in the job's metadata and in the files' names. asked: when the newest request for the job left.

    job: its id. status: the service's own word, the newest; ended: an official one, once there is no way on.
    cancel_asked: a person wants the job cancelled, and the service has not heard it.
    model: the tuned model's name. created, finished: unix seconds by the service's clock, 0 unknown.
    """

    version: int = VERSION
    token: str = ""
    stage: Stage = ""
    files: tuple[SentFile, ...] = ()
    asked: float = 0.0
    job: str = ""
    status: str = ""
    ended: str = ""
    cancel_asked: bool = False
    model: str = ""
    trained_tokens: int | None = None
    created: float = 0.0
    finished: float = 0.0

    @property
    def files_there(self) -> tuple[str, ...]:
        """Ids of files that were sent and still lie there."""
        return tuple(file.id for file in self.files if file.is_there)

    def file(self, role: Role) -> SentFile | None:
        return next((file for file in self.files if file.role == role), None)

    def with_file(self, file: SentFile) -> Ledger:
        """The same with this one in place of the one of its role."""
        kept = tuple(one for one in self.files if one.role != file.role)
        return msgspec.structs.replace(self, files=(*kept, file))


def new_ledger() -> Ledger:
    return Ledger(token=uuid.uuid4().hex)


def path_of(run: RunFolder) -> Path:
    return run.path / NAME


def read(run: RunFolder) -> Ledger:
    """An empty one when nothing was asked yet. UserError: it is damaged, or of a newer TuneDesk."""
    path = path_of(run)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Ledger()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        ledger = msgspec.json.decode(data, type=Ledger)
    except msgspec.MsgspecError as error:
        hint = "It tells which job and files are this run's. Put it back from a copy, or make a new run."
        raise UserError(f"{path} is damaged: {error}.", hint=hint) from error
    if ledger.version > VERSION:
        raise UserError(f"{path} was written by a newer TuneDesk.", hint="Update TuneDesk.")
    return ledger


class LedgerFile:
    """The ledger of the one process that may write it; what it holds is on the disk."""

    def __init__(self, run: RunFolder) -> None:
        """Begins one where there is none. UserError as `read`."""
        self._run = run
        self._path = path_of(run)
        self.now = read(run)
        if not self.now.token:
            self.put(new_ledger())

    def put(self, ledger: Ledger) -> None:
        if ledger != self.now or not self._path.exists():
            paths.write_atomically(self._path, msgspec.json.format(msgspec.json.encode(ledger)) + b"\n")
        old, self.now = self.now, ledger
        if _for_receipt(old) != _for_receipt(ledger):
            note_progress(self._run, **_for_receipt(ledger))

    def put_file(self, file: SentFile) -> None:
        self.put(self.now.with_file(file))


class _Progress(TypedDict):
    file_ids: dict[str, str]
    deleted: tuple[str, ...]
    job: str
    ended: str
    trained_tokens: int | None


def _for_receipt(ledger: Ledger) -> _Progress:
    """What the receipt of the consent says of it too."""
    return {
        "file_ids": {file.role: file.id for file in ledger.files if file.id},
        "deleted": tuple(file.id for file in ledger.files if file.is_deleted),
        "job": ledger.job,
        "ended": ledger.ended,
        "trained_tokens": ledger.trained_tokens,
    }
