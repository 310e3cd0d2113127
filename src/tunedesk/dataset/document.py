"""The editable document: a file of examples, every edit on disk before it is shown, undo that survives a
crash.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tunedesk.dataset import document_edits, document_merging, document_saving
from tunedesk.dataset.document_opening import open_live
from tunedesk.dataset.history import History, HistoryEntry, Version
from tunedesk.dataset.line_index import Progress
from tunedesk.dataset.live_document import LiveDocument
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.marks import NO_MARKS, RowMarks
from tunedesk.dataset.merging import MergeReport
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.state_db import StateDb
from tunedesk.dataset.steps import (
    Change,
)

if TYPE_CHECKING:
    from tunedesk.dataset.merging_copies import MergedCopy

RowId = int


class Document:
    """Rows of one dataset file. Positions count from 0; a row's id stays the same for as long as the row
    lives.

    All methods may be called from any thread. Each edit is one transaction in the state database and is
    on disk when the method returns; it returns what changed. Reading never waits for an edit that is being
    written. Edits raise UserError when the document is read-only, when the file was changed underneath, or
    when the edit cannot be stored; the rows are then as they were.
    """

    def __init__(self, live: LiveDocument) -> None:
        """Use `open`."""
        self._live = live
        self._history = History(live)
        self.merge_report: MergeReport | None = None
        """Set when the file had been changed by another program and unsaved edits were put onto it."""
        self.journal_report = ""
        """A sentence for the window when the journal could not be read; "" when all is well."""

    @classmethod
    def open(
        cls,
        path: Path,
        state: StateDb | Path,
        *,
        read_only: bool = False,
        progress: Progress | None = None,
    ) -> "Document":
        """Open a dataset file with its unsaved edits and its undo history.

        state: the project's database, or where one shall be; if it cannot be written the document is
        read-only. progress: called with bytes done and bytes in all. UserError for a missing, unreadable
        or damaged file and for binary content; an empty file has no rows. If another program
        changed the file since, unsaved edits are put onto it (`merge_report`).
        """
        opened = open_live(path, state, read_only, progress)
        document = cls(opened.live)
        document.merge_report = opened.merge_report
        document.journal_report = opened.journal_report
        return document

    @property
    def path(self) -> Path:
        return self._live.path

    @property
    def read_only(self) -> bool:
        return bool(self._live.read_only_reason)

    @property
    def read_only_reason(self) -> str:
        """A sentence, "" when the document can be edited."""
        return self._live.read_only_reason

    @property
    def mapping(self) -> ColumnMapping | None:
        """What the rows' keys mean when they are nobody's format. It is kept in the project, not here."""
        return self._live.mapping

    @mapping.setter
    def mapping(self, mapping: ColumnMapping | None) -> None:
        with self._live.lock:
            self._live.mapping = mapping

    @property
    def is_modified(self) -> bool:
        """True while there are edits that the file does not hold. Marks are no part of the file."""
        return bool(self._live.journal.way)

    @property
    def version(self) -> int:
        """Grows with every edit, undo and redo, also over restarts."""
        with self._live.lock:
            return self._live.rows.version

    @property
    def has_bom(self) -> bool:
        """True when the file starts with a byte order mark; it is kept, and belongs to no row."""
        with self._live.lock:
            return self._live.rows.base.has_bom

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was guessed when the file was opened, such as its encoding."""
        with self._live.lock:
            return self._live.rows.base.notes

    @property
    def line_end(self) -> bytes:
        """What the file's first line ends with, and new rows will."""
        with self._live.lock:
            return self._live.rows.base.default_line_end

    def __len__(self) -> int:
        with self._live.lock:
            return len(self._live.rows.order)

    def row_ids(self) -> Sequence[RowId]:
        """The ids in order, as they are now; later edits do not change what was returned."""
        with self._live.lock:
            return self._live.rows.order

    def id_at(self, position: int) -> RowId:
        """IndexError when there is no such position."""
        with self._live.lock:
            return self._live.rows.order[position]

    def position_of(self, row_id: RowId) -> int:
        """ValueError when there is no such row."""
        with self._live.lock:
            return self._live.rows.order.index(row_id)

    def raw(self, row_id: RowId) -> bytes:
        """The row without its line end. ValueError when there is no such row."""
        with self._live.lock:
            return self._live.rows.now().raw(row_id)

    def raw_at(self, position: int) -> bytes:
        with self._live.lock:
            return self._live.rows.now().raw_at(position)

    def is_edited(self, row_id: RowId) -> bool:
        """True when the row is new or differs from the file. ValueError when there is no such row."""
        with self._live.lock:
            return self._live.rows.now().is_edited(row_id)

    def marks(self, row_id: RowId) -> RowMarks:
        """`NO_MARKS` for a row that has none, or is not there."""
        with self._live.lock:
            return self._live.rows.now().marks(row_id)

    def snapshot(self) -> Snapshot:
        """The rows as they are now, for reading from any thread while edits go on."""
        return self._live.snapshot()

    def replace(self, row_id: RowId, raw: bytes, label: str, merge_key: str | None = None) -> Change:
        """Give a row another text. Edits that follow on each other with the same merge_key are one undo
        step.
        """
        return self.replace_many({row_id: raw}, label, merge_key)

    def replace_many(self, rows: Mapping[RowId, bytes], label: str, merge_key: str | None = None) -> Change:
        return document_edits.replace_many(self._live, rows, label, merge_key)

    def insert(self, position: int, raws: Sequence[bytes], label: str, marks: RowMarks = NO_MARKS) -> Change:
        """New rows before the row at `position`; the number of rows: last. marks: of each of them."""
        return document_edits.insert(self._live, position, raws, label, marks)

    def delete(self, row_ids: Iterable[RowId], label: str) -> Change:
        """ValueError when one of the rows is not there; then none is deleted."""
        return self.edit_many({}, row_ids, (), label)

    def edit_many(
        self,
        replace: Mapping[RowId, bytes],
        delete: Iterable[RowId],
        insert: Sequence[tuple[int, bytes]],
        label: str,
    ) -> Change:
        """Several kinds of edits as one undo step.

        insert: (position, row): before the row that stands at `position` now, len(document): last; rows with
        the same position in the order given. A row that is replaced and deleted is deleted. ValueError or
        IndexError when a row or position is not there; then nothing is changed.
        """
        return document_edits.edit_many(self._live, replace, delete, insert, label)

    def move(self, row_ids: Sequence[RowId], position: int, label: str) -> Change:
        """Put rows, in the order given, before the row that stands at `position` now; len(document): last.

        Given all ids in another order and position 0, it sorts.
        """
        return document_edits.move(self._live, row_ids, position, label)

    def set_marks(self, marks: Mapping[RowId, RowMarks], label: str, merge_key: str | None = None) -> Change:
        """Give rows other marks, `NO_MARKS` to take them off: one undo step, on disk at once, no part of
        `is_modified`. ValueError when a row is not there. merge_key: as in `replace`.
        """
        return document_edits.set_marks(self._live, marks, label, merge_key)

    @property
    def undo_label(self) -> str | None:
        found = self._live.journal.next_undo
        return found[1] if found else None

    @property
    def redo_label(self) -> str | None:
        found = self._live.journal.next_redo
        return found[1] if found else None

    def undo(self) -> Change | None:
        """Take the last step back, also one from before a restart or a save. None when there is none."""
        with self._live.editing:
            found = self._live.journal.next_undo
            return self._live.travel(found, -1) if found else None

    def redo(self) -> Change | None:
        with self._live.editing:
            found = self._live.journal.next_redo
            return self._live.travel(found, 1) if found else None

    def history(self) -> Sequence[HistoryEntry]:
        """Every step that can be undone or redone, oldest first."""
        return self._history.entries()

    @property
    def history_bytes(self) -> int:
        """What the history takes on the disk. Nothing of it is ever given up on its own: when the disk is
        full, an edit is refused in a sentence.
        """
        return self._history.bytes_stored()

    def name_version(self, name: str) -> Version:
        """Name the rows, their order and marks as they are now. UserError for an empty or taken name.

        A version stays, also when the steps that led to it are undone and others made, over saves, restarts
        and changes of the file by other programs, with one exception: the file was changed while it was not
        open here, and there were unsaved edits on rows that are no longer where they were. The file's old
        text is then known to nobody; `merge_report.versions_lost` says so.
        """
        return self._history.name(name)

    def versions(self) -> Sequence[Version]:
        """Oldest first."""
        return self._history.versions()

    def rename_version(self, version: Version, name: str) -> Version:
        return self._history.rename(version, name)

    def delete_version(self, version: Version) -> None:
        self._history.delete(version)

    def at_version(self, version: Version | HistoryEntry) -> Snapshot:
        """The rows as they were at a version or after a step. UserError when that can no longer be told."""
        return self._history.at(version)

    def restore(self, version: Version | HistoryEntry, label: str) -> Change:
        """Make rows, order and marks what they were then, as one undo step."""
        return self._history.restore(version, label)

    def save(self) -> None:
        """Write the file anew and put it in the old one's place; untouched rows stay byte for byte.

        Edits and reads go on meanwhile. UserError when another program changed the file, or it cannot be
        written; the old file and all edits are then as they were.
        """
        document_saving.save(self._live)

    def save_as(self, path: Path, *, nested_as_json: bool = False) -> None:
        """Write all rows to another file, replacing it if it is there, and go on as that file.

        Marks and history go with it; the old file keeps a copy of the marks. The name decides on the
        container (.jsonl, .json, .csv, .tsv, .xlsx, .parquet, and .gz or .zst after them). UserError when a
        row cannot stand in it; nested_as_json: lists and objects may become texts. Where the container
        changes what rows say, such as numbers that become texts in CSV, the history starts anew, and unsaved
        edits stay with the old file. A read-only document writes the copy and stays what it is.
        """
        path = path.resolve()
        if path == self._live.path and not self.read_only:
            return self.save()
        document_saving.save_as(self._live, path, nested_as_json)

    def changed_on_disk(self) -> bool:
        """True when another program has changed the file. A file that was deleted counts as unchanged:
        save it.
        """
        with self._live.lock:
            return self._live.changed_on_disk()

    def merge_from_disk(self) -> MergeReport:
        """Take over the file as another program left it and put our unsaved edits onto it, as one undo step.

        Where the rows we touched are still in their places, the whole undo history stays. Elsewhere undo
        goes first to that file and then to the rows as they were here.
        """
        return document_merging.merge_from_disk(self._live)

    def merge_with(
        self,
        theirs: Path,
        begun: Snapshot | Version | HistoryEntry,
        *,
        progress: Progress = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> "MergedCopy | None":
        """Take over what another person changed in a copy of this dataset, as one undo step.

        begun: the moment of this document at which that copy was made. Rows that both sides changed are
        never chosen between: both versions are there, with the tag "conflict" and a note. None when
        cancelled. UserError when the copy cannot be read or rows were edited meanwhile.
        """
        from tunedesk.dataset.merging_copies import merge_copy  # needs much that opening does not

        then = begun if isinstance(begun, Snapshot) else self.at_version(begun)
        return merge_copy(self._live, theirs, then, progress, cancelled)

    def close(self) -> None:
        """Nothing is left to write; the state database stays open, its project closes it."""
        with self._live.lock:
            name = self._live.path.name
            self._live.read_only_reason = self._live.read_only_reason or f"{name} was closed."
