"""Files that come in parts: what is expected, what has come, and the file that is made of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tunedesk.serve.api_error import ApiError
from tunedesk.serve.database import Database
from tunedesk.serve.files import FileRecord, Files
from tunedesk.serve.names import PART, UPLOAD, is_id, new_id
from tunedesk.serve.row_files import refuse_what_is_no_rows

LIFETIME = 3600
"""Seconds from an upload's creation until it is given up, as at OpenAI."""

MOST_PARTS = 10_000
"""Of one upload; as many as can be named when it is completed."""


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """One upload. bytes: of the whole file, as it was announced. file: its id once it is complete.

    file_seconds: after which the file shall expire; None for never.
    """

    id: str
    user: str
    created: int
    expires: int
    filename: str
    purpose: str
    bytes: int
    status: str
    file: str | None
    file_seconds: int | None


@dataclass(frozen=True, slots=True)
class PartRecord:
    id: str
    upload: str
    created: int
    bytes: int


class Uploads:
    """Of all users. Methods are for any thread."""

    def __init__(self, database: Database, data_dir: Path, files: Files) -> None:
        self._database = database
        self._files = files
        self._folder = data_dir / "uploads"
        self._folder.mkdir(parents=True, exist_ok=True)

    def create(self, user: str, filename: str, purpose: str, size: int, file_seconds: int | None) -> str:
        upload, now = new_id(UPLOAD), int(time.time())
        self._database.change(
            "INSERT INTO uploads (id, user, created, expires, filename, purpose, bytes, status, "
            "file_seconds) VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?)",
            (upload, user, now, now + LIFETIME, filename, purpose, size, file_seconds),
        )
        (self._folder / upload).mkdir()
        return upload

    def get(self, user: str, upload: str) -> UploadRecord:
        """ApiError 404: no such upload, or another user's, which looks the same."""
        row = None
        if is_id(UPLOAD, upload):
            row = self._database.row("SELECT * FROM uploads WHERE id = ? AND user = ?", (upload, user))
        if row is None:
            raise ApiError(404, f"No such Upload object: {upload[:64]}", param="upload_id")
        return _record(row)

    def add_part(self, user: str, upload: str, data: BinaryIO) -> PartRecord:
        """Keep one part. ApiError 400: it is empty, or the upload is over or would hold too much."""
        record = self._pending(user, upload)
        part = new_id(PART)
        path = self._folder / upload / part
        unfinished = path.with_name(f".{part}")
        with unfinished.open("xb") as out:
            shutil.copyfileobj(data, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
        size = unfinished.stat().st_size
        try:
            if not size:
                raise ApiError(400, "This part holds nothing.", param="data")
            with self._database.transaction():
                self._pending(user, upload)
                self._refuse_too_many(record, size)
                os.replace(unfinished, path)
                found = PartRecord(part, upload, int(time.time()), size)
                self._database.change(
                    "INSERT INTO parts (id, upload, created, bytes) VALUES (?, ?, ?, ?)",
                    (found.id, found.upload, found.created, found.bytes),
                )
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        return found

    def _refuse_too_many(self, record: UploadRecord, size: int) -> None:
        """A part that is sent again after a dropped line may be here twice, so there is room for that."""
        sql = "SELECT count(*), total(bytes) FROM parts WHERE upload = ?"
        parts, there = self._database.row(sql, (record.id,)) or (0, 0)
        if parts >= MOST_PARTS:
            raise ApiError(400, f"An upload may have {MOST_PARTS:,} parts.", param="data")
        if size > record.bytes or there + size > 2 * record.bytes:
            message = f"More came than the {record.bytes} bytes that were announced."
            raise ApiError(400, message, param="data")

    def complete(self, user: str, upload: str, part_ids: Sequence[str], md5: str | None) -> FileRecord:
        """Put the parts together in the order given. ApiError 400: they are not what was announced."""
        record = self._pending(user, upload)
        rows = self._database.rows("SELECT * FROM parts WHERE upload = ?", (upload,))
        sizes = {row["id"]: row["bytes"] for row in rows}
        for part in part_ids:
            if part not in sizes:
                raise ApiError(400, f"The upload has no part {part}.", param="part_ids")
        if len(set(part_ids)) != len(part_ids):
            raise ApiError(400, "A part is named twice.", param="part_ids")
        total = sum(sizes[part] for part in part_ids)
        if total != record.bytes:
            message = f"The parts hold {total} bytes, but {record.bytes} were announced."
            raise ApiError(400, message, param="part_ids")
        whole = self._joined(upload, part_ids, md5)
        try:
            refuse_what_is_no_rows(whole)
            expires = record.file_seconds and int(time.time()) + record.file_seconds
            with whole.open("rb") as source:
                file = self._files.add(user, record.filename, record.purpose, source, expires)
        finally:
            whole.unlink(missing_ok=True)
        if not self._end(upload, "completed", file.id):
            self._files.delete(user, file.id)
            raise _over(self.get(user, upload))
        return file

    def _joined(self, upload: str, part_ids: Sequence[str], md5: str | None) -> Path:
        whole = self._folder / upload / f".whole-{new_id(PART)}"
        digest = hashlib.md5(usedforsecurity=False)
        with whole.open("xb") as out:
            for piece in self._pieces(upload, part_ids):
                digest.update(piece)
                out.write(piece)
        if md5 is not None and digest.hexdigest() != md5.lower():
            whole.unlink()
            raise ApiError(400, "The parts do not have the MD5 sum that was given.", param="md5")
        return whole

    def _pieces(self, upload: str, part_ids: Sequence[str]) -> Iterator[bytes]:
        for part in part_ids:
            with (self._folder / upload / part).open("rb") as file:
                while piece := file.read(1 << 20):
                    yield piece

    def cancel(self, user: str, upload: str) -> None:
        """ApiError 400: it is over already."""
        record = self._pending(user, upload)
        if not self._end(record.id, "cancelled", None):
            raise _over(self.get(user, upload))

    def sweep(self) -> None:
        """Give up what was not completed in time, and take away what is left of what is over."""
        for row in self._database.rows(
            "SELECT id FROM uploads WHERE status = 'pending' AND expires <= ?", (int(time.time()),)
        ):
            self._end(row["id"], "expired", None)
        folders = list(self._folder.iterdir())  # first: an upload's row is there before its folder
        rows = self._database.rows("SELECT id FROM uploads WHERE status = 'pending'")
        pending = {row["id"] for row in rows}
        for folder in folders:
            if folder.name not in pending:
                shutil.rmtree(folder, ignore_errors=True)

    def _end(self, upload: str, status: str, file: str | None) -> bool:
        """Whether it was still pending; its parts are gone then."""
        with self._database.transaction():
            ended = self._database.change(
                "UPDATE uploads SET status = ?, file = ? WHERE id = ? AND status = 'pending'",
                (status, file, upload),
            )
            self._database.change("DELETE FROM parts WHERE upload = ?", (upload,))
        shutil.rmtree(self._folder / upload, ignore_errors=True)
        return bool(ended)

    def _pending(self, user: str, upload: str) -> UploadRecord:
        record = self.get(user, upload)
        if record.status == "pending" and record.expires <= time.time():
            self._end(upload, "expired", None)
            record = self.get(user, upload)
        if record.status != "pending":
            raise _over(record)
        return record


def _over(record: UploadRecord) -> ApiError:
    return ApiError(400, f"The upload {record.id} is {record.status}.", param="upload_id")


def _record(row: sqlite3.Row) -> UploadRecord:
    return UploadRecord(**dict(row))
