"""The marks of a document's rows as they stand in the state database."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from tunedesk.dataset.damage import DamagedJournal, sealed, unsealed
from tunedesk.dataset.marks import NO_MARKS, RowMarks
from tunedesk.dataset.state_db import StateDb


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """digest: of the row's text as it is now, by which the row is found again in a changed file."""

    row: int
    marks: RowMarks
    digest: bytes


def load_marks(state: StateDb, document: int) -> tuple[dict[int, RowMarks], dict[int, bytes]]:
    """The marks of each row that has some, deleted rows too; and the digests of their texts."""
    decode = msgspec.msgpack.Decoder(RowMarks).decode
    query = "SELECT row, data, digest FROM mark WHERE document = ?"
    marks: dict[int, RowMarks] = {}
    digests: dict[int, bytes] = {}
    known: dict[bytes, RowMarks] = {}
    try:
        for row, data, digest in state.rows(query, document):
            marks[row] = known.get(data) or known.setdefault(data, decode(unsealed(data)))
            digests[row] = digest
    except (ValueError, msgspec.DecodeError) as error:
        raise DamagedJournal("The marks of the rows are damaged.") from error
    return marks, digests


def write_marks(sql: sqlite3.Connection, document: int, rows: Iterable[MarkedRow]) -> None:
    for marked in rows:
        if marked.marks == NO_MARKS:
            sql.execute("DELETE FROM mark WHERE document = ? AND row = ?", (document, marked.row))
        else:
            data = sealed(msgspec.msgpack.encode(marked.marks))
            values = (document, marked.row, data, marked.digest)
            sql.execute("REPLACE INTO mark (document, row, data, digest) VALUES (?, ?, ?, ?)", values)
