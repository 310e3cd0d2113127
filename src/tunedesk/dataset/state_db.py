"""The SQLite file of a project: opened so that what was committed survives a crash, and brought up to
date.
"""

import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tunedesk.errors import UserError


def _first_tables(connection: sqlite3.Connection) -> None:
    for statement in (
        # One row a dataset file. base: the state of the file that the journal stands on; pending: a save.
        """CREATE TABLE document (
            id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
            next_row INTEGER NOT NULL, head INTEGER NOT NULL, base BLOB NOT NULL, pending BLOB)""",
        # Every edit. alive: it can still be undone or redone; others are kept only while the way needs them.
        """CREATE TABLE step (
            id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, alive INTEGER NOT NULL,
            label TEXT NOT NULL)""",
        "CREATE INDEX step_order ON step (document, alive, id)",
        "CREATE TABLE step_part (step INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL)",
        "CREATE INDEX step_parts ON step_part (step, part)",
        # The steps that lead from the base to what is on the screen: direction 1 done, -1 undone.
        """CREATE TABLE way (
            id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, step INTEGER NOT NULL,
            direction INTEGER NOT NULL)""",
        "CREATE INDEX way_order ON way (document, id)",
    ):
        connection.execute(statement)


def _suppressions(connection: sqlite3.Connection) -> None:
    for statement in (
        # Findings that a person lets stand, by the content of their row; see lint/suppressions.py.
        """CREATE TABLE suppression (
            id INTEGER PRIMARY KEY AUTOINCREMENT, dataset TEXT NOT NULL, code TEXT NOT NULL,
            digest TEXT NOT NULL, pointer TEXT, reason TEXT NOT NULL, author TEXT NOT NULL,
            created TEXT NOT NULL)""",
        "CREATE INDEX suppression_order ON suppression (dataset, id)",
        # The findings of one moment, so that only new ones are shown; see lint/baseline.py.
        "CREATE TABLE baseline (dataset TEXT PRIMARY KEY, counts BLOB NOT NULL, created TEXT NOT NULL)",
    ):
        connection.execute(statement)


def _marks_and_versions(connection: sqlite3.Connection) -> None:
    for statement in (
        # parent: the step that had been done last before, 0 for none. time: seconds since 1970, none in old
        # journals. rows: how many were touched. is_marks: nothing but marks changed.
        "ALTER TABLE step ADD COLUMN parent INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE step ADD COLUMN time REAL",
        "ALTER TABLE step ADD COLUMN rows INTEGER",
        "ALTER TABLE step ADD COLUMN is_marks INTEGER NOT NULL DEFAULT 0",
        """UPDATE step SET parent = coalesce((SELECT max(earlier.id) FROM step AS earlier
            WHERE earlier.document = step.document AND earlier.alive = 1 AND earlier.id < step.id), 0)""",
        # The marks as they are now, also of rows that are deleted. digest: of the row's text.
        """CREATE TABLE mark (
            document INTEGER NOT NULL, row INTEGER NOT NULL, data BLOB NOT NULL, digest BLOB NOT NULL,
            PRIMARY KEY (document, row)) WITHOUT ROWID""",
        # Named moments. step: the one that had been done last, 0 for none.
        """CREATE TABLE version (
            id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, name TEXT NOT NULL,
            time REAL NOT NULL, step INTEGER NOT NULL, rows INTEGER NOT NULL, UNIQUE (document, name))""",
    ):
        connection.execute(statement)


MIGRATIONS = [_first_tables, _suppressions, _marks_and_versions]
"""Migration n brings a file from version n to n + 1; released ones are never changed."""


_CHECKED_BYTES = 64 << 20
_DAMAGE = ("SQLITE_ERROR", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_SCHEMA")
"""Errors that come from what the file holds. With others it may be whole and only out of reach."""


class StateDb:
    """One connection behind one lock. Use the constructor's siblings `open`, `private_copy` and `empty`."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None, root: Path | None) -> None:
        self.path = path
        """None when nothing that is written here outlives the process."""
        self.root = root
        self.set_aside: Path | None = None
        """A damaged earlier file that was moved here."""
        self.report = ""
        """A sentence for the window when there was one; "" when all is well."""
        self._connection = connection
        self._lock = threading.RLock()
        _migrate(connection, path)

    @classmethod
    def open(cls, path: Path, root: Path | None = None) -> "StateDb":
        """Open or make the file. root: the folder that dataset paths are kept relative to, if they lie in it.

        A damaged file is moved aside (`set_aside`), never deleted. UserError when the place cannot be
        written to or the file comes from a newer TuneDesk.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return cls._opened(path, root)
        except OSError as error:
            message = f"{path.parent} cannot be written: {error.strerror or error}."
            raise UserError(message, hint="Check its permissions.") from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorname not in _DAMAGE:
                message = f"{path} cannot be written: {error}."
                raise UserError(message, hint="Check its permissions and the space on the disk.") from error
            aside = _move_aside(path)
            state = cls._opened(path, root)
            state.set_aside = aside
            state.report = (
                f"{path.name} was damaged, and with it edits that were not saved, undo and marks. "
                f"It was moved to {aside.name}; the dataset files are as they were last saved."
            )
            return state

    @classmethod
    def _opened(cls, path: Path, root: Path | None) -> "StateDb":
        connection = _connect(path)
        try:
            return cls(connection, path, root)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def private_copy(cls, path: Path, root: Path | None = None) -> "StateDb":
        """What the file holds now, to look at: changes go nowhere. Works beside a writer and on a
        read-only disk.
        """
        copy = _temporary()
        try:
            if path.is_file():
                _back_up(path, copy)
        except (OSError, sqlite3.Error) as error:
            message = f"{path} could not be read: {error}."
            raise UserError(message, hint="Check its permissions, or whether the disk is damaged.") from error
        return cls(copy, None, root)

    @classmethod
    def empty(cls, root: Path | None = None) -> "StateDb":
        """A file that is gone with the process."""
        return cls(_temporary(), None, root)

    def key_of(self, path: Path) -> str:
        """How a dataset file is named in the tables, so that a project folder can be moved."""
        if self.root is not None and path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return str(path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on disk when the block has ended. UserError when it could not be written."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                # A full disk has rolled back already, and a second ROLLBACK would be an error of its own.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error | UnicodeDecodeError):
                    raise _not_stored(self.path, error) from error
                raise

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What a query finds. UserError when the database cannot be read."""
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except (sqlite3.Error, UnicodeDecodeError) as error:  # a name in a damaged file may be no text
                message = f"{self.path or 'The state database'} could not be read: {error}."
                raise UserError(message, hint="Close the project and open it again.") from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        # A read-only disk may let the file be opened: find out now, not at the first edit.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
        _check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """sqlite3.DatabaseError for a file that is not whole. Big files are not read through, which takes long;
    what is found damaged in them later is told by whoever reads it.
    """
    if path.stat().st_size <= _CHECKED_BYTES:
        ((found,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
        if found != "ok":
            raise sqlite3.DatabaseError(found)


def _temporary() -> sqlite3.Connection:
    """SQLite's own temporary database: in memory until it grows, gone when closed."""
    return sqlite3.connect("", isolation_level=None, check_same_thread=False)


def _migrate(connection: sqlite3.Connection, path: Path | None) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        message = f"{path} was written by a newer TuneDesk (version {version} of its tables)."
        raise UserError(message, hint="Update TuneDesk to open this project.")
    for number in range(version, len(MIGRATIONS)):
        connection.execute("BEGIN IMMEDIATE")
        MIGRATIONS[number](connection)
        connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")


def _back_up(path: Path, target: sqlite3.Connection) -> None:
    try:
        source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            source.backup(target)
        finally:
            source.close()
    except sqlite3.Error:
        # A write-ahead log beside the file needs a writable place to be read from.
        with tempfile.TemporaryDirectory(prefix="tunedesk-") as folder:
            copied = Path(folder) / path.name
            for suffix in ("", "-wal"):
                if (part := path.with_name(path.name + suffix)).is_file():
                    shutil.copyfile(part, copied.with_name(copied.name + suffix))
            source = sqlite3.connect(copied)
            try:
                source.backup(target)
            finally:
                source.close()


def _move_aside(path: Path) -> Path:
    """The file and its companions under a name that says what they are."""
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def _not_stored(path: Path | None, error: Exception) -> UserError:
    message = f"The change could not be stored in {path or 'memory'}: {error}. It was not made."
    return UserError(message, hint="Free some space on the disk, or check the project folder's permissions.")
