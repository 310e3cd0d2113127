"""The steps of a document in the state database: written and read part by part."""

import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from tunedesk.dataset.damage import DamagedJournal
from tunedesk.dataset.state_db import StateDb
from tunedesk.dataset.steps import Step, decode_parts, encode_step


@dataclass(frozen=True, slots=True)
class Stride:
    """One step on the way from the base to the present; direction 1: done, -1: undone."""

    id: int
    step: int
    direction: int


@dataclass(frozen=True, slots=True)
class StepInfo:
    """A step without its content. time: seconds since 1970, None when it was made by an old TuneDesk, as is
    rows. is_alive: it can be undone or redone.
    """

    id: int
    label: str
    parent: int
    time: float | None
    rows: int | None
    is_marks: bool
    is_alive: bool


def info_of(state: StateDb, number: int) -> StepInfo:
    for row in state.rows(f"SELECT {_INFO} FROM step WHERE id = ?", number):
        return _info(row)
    raise _damaged(f"{number}")


def infos(state: StateDb, document: int) -> list[StepInfo]:
    """All steps in the order in which they were made."""
    return [
        _info(row) for row in state.rows(f"SELECT {_INFO} FROM step WHERE document = ? ORDER BY id", document)
    ]


_INFO = "id, label, parent, time, rows, is_marks, alive"


def _info(row: tuple[int, str, int, float | None, int | None, int, int]) -> StepInfo:
    number, label, parent, made, rows, is_marks, alive = row
    return StepInfo(number, label, parent, made, rows, bool(is_marks), bool(alive))


def parts_of(state: StateDb, number: int) -> Iterator[Step]:
    """A step part by part, so that a big one is never in memory whole."""
    info = info_of(state, number)
    try:
        yield from decode_parts(info.label, _values(state, number), goes_on=info.time is None)
    except (ValueError, msgspec.DecodeError, zlib.error) as error:
        raise _damaged(f'"{info.label}"') from error


def _damaged(step: str) -> DamagedJournal:
    hint = "Go on without it: what the rows are now can still be edited and saved."
    return DamagedJournal(f"The step {step} cannot be read from the history: it is damaged.", hint=hint)


def _values(state: StateDb, number: int) -> Iterator[bytes]:
    part = -1
    query = "SELECT part, data FROM step_part WHERE step = ? AND part > ? ORDER BY part LIMIT 1"
    while found := state.rows(query, number, part):
        part, data = found[0]
        yield data


def whole_step(state: StateDb, number: int) -> Step:
    """A step that is known to be small, in one piece."""
    parts = list(parts_of(state, number))
    if not parts:
        raise _damaged(f"{number}")
    made = parts[0]
    for part in parts[1:]:
        made = made.joined_with(part)
    return made


def insert_step(
    sql: sqlite3.Connection,
    document: int,
    label: str,
    parts: Iterable[Step],
    parent: int,
    is_alive: bool = True,
) -> tuple[int, bool]:
    """The new step's number, and whether it touches rows and not only marks."""
    query = "INSERT INTO step (document, alive, label, parent, time) VALUES (?, ?, ?, ?, ?)"
    number = new_id(sql.execute(query, (document, int(is_alive), label, parent, time.time())))
    touches_rows = insert_parts(sql, number, parts)
    if not touches_rows:
        sql.execute("UPDATE step SET is_marks = 1 WHERE id = ?", (number,))
    return number, touches_rows


def insert_parts(sql: sqlite3.Connection, number: int, parts: Iterable[Step]) -> bool:
    """True when rows and not only marks are touched."""
    touches_rows = False
    count = 0
    for part in parts:
        touches_rows = touches_rows or part.touches_rows
        for data in encode_step(part):
            sql.execute("INSERT INTO step_part (step, part, data) VALUES (?, ?, ?)", (number, count, data))
            count += 1
    return touches_rows


def insert_stride(sql: sqlite3.Connection, document: int, step: int, direction: int) -> Stride:
    query = "INSERT INTO way (document, step, direction) VALUES (?, ?, ?)"
    return Stride(new_id(sql.execute(query, (document, step, direction))), step, direction)


def new_id(cursor: sqlite3.Cursor) -> int:
    if cursor.lastrowid is None:
        raise sqlite3.InternalError("SQLite gave no number for a new row.")
    return cursor.lastrowid


def sweep(sql: sqlite3.Connection, document: int) -> None:
    """Delete steps that can be neither undone nor redone, except those that the way or a version needs."""
    query = """SELECT 1 FROM step WHERE document = ?1 AND alive = 0
               AND id NOT IN (SELECT step FROM way WHERE document = ?1) LIMIT 1"""
    if not sql.execute(query, (document,)).fetchone():
        return
    query = """WITH RECURSIVE needed (id) AS (
                   SELECT step FROM version WHERE document = ?1
                   UNION SELECT step.parent FROM step JOIN needed ON step.id = needed.id)
               SELECT id FROM step WHERE document = ?1 AND alive = 0
               AND id NOT IN (SELECT step FROM way WHERE document = ?1)
               AND id NOT IN (SELECT id FROM needed)"""
    for (number,) in sql.execute(query, (document,)).fetchall():
        sql.execute("DELETE FROM step_part WHERE step = ?", (number,))
        sql.execute("DELETE FROM step WHERE id = ?", (number,))


def forget_steps(sql: sqlite3.Connection, document: int) -> None:
    query = "DELETE FROM step_part WHERE step IN (SELECT id FROM step WHERE document = ?)"
    sql.execute(query, (document,))
    for table in ("step", "way", "version"):
        sql.execute(f"DELETE FROM {table} WHERE document = ?", (document,))
