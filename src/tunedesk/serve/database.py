"""The server's memory in one SQLite file: what survives a kill; it knows no HTTP and no run."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tunedesk.errors import UserError

VERSION = 1
_SCHEMA = """
CREATE TABLE files (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, user TEXT NOT NULL,
    created INTEGER NOT NULL, filename TEXT NOT NULL, purpose TEXT NOT NULL, bytes INTEGER NOT NULL,
    expires INTEGER, path TEXT NOT NULL);
CREATE TABLE uploads (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
    filename TEXT NOT NULL, purpose TEXT NOT NULL, bytes INTEGER NOT NULL, status TEXT NOT NULL,
    file TEXT, file_seconds INTEGER);
CREATE TABLE parts (
    id TEXT PRIMARY KEY, upload TEXT NOT NULL, created INTEGER NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, user TEXT NOT NULL,
    created INTEGER NOT NULL, status TEXT NOT NULL, request BLOB NOT NULL, seed INTEGER NOT NULL,
    settings BLOB, queued REAL, slot INTEGER, finished INTEGER, estimate INTEGER, tuned TEXT,
    trained_tokens INTEGER, result_file TEXT, error BLOB, restarts INTEGER NOT NULL DEFAULT 0,
    last_step INTEGER NOT NULL DEFAULT 0);
CREATE INDEX jobs_by_status ON jobs (status);
CREATE TABLE job_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL, level TEXT NOT NULL, message TEXT NOT NULL, type TEXT NOT NULL, data BLOB);
CREATE INDEX events_by_job ON job_events (job, number);
CREATE TABLE checkpoints (
    job TEXT NOT NULL, step INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL,
    model TEXT NOT NULL, metrics BLOB NOT NULL, files BLOB NOT NULL, folder TEXT NOT NULL,
    PRIMARY KEY (job, step));
CREATE TABLE tuned_models (
    name TEXT PRIMARY KEY, user TEXT NOT NULL, job TEXT NOT NULL, created INTEGER NOT NULL,
    base TEXT NOT NULL, adapter TEXT NOT NULL, quantization TEXT NOT NULL, digest TEXT NOT NULL);
CREATE INDEX tuned_by_job ON tuned_models (job);
CREATE TABLE tokens (
    name TEXT PRIMARY KEY, created INTEGER NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL,
    hint TEXT NOT NULL);
"""


class Database:
    """One connection for all threads of this process, one statement or transaction at a time.

    WAL with synchronous=FULL: what a client was told is on the disk before it was told. UserError: the file
    cannot be opened, or was written by a newer TuneDesk.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA busy_timeout = 10000")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._prepare(path)
        except sqlite3.Error as error:
            raise UserError(
                f"{path} cannot be opened: {error}.", hint="Choose another folder with --data."
            ) from error

    def _prepare(self, path: Path) -> None:
        with self.transaction():
            version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
            if version > VERSION:
                raise UserError(f"{path} was written by a newer TuneDesk.", hint="Update TuneDesk.")
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements of the block or none; may be nested in the same thread."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row, None without one."""
        with self._lock:
            found: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; how many rows it changed."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def close(self) -> None:
        with self._lock:
            self._connection.close()
