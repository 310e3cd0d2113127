"""The edits of one document on disk: the undo stack, and the way from the file to what is on the screen."""

import sqlite3
import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tunedesk.dataset.base import Signature
from tunedesk.dataset.order import Order
from tunedesk.dataset.state_db import StateDb
from tunedesk.dataset.steps import Step, decode_step, encode_step


class BaseRecord(msgspec.Struct, frozen=True):
    """A state of the file and the row id of each of its lines, as (first id, count) runs."""

    signature: Signature
    runs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, signature: Signature, order: Order) -> "BaseRecord":
        return cls(signature, tuple((run.first, run.size) for run in order.runs()))

    @property
    def order(self) -> Order:
        return Order(self.runs)


class Pending(msgspec.Struct, frozen=True):
    """A save that is under way: the file that will stand in the base's place, and how much of the way it
    holds.
    """

    base: BaseRecord
    mark: int


@dataclass(frozen=True, slots=True)
class Stride:
    """One step on the way from the base to the present; direction 1: done, -1: undone."""

    id: int
    step: int
    direction: int


class Journal:
    """The journal of one dataset file. Every method that writes has committed when it returns, or
    changed nothing.

    The undo stack is the steps that are `alive`: up to `head` done, after it undone. The way may hold steps
    that are no longer on the stack. Nothing is written before the first edit. The caller does the locking.
    """

    def __init__(self, state: StateDb, path: Path) -> None:
        self._state = state
        self._key = state.key_of(path)
        self._id = 0
        self._head = 0
        self._held = 0
        self.version = 1
        self.next_row = 1
        self.base: BaseRecord | None = None
        self.pending: Pending | None = None
        self.way: list[Stride] = []
        self._load()

    def _load(self) -> None:
        query = "SELECT id, version, next_row, head, base, pending FROM document WHERE path = ?"
        for number, version, next_row, head, base, pending in self._state.rows(query, self._key):
            self._id, self.version, self.next_row, self._head = number, version, next_row, head
            self.base = msgspec.msgpack.decode(zlib.decompress(base), type=BaseRecord)
            if pending is not None:
                self.pending = msgspec.msgpack.decode(zlib.decompress(pending), type=Pending)
            query = "SELECT id, step, direction FROM way WHERE document = ? ORDER BY id"
            self.way = [Stride(*row) for row in self._state.rows(query, number)]

    def stand_on(self, base: BaseRecord) -> None:
        """The state of the file that the first edit will be written with; nothing is stored yet."""
        self.base = base

    @property
    def mark(self) -> int:
        """The end of the way."""
        return self.way[-1].id if self.way else 0

    def hold(self) -> None:
        """Keep the way up to here as it is, while a save writes it out: going back adds to the way."""
        self._held = self.mark

    def release(self) -> None:
        self._held = 0

    def step(self, number: int) -> Step:
        ((label,),) = self._state.rows("SELECT label FROM step WHERE id = ?", number)
        query = "SELECT data FROM step_part WHERE step = ? ORDER BY part"
        return decode_step(label, (data for (data,) in self._state.rows(query, number)))

    def steps_of_way(self) -> list[Step]:
        """The way as steps to be done one after the other, those that were undone the other way round."""
        steps = ((self.step(stride.step), stride.direction) for stride in self.way)
        return [step if direction > 0 else step.reversed() for step, direction in steps]

    def next_undo(self) -> tuple[int, str] | None:
        """The step that undo would take back, and its label."""
        return self._neighbour("id <= ? ORDER BY id DESC")

    def next_redo(self) -> tuple[int, str] | None:
        return self._neighbour("id > ? ORDER BY id")

    def _neighbour(self, of_head: str) -> tuple[int, str] | None:
        query = f"SELECT id, label FROM step WHERE document = ? AND alive = 1 AND {of_head} LIMIT 1"
        return next(iter(self._state.rows(query, self._id, self._head)), None)

    def commit(self, step: Step, next_row: int) -> int:
        """Add an edit; what had been undone can no longer be redone. Returns the step's number."""
        with self._state.transaction() as sql:
            document = self._id or self._created(sql)
            query = "UPDATE step SET alive = 0 WHERE document = ? AND alive = 1 AND id > ?"
            sql.execute(query, (document, self._head))
            _sweep(sql, document)
            number = _insert_step(sql, document, step)
            stride = _insert_stride(sql, document, number, 1)
            values = (self.version + 1, next_row, number, document)
            sql.execute("UPDATE document SET version = ?, next_row = ?, head = ? WHERE id = ?", values)
        self._id, self._head, self.next_row = document, number, next_row
        self.version += 1
        self.way.append(stride)
        return number

    def amend(self, number: int, step: Step) -> None:
        """Put another content into the newest step."""
        with self._state.transaction() as sql:
            sql.execute("DELETE FROM step_part WHERE step = ?", (number,))
            _insert_parts(sql, number, step)
            sql.execute("UPDATE document SET version = ? WHERE id = ?", (self.version + 1, self._id))
        self.version += 1

    def can_amend(self, number: int) -> bool:
        """True while this step is the last thing that happened and no save is writing it."""
        last = self.way[-1] if self.way else None
        return last is not None and (last.step, last.direction) == (number, 1) and last.id > self._held

    def travel(self, number: int, direction: int) -> None:
        """Note that a step was undone (-1) or redone (1)."""
        head = number if direction > 0 else number - 1
        last = self.way[-1] if self.way else None
        is_way_back = last is not None and (last.step, last.direction) == (number, -direction)
        stride = None
        with self._state.transaction() as sql:
            if last is not None and is_way_back and last.id > self._held:
                sql.execute("DELETE FROM way WHERE id = ?", (last.id,))
            else:
                stride = _insert_stride(sql, self._id, number, direction)
            values = (self.version + 1, head, self._id)
            sql.execute("UPDATE document SET version = ?, head = ? WHERE id = ?", values)
        self._head = head
        self.version += 1
        if stride is None:
            self.way.pop()
        else:
            self.way.append(stride)

    def announce(self, pending: Pending) -> None:
        """Note the file that is about to be put in the place of the base."""
        with self._state.transaction() as sql:
            document = self._id or self._created(sql)
            sql.execute("UPDATE document SET pending = ? WHERE id = ?", (_packed(pending), document))
        self._id = document
        self.pending = pending

    def settle(self) -> None:
        """The announced file is in place: it is the base now."""
        if self.pending is None:
            raise ValueError("No save was announced.")
        base, mark = self.pending.base, self.pending.mark
        self._rebase(base, mark, self._key)

    def move_to(self, path: Path, base: BaseRecord, mark: int) -> None:
        """The document goes on as another file, `base`, which holds the way up to `mark`."""
        self._rebase(base, mark, self._state.key_of(path))

    def _rebase(self, base: BaseRecord, mark: int, key: str) -> None:
        with self._state.transaction() as sql:
            document = self._id or self._created(sql)
            if key != self._key:
                _forget(sql, key)
            sql.execute("DELETE FROM way WHERE document = ? AND id <= ?", (document, mark))
            _sweep(sql, document)
            query = "UPDATE document SET path = ?, base = ?, pending = NULL WHERE id = ?"
            sql.execute(query, (key, _packed(base), document))
        self._id, self._key, self.base, self.pending = document, key, base, None
        self.way = [stride for stride in self.way if stride.id > mark]

    def drop_pending(self) -> None:
        """The announced save did not happen."""
        with self._state.transaction() as sql:
            sql.execute("UPDATE document SET pending = NULL WHERE id = ?", (self._id,))
        self.pending = None

    def adopt(self, base: BaseRecord, next_row: int) -> None:
        """The file was changed by another program in a way that leaves every step valid: it is the base
        now.
        """
        with self._state.transaction() as sql:
            document = self._id or self._created(sql)
            query = "UPDATE document SET base = ?, pending = NULL, next_row = ?, version = ? WHERE id = ?"
            sql.execute(query, (_packed(base), next_row, self.version + 1, document))
        self._id, self.base, self.pending, self.next_row = document, base, None, next_row
        self.version += 1

    def restart(self, base: BaseRecord, step: Step | None, next_row: int) -> None:
        """Forget all steps; stand on another file, with `step` as the only edit."""
        with self._state.transaction() as sql:
            _forget(sql, self._key)
            document = self._created(sql, base)
            number, stride = 0, None
            if step is not None:
                number = _insert_step(sql, document, step)
                stride = _insert_stride(sql, document, number, 1)
            values = (self.version + 1, next_row, number, document)
            sql.execute("UPDATE document SET version = ?, next_row = ?, head = ? WHERE id = ?", values)
        self._id, self._head, self.base, self.pending, self.next_row = document, number, base, None, next_row
        self.version += 1
        self.way = [] if stride is None else [stride]

    def _created(self, sql: sqlite3.Connection, base: BaseRecord | None = None) -> int:
        values = (self._key, self.version, self.next_row, _packed(base or self.base))
        query = "INSERT INTO document (path, version, next_row, head, base) VALUES (?, ?, ?, 0, ?)"
        return _new_id(sql.execute(query, values))


def _packed(record: BaseRecord | Pending | None) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(record), 1)


def _insert_step(sql: sqlite3.Connection, document: int, step: Step) -> int:
    query = "INSERT INTO step (document, alive, label) VALUES (?, 1, ?)"
    number = _new_id(sql.execute(query, (document, step.label)))
    _insert_parts(sql, number, step)
    return number


def _insert_parts(sql: sqlite3.Connection, number: int, step: Step) -> None:
    for part, data in enumerate(encode_step(step)):
        sql.execute("INSERT INTO step_part (step, part, data) VALUES (?, ?, ?)", (number, part, data))


def _insert_stride(sql: sqlite3.Connection, document: int, step: int, direction: int) -> Stride:
    query = "INSERT INTO way (document, step, direction) VALUES (?, ?, ?)"
    return Stride(_new_id(sql.execute(query, (document, step, direction))), step, direction)


def _new_id(cursor: sqlite3.Cursor) -> int:
    if cursor.lastrowid is None:
        raise sqlite3.InternalError("SQLite gave no number for a new row.")
    return cursor.lastrowid


def _sweep(sql: sqlite3.Connection, document: int) -> None:
    """Delete steps that can be neither undone nor redone, except those that the way still needs."""
    query = """SELECT id FROM step WHERE document = ? AND alive = 0
               AND id NOT IN (SELECT step FROM way WHERE document = ?)"""
    for (number,) in sql.execute(query, (document, document)).fetchall():
        sql.execute("DELETE FROM step_part WHERE step = ?", (number,))
        sql.execute("DELETE FROM step WHERE id = ?", (number,))


def _forget(sql: sqlite3.Connection, key: str) -> None:
    """Delete all that is known of a file."""
    for (document,) in sql.execute("SELECT id FROM document WHERE path = ?", (key,)).fetchall():
        query = "DELETE FROM step_part WHERE step IN (SELECT id FROM step WHERE document = ?)"
        sql.execute(query, (document,))
        for table in ("step", "way"):
            sql.execute(f"DELETE FROM {table} WHERE document = ?", (document,))
        sql.execute("DELETE FROM document WHERE id = ?", (document,))
