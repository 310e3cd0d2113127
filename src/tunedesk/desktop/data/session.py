"""One open dataset on the drawing thread: intents go in, the document changes, signals come out."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.document import Document
from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.history import HistoryEntry, Version
from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.merging import MergeReport
from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.dataset.row_edits import dump_row, new_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Change
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.data.table import shown_rows
from tunedesk.errors import UserError

if TYPE_CHECKING:  # brings the whole machinery of merging, which opening does not need
    from tunedesk.dataset.merging_copies import MergedCopy

Row = dict[str, Any]

PAUSE_SECONDS = 3.0
"""Typing that pauses for longer begins a new undo step."""
FIRST_ROWS = 20
"""Looked at to find out a file's format."""
MANY_ROWS = 500
"""Edits of more rows than this go through the background."""


class DatasetSession(QObject):
    """Every edit is in the journal when the method returns (for many rows: when `changed` comes)."""

    changed = Signal(Change)
    state_changed = Signal()
    """Undo, redo, saved or not."""
    saved = Signal()
    failed = Signal(Exception)
    travelled = Signal(Change)
    """What an undo or redo changed; comes after `changed`."""
    merged = Signal(str)
    """Everything may be different: the edits stand on the changed file now. Carries a sentence about them."""

    def __init__(self, document: Document, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self._background = background
        self._last_key = ""
        self._last_time = 0.0
        self._burst = 0
        self._saving: Job | None = None
        self._now = document.snapshot()
        self._unstored: dict[tuple[int, str], Callable[[], None]] = {}

    @property
    def read_only(self) -> bool:
        return self.document.read_only

    @property
    def path(self) -> Path:
        return self.document.path

    @property
    def now(self) -> Snapshot:
        """The rows as they are shown. Reading here never waits for a long edit, which locks the document."""
        return self._now

    def number_of(self, row_id: int) -> int | None:
        """The row's number, from 1; None when it is gone."""
        return self._now.ids.index(row_id) + 1 if row_id in self._now.ids else None

    def parsed(self, row_id: int) -> ParsedRow:
        return parse_row(self._now.raw(row_id))

    def edit_row(self, row_id: int, change: Callable[[Row], Row], label: str, place: str = "") -> None:
        """place: where something is typed; keys that follow each other in one place are one undo step, and
        what could not be stored is tried again after a merge.
        """
        key = self._merge_key(f"{place}:{row_id}") if place else None
        stored = self._do(lambda: self._replaced(row_id, change, label, key))
        if place:
            self._remember((row_id, place), stored, lambda: self.edit_row(row_id, change, label, place))

    def set_raw(self, row_id: int, raw: bytes) -> None:
        key = self._merge_key(f"raw:{row_id}")
        stored = self._do(lambda: self.document.replace(row_id, raw, "Edit JSON", merge_key=key))
        self._remember((row_id, "raw"), stored, lambda: self.set_raw(row_id, raw))

    def apply(self, row_id: int, raw: bytes | None, label: str) -> None:
        """A fix: the row's new line, or None to delete the row."""
        if raw is None:
            self._do(lambda: self.document.delete([row_id], label))
        else:
            self._do(lambda: self.document.replace(row_id, raw, label))

    def change_many(self, rows: Mapping[int, bytes], label: str) -> None:
        """New lines for rows, as one undo step."""
        self._do_many(lambda: self.document.replace_many(rows, label), len(rows), label)

    def merge_with(
        self,
        theirs: Path,
        begun: Snapshot | Version | HistoryEntry,
        then: Callable[[str, tuple[int, ...]], None],
    ) -> None:
        """Take over a colleague's changes; then: gets a sentence and the rows that both sides changed."""

        def done(merged: "MergedCopy | None") -> None:
            if merged is not None:
                self._tell(merged.change)
                then(merged.sentence, merged.conflicts)

        self._background.run(
            lambda job: self.document.merge_with(
                theirs, begun, progress=job.report, cancelled=job.is_cancelled
            ),
            done,
            self.failed.emit,
            owner=self,
            label=f"Merging {theirs.name}",
        )

    def change_document(self, work: Callable[[Document], Change], label: str) -> None:
        """An edit of a size that nobody knows, in the background."""
        self._background.run(
            lambda job: work(self.document),
            self._tell,
            self.failed.emit,
            owner=self,
            label=label,
            can_cancel=False,
        )

    def mend_many(self, replaced: Mapping[int, bytes], deleted: Sequence[int], label: str) -> None:
        """Rows changed and rows deleted, as one undo step."""
        count = len(replaced) + len(deleted)
        self._do_many(lambda: self.document.edit_many(replaced, deleted, (), label), count, label)

    def mark(
        self,
        row_ids: Sequence[int],
        plan: Callable[[Mapping[int, RowMarks]], tuple[Mapping[int, RowMarks], str]],
        label: str,
    ) -> None:
        """Give rows other marks, as one undo step. plan: from what they are to what they shall be and the
        step's name. label: what the status line says meanwhile.
        """

        def work() -> Change:
            now = self.document.snapshot()
            marks, name = plan({row: now.marks(row) for row in row_ids if row in now.ids})
            return self.document.set_marks(marks, name)

        self._do_many(work, len(row_ids), label)

    def add_row(self, position: int) -> None:
        raw = new_row(usual_format(self.document), mapping=self.document.mapping)
        self._do(lambda: self.document.insert(position, [raw], "Add row"))

    def append(self, raw: bytes, label: str) -> None:
        """A row that was made elsewhere, e.g. in a chat."""
        self._do(lambda: self.document.insert(len(self.document), [raw], label))

    def append_many(self, raws: Sequence[bytes], label: str, marks: RowMarks) -> None:
        """New rows at the end, all with the same marks, as one undo step."""
        self._do_many(lambda: self.document.insert(len(self.document), raws, label, marks), len(raws), label)

    def insert(self, position: int, raws: Sequence[bytes], label: str) -> None:
        """New rows before the one at a position, from 0."""
        self._do_many(lambda: self.document.insert(position, raws, label), len(raws), label)

    def move_to(self, row_ids: Sequence[int], position: int) -> None:
        """Before the row that stands at a position, from 0, as one block."""
        label = "Move row" if len(row_ids) == 1 else f"Move {len(row_ids):,} rows"
        self._do_many(lambda: self.document.move(row_ids, position, label), len(row_ids), label)

    def duplicate(self, row_ids: Sequence[int]) -> None:
        """The copies stand behind the last of the rows."""
        label = "Duplicate row" if len(row_ids) == 1 else f"Duplicate {len(row_ids):,} rows"

        def work() -> Change:
            position = max(map(self.document.position_of, row_ids)) + 1
            return self.document.insert(position, [self.document.raw(row_id) for row_id in row_ids], label)

        self._do_many(work, len(row_ids), label)

    def delete(self, row_ids: Sequence[int]) -> None:
        label = "Delete row" if len(row_ids) == 1 else f"Delete {len(row_ids):,} rows"
        self._do_many(lambda: self.document.delete(row_ids, label), len(row_ids), label)

    def move(self, row_ids: Sequence[int], up: bool) -> None:
        """One place up or down, as one block."""
        positions = sorted(map(self._now.ids.index, row_ids))
        to = positions[0] - 1 if up else positions[-1] + 2
        if not 0 <= to <= len(self._now):
            return
        label = f"Move row {'up' if up else 'down'}" if len(row_ids) == 1 else f"Move {len(row_ids):,} rows"
        self._do_many(lambda: self.document.move(row_ids, to, label), len(row_ids), label)

    def undo(self) -> None:
        self._travel(self.document.undo, "Undoing")

    def redo(self) -> None:
        self._travel(self.document.redo, "Redoing")

    def save(self) -> None:
        self._save(self.document.save)

    def save_as(self, path: Path) -> None:
        self._save(lambda: self.document.save_as(path))

    def merge_from_disk(self) -> None:
        def merged(report: MergeReport) -> None:
            self._now = self.document.snapshot()
            self._type_again()
            self.merged.emit(report.sentence)
            self.state_changed.emit()

        self._background.run(
            lambda job: self.document.merge_from_disk(), merged, self.failed.emit, owner=self, label="Merging"
        )

    def _travel(self, work: Callable[[], Change | None], label: str) -> None:
        """In the background, since nobody knows how big the step is."""
        self._end_burst()

        def then(change: Change | None) -> None:
            if change is not None:
                self._tell(change)
                self.travelled.emit(change)

        self._background.run(
            lambda job: work(), then, self.failed.emit, owner=self, label=label, can_cancel=False
        )

    def _save(self, work: Callable[[], None]) -> None:
        if self._saving is not None:
            return

        def done(_: object) -> None:
            self._saving = None
            self._now = self.document.snapshot()
            self.saved.emit()
            self.state_changed.emit()

        def trouble(error: Exception) -> None:
            self._saving = None
            self.failed.emit(error)

        self._saving = self._background.run(
            lambda job: work(), done, trouble, owner=self, label="Saving", can_cancel=False
        )

    def _remember(self, place: tuple[int, str], stored: bool, again: Callable[[], None]) -> None:
        """What was typed and could not be stored, e.g. because another program changed the file, is tried
        again after a merge; of each place the newest text counts.
        """
        if stored:
            self._unstored.pop(place, None)
        else:
            self._unstored[place] = again

    def _type_again(self) -> None:
        waiting, self._unstored = self._unstored, {}
        for (row_id, _), again in waiting.items():
            if row_id in self._now.ids:
                again()

    def _replaced(self, row_id: int, change: Callable[[Row], Row], label: str, key: str | None) -> Change:
        raw = self.document.raw(row_id)
        value = parse_row(raw).value
        if value is None:
            raise ValueError(f"row {row_id} cannot be read, so it has no turns")
        return self.document.replace(row_id, dump_row(change(value), like=raw), label, merge_key=key)

    def _do_many(self, work: Callable[[], Change], count: int, label: str) -> None:
        if count <= MANY_ROWS:
            self._do(work)
            return
        self._background.run(
            lambda job: work(), self._tell, self.failed.emit, owner=self, label=label, can_cancel=False
        )

    def _do(self, work: Callable[[], Change | None]) -> bool:
        """False when it could not be done; the reason has been told."""
        try:
            change = work()
        except (UserError, OSError) as error:
            self.failed.emit(error)
            return False
        if change is not None:
            self._tell(change)
        return True

    def _tell(self, change: Change) -> None:
        if change.changed or change.is_structural or change.marked:
            self._now = self.document.snapshot()
            self.changed.emit(_as_seen_in(self._now, change))
            self.state_changed.emit()

    def _merge_key(self, place: str) -> str:
        """The same for keys that follow each other in one place; another after a pause."""
        now = time.monotonic()
        if place != self._last_key or now - self._last_time > PAUSE_SECONDS:
            self._burst += 1
        self._last_key, self._last_time = place, now
        return f"{place}:{self._burst}"

    def _end_burst(self) -> None:
        self._last_key = ""


def _as_seen_in(now: Snapshot, change: Change) -> Change:
    """Without rows that are gone again: what happened in the background may be told after the next edit."""
    there = shown_rows.among(change.inserted, now.ids)
    return change if len(there) == len(change.inserted) else replace(change, inserted=tuple(there))


def usual_format(document: Document) -> RowFormat:
    """The format of the first row that has one; chat in an empty file."""
    for position in range(min(len(document), FIRST_ROWS)):
        kind = detect_format(parse_row(document.raw_at(position)).value, document.mapping)
        if kind is not RowFormat.UNKNOWN:
            return kind
    return RowFormat.CHAT
