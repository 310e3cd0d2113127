"""Taking another analyst's changes of the same dataset into a document, as one undo step that loses
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tunedesk.dataset.base import Base
from tunedesk.dataset.difference import places_between
from tunedesk.dataset.live_document import LiveDocument
from tunedesk.dataset.marks import NO_MARKS, RowMarks
from tunedesk.dataset.order import Order, Run
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Change, TextEdit, in_parts
from tunedesk.dataset.three_way import Conflict, Merged, merge_rows
from tunedesk.errors import UserError

CONFLICT = "conflict"
"""The tag of rows that both sides changed."""


@dataclass(frozen=True, slots=True)
class MergedCopy:
    """taken: how many of their changes are in the document now, conflicts not counted. conflicts: the rows
    that a person should look at; they have the tag `CONFLICT` and a note that says why.
    """

    taken: int
    conflicts: tuple[int, ...]
    change: Change

    @property
    def sentence(self) -> str:
        taken = "1 change" if self.taken == 1 else f"{self.taken} changes"
        if not self.conflicts:
            return f"{taken} taken over."
        rows = "1 row" if len(self.conflicts) == 1 else f"{len(self.conflicts)} rows"
        return f'{taken} taken over. Both sides changed the same: {rows} with the tag "{CONFLICT}".'


def merge_copy(
    live: LiveDocument,
    theirs: Path,
    begun: Snapshot,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> MergedCopy | None:
    """begun: the rows that both sides started from. None when cancelled; nothing is changed then."""
    live.check_editable()
    file = Base.open(theirs)
    lines = Order([Run(1, len(file))])
    copy = Snapshot(file, lines, lines, {}, 0)
    ours = live.snapshot()
    merged = merge_rows(begun, ours, copy, ours_by_id=True, progress=progress, cancelled=cancelled)
    if merged is None:
        return None
    with live.editing:
        live.check_editable()
        if live.rows.version != ours.version:
            message = f"Rows were edited while {theirs.name} was compared."
            raise UserError(message, hint="Merge it again.")
        return _Copying(live, ours, copy, merged, theirs.name).committed()


class _Copying:
    """The result of a merge as a step of the document."""

    def __init__(
        self, live: LiveDocument, ours: Snapshot, theirs: Snapshot, merged: Merged, name: str
    ) -> None:
        self._live, self._ours, self._theirs, self._merged, self._name = live, ours, theirs, merged, name
        self._first = self._next = live.journal.next_row
        self._replaced: dict[int, bytes] = {}
        self._new: dict[int, bytes] = {}
        self._notes: dict[int, str] = {}

    def committed(self) -> MergedCopy:
        conflicts = {conflict.place: conflict for conflict in self._merged.conflicts}
        ids: list[int] = []
        for place, row in enumerate(self._merged.rows):
            if row.ours is not None:
                ids.append(self._ours.ids[row.ours])
                if row.raw is not None:
                    self._replaced[ids[-1]] = row.raw
            else:
                ids.append(self._inserted(row.raw or b""))
            if place in conflicts:
                ids += self._told(conflicts[place], ids[-1])
        change = self._commit(Order.of_ids(ids))
        return MergedCopy(self._merged.from_them, tuple(self._notes), change)

    def _inserted(self, raw: bytes) -> int:
        self._new[self._next] = self._live.checked(raw)
        self._next += 1
        return self._next - 1

    def _told(self, conflict: Conflict, row: int) -> list[int]:
        """Note a conflict at its row; their version of a row that both changed becomes a row of its own."""
        if conflict.kind == "deleted-by-us":
            self._notes[row] = f"You had deleted this row; {self._name} has it changed."
        elif conflict.kind == "deleted-by-them":
            self._notes[row] = f"You changed this row; {self._name} has it no longer."
        if conflict.kind != "changed" or conflict.theirs is None:
            return []
        other = self._inserted(self._theirs.raw_at(conflict.theirs))
        where = ", ".join(pointer or "the whole row" for pointer in conflict.pointers)
        self._notes[row] = f"{self._name} has this row changed as well: {where}. Its version is the next row."
        self._notes[other] = f"The version of the row before in {self._name}."
        return [other]

    def _commit(self, order: Order) -> Change:
        gone = [row for row in self._ours.ids if row not in order]
        removed, added = places_between(self._ours.order, order, gone, list(self._new))
        before = {row: NO_MARKS if row in self._new else self._ours.marks(row) for row in self._notes}
        after = {row: _in_conflict(before[row], note) for row, note in self._notes.items()}
        label = f"Merge with {self._name}"
        parts = in_parts(label, self._texts(gone), removed, added, before, after)
        return self._live.commit(label, parts, len(self._new))

    def _texts(self, gone: list[int]) -> Iterator[TextEdit]:
        for row, raw in self._ours.texts_of(gone):
            yield row, raw, None
        for row, raw in self._ours.texts_of(self._replaced):
            yield row, raw, self._live.checked(self._replaced[row])
        for row, raw in self._new.items():
            yield row, None, raw


def _in_conflict(marks: RowMarks, note: str) -> RowMarks:
    tags = marks.tags if CONFLICT in marks.tags else (*marks.tags, CONFLICT)
    return msgspec.structs.replace(marks, tags=tags, note=f"{marks.note}\n{note}".strip(), reviewed=False)
