"""A document's rows in memory: the file, the order, the texts that differ and the marks; knows nothing of
journal or locks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tunedesk.dataset.base import Base
from tunedesk.dataset.mark_table import MarkedRow
from tunedesk.dataset.marks import NO_MARKS, RowMarks, digest_of
from tunedesk.dataset.order import Order
from tunedesk.dataset.places import only_in
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Change, Step

_BIG = 1000


class Prepared:
    """What a step will make of the rows, gathered part by part, without changing them yet.

    texts: the new text of a row, None where it is the file's again or the row goes.
    """

    def __init__(self, rows: "LiveRows", compare_with_file: bool = True) -> None:
        """compare_with_file: a text that is the file's again counts as unedited; False when it cannot be
        read.
        """
        self._rows = rows
        self._compare = compare_with_file
        self.order = rows.order
        self.texts: dict[int, bytes | None] = {}
        self.marks: dict[int, RowMarks] = {}
        self._same: dict[RowMarks, RowMarks] = {}
        self._changed: list[int] = []
        self.inserted: tuple[int, ...] = ()
        self.deleted: tuple[int, ...] = ()
        self._moved = 0

    def add(self, part: Step) -> Step:
        """Returns the part, so that it can be stored in the same go."""
        if part.removed or part.added:
            self._place(part)
        for row, raw in part.before.items():
            if row not in part.after:
                self.texts[row] = None
            elif part.after[row] != raw:
                self._changed.append(row)
        self.texts.update(part.after)
        if self._compare:
            for row, raw in self._rows.texts_in_file(part.after):
                if raw == part.after[row]:
                    self.texts[row] = None
        # Half a million rows that are all "reviewed" share one value.
        self.marks.update(
            (row, self._same.setdefault(marks, marks)) for row, marks in part.marks_after.items()
        )
        return part

    @property
    def touched(self) -> int:
        """How many rows are changed, come, go, or have other marks; for a mere move, the rows of it."""
        return len({*self._changed, *self.inserted, *self.deleted, *self.marks}) or self._moved

    def _place(self, part: Step) -> None:
        self.inserted = tuple(only_in(part.added, part.removed))
        self.deleted = tuple(only_in(part.removed, part.added))
        self._moved = part.added.rows - len(self.inserted)
        self.order = self.order.without(part.removed).with_added(part.added)

    @property
    def is_big(self) -> bool:
        """True when it takes long to publish."""
        return len(self.texts) + len(self.marks) + len(self.inserted) + len(self.deleted) > _BIG

    def marked_rows(self) -> tuple[MarkedRow, ...]:
        """The rows whose stored marks, or the texts that belong to them, are others now."""
        marks = {row: self._rows.marks_of(row) for row in self.texts if row in self.order}
        marks = {row: there for row, there in marks.items() if there != NO_MARKS} | self.marks
        known = {row: raw for row in marks if (raw := self.texts.get(row)) is not None}
        unknown = [row for row in marks if row not in known and row in self.order]
        found = {row: digest_of(raw) for row, raw in known.items()}
        for row, raw in self._rows.texts_after(unknown, self.texts):
            found[row] = digest_of(raw)
        return tuple(MarkedRow(row, there, found.get(row, b"")) for row, there in marks.items())

    def change(self, label: str) -> Change:
        return Change(
            changed=tuple(self._changed),
            inserted=self.inserted,
            deleted=self.deleted,
            moved=self._moved > 0,
            label=label,
            marked=tuple(self.marks),
        )


class LiveRows:
    """The rows as they stand, changed step by step. The caller does the locking."""

    def __init__(
        self, base: Base, base_order: Order, version: int = 1, marks: Mapping[int, RowMarks] | None = None
    ) -> None:
        """marks: also those of rows that were deleted; they are shown again when such a row comes back."""
        self.base = base
        self.base_order = base_order
        self.order = base_order
        self.version = version
        self._texts: dict[int, bytes] = {}
        self._marks: dict[int, RowMarks] = {}
        self._buried: dict[int, RowMarks] = {}
        self._is_shared = False
        for row, mark in (marks or {}).items():
            (self._marks if row in base_order else self._buried)[row] = mark

    def now(self) -> Snapshot:
        """The rows for a look that ends before the next change; costs nothing."""
        return Snapshot(self.base, self.base_order, self.order, self._texts, self.version, self._marks)

    def snapshot(self) -> Snapshot:
        """The rows for good; the next change copies the texts that differ from the file."""
        self._is_shared = True
        return self.now()

    def copy(self) -> "LiveRows":
        """The same rows, to go another way with."""
        made = LiveRows(self.base, self.base_order, self.version)
        made.order = self.order
        made._texts, made._marks, made._buried = dict(self._texts), dict(self._marks), dict(self._buried)
        return made

    def apply(self, step: Step, compare_with_file: bool = True) -> None:
        prepared = Prepared(self, compare_with_file)
        prepared.add(step)
        self.publish(prepared)

    def publish(self, prepared: Prepared) -> None:
        """Make the rows what was prepared."""
        if self._is_shared:
            self._texts, self._marks = dict(self._texts), dict(self._marks)
            self._is_shared = False
        self.order = prepared.order
        for row, raw in prepared.texts.items():
            if raw is None:
                self._texts.pop(row, None)
            else:
                self._texts[row] = raw
        if self._buried or self._marks:
            _carry(prepared.deleted, self._marks, self._buried)
            _carry(prepared.inserted, self._buried, self._marks)
        for row, marks in prepared.marks.items():
            there = self._marks if row in self.order else self._buried
            if marks == NO_MARKS:
                there.pop(row, None)
            else:
                there[row] = marks

    def fits(self, step: Step) -> bool:
        """True when the step finds what it knew: the texts before, and the rows it takes out in their
        places.
        """
        texts = self.now().texts_of
        return self.has_rows(step) and all(raw == step.before[row] for row, raw in texts(step.before))

    def has_rows(self, step: Step) -> bool:
        """True when the rows that the step knew are there, those that it takes out in their places, and there
        is room for those that it puts in.
        """
        if not self.order.holds(step.removed):
            return False
        left = len(self.order) - step.removed.rows
        if step.added and step.added[-1].position + step.added[-1].size > left + step.added.rows:
            return False
        if any(row in self.order for row in only_in(step.added, step.removed)):
            return False
        taken = set(step.removed.ids()) if step.before else ()
        return all(row in taken or row in self.order for row in step.before)

    def stand_on(self, new: Base, saved: Snapshot) -> None:
        """`saved` is in the file now; what was edited since stays an edit."""
        present = self.now()
        touched = {*saved.texts, *present.texts, *missing(present.order, saved.order)}
        texts = {row: present.raw(row) for row in touched if row in present.order}
        self.base, self.base_order = new, saved.order
        self._texts = {
            row: raw for row, raw in texts.items() if row not in saved.order or saved.raw(row) != raw
        }
        self._marks = dict(self._marks)
        self._is_shared = False

    def marks_of(self, row_id: int) -> RowMarks:
        """Also of a deleted row, which has them again when it comes back."""
        return self._marks.get(row_id) or self._buried.get(row_id, NO_MARKS)

    def texts_in_file(self, row_ids: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The file's texts of those of the rows that it has."""
        there = [row for row in row_ids if row in self.base_order]
        return Snapshot(self.base, self.base_order, self.base_order, {}, 0).texts_of(there)

    def texts_after(
        self, row_ids: Sequence[int], changes: Mapping[int, bytes | None]
    ) -> Iterator[tuple[int, bytes]]:
        """The rows' texts once those in `changes` with None are the file's again."""
        texts = {
            row: raw for row in row_ids if row not in changes and (raw := self._texts.get(row)) is not None
        }
        yield from texts.items()
        yield from self.texts_in_file(row for row in row_ids if row not in texts)


def _carry(rows: tuple[int, ...], source: dict[int, RowMarks], target: dict[int, RowMarks]) -> None:
    for row in rows:
        if (marks := source.pop(row, None)) is not None:
            target[row] = marks


def missing(order: Order, other: Order) -> Iterator[int]:
    """The ids of `order` that are not in `other`."""
    if order == other:
        return
    for first, size in order.runs():
        for located in other.locate(first, size):
            if located.position is None:
                yield from range(located.first, located.first + located.size)
