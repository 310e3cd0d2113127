"""Findings that a person has looked at and lets stand, each with a reason; kept in the project's database.

Nothing is written into the dataset: JSON has no comments, and several targets refuse unknown keys.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tunedesk.dataset.parsing import ParsedRow
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError
from tunedesk.lint.finding import Finding


@dataclass(frozen=True, slots=True)
class Suppression:
    """One finding that is not to be shown again, as long as its row says what it says now.

    digest: of the row's content (`row_digest`), so that it survives sorting and renaming, and ends when the
    row is changed. pointer: where in the row; None for the whole row. created: UTC, ISO 8601.
    """

    id: int
    code: str
    digest: str
    pointer: str | None
    reason: str
    author: str
    created: str

    def covers(self, finding: Finding, digest: str) -> bool:
        """Whether it is about this finding of a row with this content."""
        same_place = self.pointer is None or self.pointer == finding.pointer
        return self.code == finding.code and self.digest == digest and same_place


def row_digest(parsed: ParsedRow) -> str:
    """32 hex digits for what a row says: the order of its keys and its white space make no difference.

    A line that cannot be read without trouble is told by its bytes.
    """
    if parsed.value is None or parsed.problems:
        content = parsed.raw
    else:
        content = msgspec.json.encode(parsed.value, order="sorted")
    return hashlib.blake2b(content, digest_size=16).hexdigest()


class SuppressionStore:
    """The suppressions of one dataset file in a project's state database. UserError when it cannot be
    written or read.
    """

    def __init__(self, state: StateDb, dataset: Path) -> None:
        self._state = state
        self._dataset = state.key_of(dataset.resolve())

    def all(self) -> tuple[Suppression, ...]:
        """Oldest first."""
        query = (
            "SELECT id, code, digest, pointer, reason, author, created FROM suppression"
            " WHERE dataset = ? ORDER BY id"
        )
        return tuple(Suppression(*row) for row in self._state.rows(query, self._dataset))

    def add(
        self, code: str, parsed: ParsedRow, pointer: str | None, reason: str, author: str = ""
    ) -> Suppression:
        """UserError without a reason: whoever comes next must know why a finding is missing."""
        if not reason.strip():
            raise UserError("A suppression needs a reason.", hint="Say why the finding may stand.")
        digest = row_digest(parsed)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        values = (self._dataset, code, digest, pointer, reason.strip(), author, created)
        with self._state.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO suppression (dataset, code, digest, pointer, reason, author, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        return Suppression(int(cursor.lastrowid or 0), code, digest, pointer, values[4], author, created)

    def remove(self, suppressions: Iterable[Suppression]) -> None:
        with self._state.transaction() as connection:
            connection.executemany(
                "DELETE FROM suppression WHERE id = ? AND dataset = ?",
                [(each.id, self._dataset) for each in suppressions],
            )


def unused(suppressions: Sequence[Suppression], used: Iterable[Suppression]) -> tuple[Suppression, ...]:
    """Those that covered nothing in a whole lint run."""
    seen = {each.id for each in used}
    return tuple(each for each in suppressions if each.id not in seen)
