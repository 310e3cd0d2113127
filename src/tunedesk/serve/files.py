"""Files of the server's users: their rows in the database and their bytes on the disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from tunedesk import paths
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.database import Database
from tunedesk.serve.names import FILE, is_id, new_id


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One file. path: relative to the server's data; owned files lie in files/, others in a run's folder.

    expires: unix seconds, None for never.
    """

    id: str
    user: str
    created: int
    filename: str
    purpose: str
    bytes: int
    expires: int | None = None
    path: str


_COLUMNS = ", ".join(FileRecord.__struct_fields__)
_MARKS = ", ".join("?" * len(FileRecord.__struct_fields__))


class Files:
    """All files of all users. Methods are for any thread."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database = database
        self._data_dir = data_dir
        self._folder = data_dir / "files"
        self._folder.mkdir(parents=True, exist_ok=True)

    def add(
        self, user: str, filename: str, purpose: str, source: BinaryIO, expires: int | None = None
    ) -> FileRecord:
        """Keep what can be read from `source`; it is on the disk before this returns."""
        file = new_id(FILE)
        target = self._folder / file
        unfinished = target.with_name(f".{file}")
        try:
            with unfinished.open("xb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            os.replace(unfinished, target)
            paths.sync_folder(self._folder)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        record = FileRecord(
            id=file,
            user=user,
            created=int(time.time()),
            filename=filename,
            purpose=purpose,
            bytes=target.stat().st_size,
            expires=expires,
            path=f"files/{file}",
        )
        self.note(record)
        return record

    def note(self, record: FileRecord) -> None:
        """Remember a file that lies on the disk already, once."""
        self._database.change(
            f"INSERT INTO files ({_COLUMNS}) VALUES ({_MARKS}) ON CONFLICT (id) DO NOTHING",
            msgspec.structs.astuple(record),
        )

    def get(self, user: str, file: str) -> FileRecord:
        """ApiError 404: no such file, or another user's, which looks the same."""
        row = self._find(user, file) if is_id(FILE, file) else None
        if row is None or _is_over(row):
            raise ApiError(404, f"No such File object: {file[:64]}", param="id", code="file_not_found")
        return row

    def find(self, user: str, file: str) -> FileRecord | None:
        """None: no such file of this user."""
        row = self._find(user, file) if is_id(FILE, file) else None
        return None if row is None or _is_over(row) else row

    def _find(self, user: str, file: str) -> FileRecord | None:
        sql = f"SELECT {_COLUMNS} FROM files WHERE id = ? AND user = ?"
        row = self._database.row(sql, (file, user))
        return _record(row) if row else None

    def content(self, record: FileRecord) -> Path:
        """ApiError 404: the bytes are gone, as those of a checkpoint that was replaced."""
        path = self._data_dir / record.path
        if not path.is_file():
            message = f"The content of {record.id} is no longer kept."
            raise ApiError(404, message, param="id", code="file_not_found")
        return path

    def listed(
        self, user: str, *, purpose: str | None, after: str | None, limit: int, newest_first: bool
    ) -> tuple[list[FileRecord], bool]:
        """One page, and whether there is more behind it. ApiError 400: `after` is no file of this user."""
        order, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
        sql = f"SELECT {_COLUMNS} FROM files WHERE user = ? AND (expires IS NULL OR expires > ?)"
        values: list[object] = [user, int(time.time())]
        if purpose is not None:
            sql, values = f"{sql} AND purpose = ?", [*values, purpose]
        if after is not None:
            if self._find(user, after) is None:
                raise ApiError(400, "There is no such file to go on after.", param="after")
            sql = f"{sql} AND number {beyond} (SELECT number FROM files WHERE id = ?)"
            values = [*values, after]
        rows = self._database.rows(f"{sql} ORDER BY number {order} LIMIT ?", [*values, limit + 1])
        return [_record(row) for row in rows[:limit]], len(rows) > limit

    def delete(self, user: str, file: str) -> None:
        """ApiError 404: no such file. The bytes of a run's own files stay with the run."""
        self._forget(self.get(user, file))

    def forget_derived(self, ids: Sequence[str]) -> None:
        """Forget files that lie in a run's folder."""
        with self._database.transaction():
            for each in ids:
                self._database.change("DELETE FROM files WHERE id = ?", (each,))

    def sweep(self, tell: Callable[[str], object]) -> int:
        """Delete what has expired, and what a crash left half written; how many files."""
        sql = f"SELECT {_COLUMNS} FROM files WHERE expires IS NOT NULL AND expires <= ?"
        expired = [_record(row) for row in self._database.rows(sql, (int(time.time()),))]
        for record in expired:
            self._forget(record)
            tell(f"{record.id} has expired and is deleted")
        return len(expired)

    def remove_leftovers(self) -> None:
        """Bytes that no row speaks of: of an upload or a deletion that a crash cut off. At start only."""
        known = {row["id"] for row in self._database.rows("SELECT id FROM files")}
        for path in self._folder.iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)

    def _forget(self, record: FileRecord) -> None:
        self._database.change("DELETE FROM files WHERE id = ?", (record.id,))
        if record.path == f"files/{record.id}":
            (self._folder / record.id).unlink(missing_ok=True)


def _record(row: sqlite3.Row) -> FileRecord:
    return FileRecord(**dict(row))


def _is_over(record: FileRecord) -> bool:
    """An expired file is gone for its user, whether or not it has been swept away."""
    return record.expires is not None and record.expires <= time.time()
