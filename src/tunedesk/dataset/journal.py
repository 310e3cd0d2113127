"""The edits of one document on disk: the undo stack, and the way from the file to what is on the screen."""

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tunedesk.dataset.base_record import BaseRecord, Pending, packed, unpacked
from tunedesk.dataset.mark_table import MarkedRow, load_marks, write_marks
from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.state_db import StateDb
from tunedesk.dataset.step_table import (
    Stride,
    forget_steps,
    info_of,
    insert_parts,
    insert_step,
    insert_stride,
    new_id,
    parts_of,
    sweep,
    whole_step,
)
from tunedesk.dataset.steps import Step


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known when all of a step was seen. rows: how many it touches."""

    rows: int
    marked: tuple[MarkedRow, ...]


class Journal:
    """The journal of one dataset file. Every method that writes has committed when it returns, or
    changed nothing.

    The undo stack is the steps that are `alive`: up to `head` done, after it undone. The way may hold steps
    that are no longer on the stack; steps that only change marks are on the stack and never on the way.
    Nothing is written before the first edit. The caller does the locking.
    """

    def __init__(self, state: StateDb, path: Path) -> None:
        self.state = state
        self._key = state.key_of(path)
        self.id = 0
        self._head = 0
        self._held = 0
        self._newest = 0
        self.version = 1
        self.next_row = 1
        self.base: BaseRecord | None = None
        self.pending: Pending | None = None
        self.way: list[Stride] = []
        self.next_undo: tuple[int, str] | None = None
        """The step that undo would take back, and its label."""
        self.next_redo: tuple[int, str] | None = None
        self._load()

    def _load(self) -> None:
        query = "SELECT id, version, next_row, head, base, pending FROM document WHERE path = ?"
        for number, version, next_row, head, base, pending in self.state.rows(query, self._key):
            self.id, self.version, self.next_row, self._head = number, version, next_row, head
            self.base = unpacked(base, BaseRecord)
            self.pending = None if pending is None else unpacked(pending, Pending)
            query = "SELECT id, step, direction FROM way WHERE document = ? ORDER BY id"
            self.way = [Stride(*row) for row in self.state.rows(query, number)]
            self._look_around()

    @staticmethod
    def set_aside(state: StateDb, path: Path) -> None:
        """Keep a journal that cannot be read under another name, so that the file can have a new one."""
        key = state.key_of(path)
        aside = f"damaged {time.strftime('%Y-%m-%d %H:%M:%S')} {secrets.token_hex(2)} {key}"
        with state.transaction() as sql:
            sql.execute("UPDATE document SET path = ? WHERE path = ?", (aside, key))

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
        """A step that is known to be small."""
        return whole_step(self.state, number)

    def parts(self, number: int, direction: int = 1) -> Iterator[Step]:
        """A step part by part, the other way round for direction -1."""
        found = parts_of(self.state, number)
        return found if direction > 0 else (part.reversed() for part in found)

    def parts_of_way(self) -> Iterator[Step]:
        """The way as steps to be done one after the other."""
        for stride in self.way:
            yield from self.parts(stride.step, stride.direction)

    def marks(self) -> tuple[dict[int, RowMarks], dict[int, bytes]]:
        """The marks as they are now, deleted rows' too, and the digest of each of these rows' texts."""
        return load_marks(self.state, self.id)

    def _look_around(self) -> None:
        self.next_undo = self._neighbour("id <= ? ORDER BY id DESC")
        self.next_redo = self._neighbour("id > ? ORDER BY id")

    def _neighbour(self, of_head: str) -> tuple[int, str] | None:
        query = f"SELECT id, label FROM step WHERE document = ? AND alive = 1 AND {of_head} LIMIT 1"
        return next(iter(self.state.rows(query, self.id, self._head)), None)

    @property
    def node(self) -> int:
        """The step that was done last, 0 for none: the present in the tree of all steps."""
        return self.next_undo[0] if self.next_undo else 0

    def commit(
        self, label: str, parts: Iterable[Step], outcome: Callable[[], Outcome], new_rows: int = 0
    ) -> int:
        """Add an edit; what had been undone can no longer be redone. Returns the step's number.

        outcome: asked for when the last part was written.
        """
        with self.state.transaction() as sql:
            document = self.id or self._created(sql)
            query = "UPDATE step SET alive = 0 WHERE document = ? AND alive = 1 AND id > ?"
            sql.execute(query, (document, self._head))
            sweep(sql, document)
            number, touches_rows = insert_step(sql, document, label, parts, self.node)
            stride = insert_stride(sql, document, number, 1) if touches_rows else None
            done = outcome()
            write_marks(sql, document, done.marked)
            sql.execute("UPDATE step SET rows = ? WHERE id = ?", (done.rows, number))
            values = (self.version + 1, self.next_row + new_rows, number, document)
            sql.execute("UPDATE document SET version = ?, next_row = ?, head = ? WHERE id = ?", values)
        self.id, self._head, self._newest = document, number, number
        self.next_row += new_rows
        self.version += 1
        self.next_undo, self.next_redo = (number, label), None
        if stride is not None:
            self.way.append(stride)
        return number

    def amend(self, number: int, step: Step, marked: Iterable[MarkedRow]) -> None:
        """Put another content into the newest step."""
        with self.state.transaction() as sql:
            sql.execute("DELETE FROM step_part WHERE step = ?", (number,))
            insert_parts(sql, number, [step])
            write_marks(sql, self.id, marked)
            sql.execute("UPDATE document SET version = ? WHERE id = ?", (self.version + 1, self.id))
        self.version += 1

    def can_amend(self, number: int) -> bool:
        """True while this step is the last thing that happened, no save is writing it and no version ends
        with it.
        """
        if number != self._newest or self._is_named(number):
            return False
        on_way = next((stride for stride in reversed(self.way) if stride.step == number), None)
        return on_way is None or on_way.id > self._held

    def _is_named(self, number: int) -> bool:
        query = "SELECT 1 FROM version WHERE document = ? AND step = ?"
        return bool(self.state.rows(query, self.id, number))

    def travel(self, number: int, direction: int, marked: Iterable[MarkedRow]) -> None:
        """Note that a step was undone (-1) or redone (1)."""
        head = number if direction > 0 else number - 1
        last = self.way[-1] if self.way else None
        is_way_back = last is not None and (last.step, last.direction) == (number, -direction)
        stride = None
        is_shortened = False
        only_marks = info_of(self.state, number).is_marks
        with self.state.transaction() as sql:
            if only_marks:
                pass
            elif last is not None and is_way_back and last.id > self._held:
                sql.execute("DELETE FROM way WHERE id = ?", (last.id,))
                is_shortened = True
            else:
                stride = insert_stride(sql, self.id, number, direction)
            write_marks(sql, self.id, marked)
            values = (self.version + 1, head, self.id)
            sql.execute("UPDATE document SET version = ?, head = ? WHERE id = ?", values)
        self._head, self._newest = head, 0
        self.version += 1
        if is_shortened:
            self.way.pop()
        if stride is not None:
            self.way.append(stride)
        self._look_around()

    def name_version(self, name: str, now: float, rows: int) -> int:
        """Name the present; the version's id."""
        with self.state.transaction() as sql:
            document = self.id or self._created(sql)
            query = "INSERT INTO version (document, name, time, step, rows) VALUES (?, ?, ?, ?, ?)"
            made = new_id(sql.execute(query, (document, name, now, self.node, rows)))
        self.id = document
        return made

    def end_version_with(self, version: int, step: int, parts: Iterable[Step]) -> None:
        """Put a step that only this version knows between it and the step that it ended with."""
        given = iter(parts)
        if (first := next(given, None)) is None:
            return
        with self.state.transaction() as sql:
            whole = chain([first], given)
            last, _ = insert_step(sql, self.id, THEIR_LABEL, whole, step, is_alive=False)
            sql.execute("UPDATE version SET step = ? WHERE id = ?", (last, version))

    def delete_version(self, version: int) -> None:
        with self.state.transaction() as sql:
            sql.execute("DELETE FROM version WHERE id = ?", (version,))
            sweep(sql, self.id)

    def count_versions(self) -> int:
        ((count,),) = self.state.rows("SELECT count(*) FROM version WHERE document = ?", self.id)
        return int(count)

    def announce(self, pending: Pending) -> None:
        """Note the file that is about to be put in the place of the base."""
        with self.state.transaction() as sql:
            document = self.id or self._created(sql)
            sql.execute("UPDATE document SET pending = ? WHERE id = ?", (packed(pending), document))
        self.id = document
        self.pending = pending

    def settle(self) -> None:
        """The announced file is in place: it is the base now."""
        if self.pending is None:
            raise ValueError("No save was announced.")
        base, mark = self.pending.base, self.pending.mark
        self._rebase(base, mark, self._key)

    def move_to(self, path: Path, base: BaseRecord, mark: int) -> None:
        """The document goes on as another file, `base`, which holds the way up to `mark`. The old file
        keeps a copy of the marks.
        """
        self._rebase(base, mark, self.state.key_of(path))

    def _rebase(self, base: BaseRecord, mark: int, key: str) -> None:
        with self.state.transaction() as sql:
            document = self.id or self._created(sql)
            if key != self._key:
                _forget(sql, key)
            sql.execute("DELETE FROM way WHERE document = ? AND id <= ?", (document, mark))
            sweep(sql, document)
            query = "UPDATE document SET path = ?, base = ?, pending = NULL WHERE id = ?"
            sql.execute(query, (key, packed(base), document))
            if key != self._key:
                self._leave_marks(sql, document)
        self.id, self._key, self.base, self.pending = document, key, base, None
        self.way = [stride for stride in self.way if stride.id > mark]

    def _leave_marks(self, sql: sqlite3.Connection, document: int) -> None:
        """Give the file that the document leaves its own copy of the marks."""
        if sql.execute("SELECT 1 FROM mark WHERE document = ? LIMIT 1", (document,)).fetchone():
            query = "INSERT INTO mark SELECT ?, row, data, digest FROM mark WHERE document = ?"
            sql.execute(query, (self._created(sql), document))

    def beginning_at(self, path: Path, base: BaseRecord, marked: Iterable[MarkedRow]) -> "Journal":
        """The journal of another file, whose history begins now. This one stays what it is."""
        key = self.state.key_of(path)
        with self.state.transaction() as sql:
            _forget(sql, key)
            query = "INSERT INTO document (path, version, next_row, head, base) VALUES (?, ?, ?, 0, ?)"
            values = (key, self.version + 1, self.next_row, packed(base))
            write_marks(sql, new_id(sql.execute(query, values)), marked)
        return Journal(self.state, path)

    def drop_pending(self) -> None:
        """The announced save did not happen."""
        with self.state.transaction() as sql:
            sql.execute("UPDATE document SET pending = NULL WHERE id = ?", (self.id,))
        self.pending = None

    def adopt(self, base: BaseRecord, next_row: int, ends_way: bool = False) -> None:
        """The file was changed by another program in a way that leaves every step valid: it is the base
        now. ends_way: it holds all our edits.
        """
        with self.state.transaction() as sql:
            document = self.id or self._created(sql)
            if ends_way:
                sql.execute("DELETE FROM way WHERE document = ?", (document,))
            query = "UPDATE document SET base = ?, pending = NULL, next_row = ?, version = ? WHERE id = ?"
            sql.execute(query, (packed(base), next_row, self.version + 1, document))
        self.id, self.base, self.pending, self.next_row = document, base, None, next_row
        self.way = [] if ends_way else self.way
        self._newest = 0
        self.version += 1

    def stand_on_theirs(
        self, base: BaseRecord, theirs: Iterable[Step] | None, ours: Step | None, next_row: int
    ) -> None:
        """Stand on a file that another program wrote.

        theirs: the step from the rows as they are to that file's, None when it is not known and all steps
        and versions must be forgotten. ours: our unsaved edits on it.
        """
        number, stride = self._head, None
        with self.state.transaction() as sql:
            document = self.id or self._created(sql)
            if theirs is None:
                forget_steps(sql, document)
                parent = number = 0
            else:
                sql.execute("DELETE FROM way WHERE document = ?", (document,))
                query = "UPDATE step SET alive = 0 WHERE document = ? AND alive = 1 AND id > ?"
                sql.execute(query, (document, self._head))
                parent = self.node
                given = iter(theirs)
                if (first := next(given, None)) is not None:
                    parts = chain([first], given)
                    parent = number = insert_step(sql, document, THEIR_LABEL, parts, parent)[0]
            if ours is not None:
                number = insert_step(sql, document, ours.label, [ours], parent)[0]
                stride = insert_stride(sql, document, number, 1)
            sweep(sql, document)
            values = (self.version + 1, next_row, number, packed(base), document)
            columns = "version = ?, next_row = ?, head = ?, base = ?, pending = NULL"
            sql.execute(f"UPDATE document SET {columns} WHERE id = ?", values)
        self.id, self._head, self.base, self.pending, self.next_row = document, number, base, None, next_row
        self._newest = 0
        self.version += 1
        self.way = [] if stride is None else [stride]
        self._look_around()

    def _created(self, sql: sqlite3.Connection) -> int:
        values = (self._key, self.version, self.next_row, packed(self.base))
        query = "INSERT INTO document (path, version, next_row, head, base) VALUES (?, ?, ?, 0, ?)"
        return new_id(sql.execute(query, values))


THEIR_LABEL = "Changes by another program"


def _forget(sql: sqlite3.Connection, key: str) -> None:
    """Delete all that is known of a file."""
    for (document,) in sql.execute("SELECT id FROM document WHERE path = ?", (key,)).fetchall():
        forget_steps(sql, document)
        sql.execute("DELETE FROM mark WHERE document = ?", (document,))
        sql.execute("DELETE FROM document WHERE id = ?", (document,))
