"""The editable document: a file of examples, every edit on disk before it is shown, undo that survives a
crash.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tunedesk.dataset.base import Base, signature_of
from tunedesk.dataset.files import refuse_what_is_no_dataset
from tunedesk.dataset.journal import BaseRecord, Journal, Pending
from tunedesk.dataset.line_index import Progress
from tunedesk.dataset.live_rows import LiveRows
from tunedesk.dataset.merging import Merge, MergeReport, merge, our_side
from tunedesk.dataset.order import Order, Run
from tunedesk.dataset.saving import form_for, put_in_place, remove_leftovers, write_beside
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.state_db import StateDb
from tunedesk.dataset.steps import CARRIED_ROWS, Change, Step, deleting, inserting, moving
from tunedesk.errors import UserError

RowId = int


class Document:
    """Rows of one dataset file. Positions count from 0; a row's id stays the same for as long as the row
    lives.

    All methods may be called from any thread. Each edit is one transaction in the state database and is
    on disk when the method returns; it returns what changed. Edits raise UserError when the document is
    read-only, when the file was changed underneath, or when the edit cannot be stored; the rows are then
    as they were.
    """

    def __init__(self, path: Path, journal: Journal, base: Base, base_order: Order, reason: str) -> None:
        """Use `open`."""
        self._lock = threading.RLock()
        self._saving = threading.Lock()
        self._journal = journal
        self._path = path
        self._rows = LiveRows(base, base_order)
        self._typing: tuple[str, int] | None = None
        self._read_only_reason = reason
        self.merge_report: MergeReport | None = None
        """Set when the file had been changed by another program and unsaved edits were put onto it."""

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
        refuse_what_is_no_dataset(path)
        path = path.resolve()
        reason = f"{path.name} was opened for reading only." if read_only else ""
        if isinstance(state, Path):
            state, reason = _open_state(state, reason)
        elif state.path is None and not reason:
            reason = "Edits could not be stored, so the document is read-only."
        if not reason:
            remove_leftovers(path)
        base = Base.open(path, progress)
        if reason and state.path is not None:
            # A read-only document never writes into the project's database, not even to note a merge.
            state = StateDb.private_copy(state.path, state.root)
        journal = Journal(state, path)
        return cls._restored(path, journal, base, reason)

    @classmethod
    def _restored(cls, path: Path, journal: Journal, base: Base, reason: str) -> "Document":
        """Decide on what state of the file the journal stands, and go its way."""
        pending = journal.pending
        if pending is not None and base.signature.matches(pending.base.signature):
            journal.settle()
        record = journal.base
        if record is None:
            order = Order([Run(journal.next_row, len(base))])
            journal.next_row += len(base)
            journal.stand_on(BaseRecord.of(base.signature, order))
            return cls(path, journal, base, order, reason)
        document = cls(path, journal, base, record.order, reason)
        if base.signature.matches(record.signature) and len(base) == len(record.order):
            if journal.pending is not None:
                journal.drop_pending()
            document._go_the_way()
        else:
            document._merge_at_open(base, maybe_saved=journal.pending is not None)
        return document

    def _go_the_way(self) -> None:
        for step in self._journal.steps_of_way():
            self._rows.apply(step)

    def _merge_at_open(self, theirs: Base, maybe_saved: bool) -> None:
        """The file that the journal was made on is gone, so texts of the base cannot be read."""
        way = self._journal.steps_of_way()
        for step in way:
            self._rows.apply(step, compare_with_file=False)
        now, next_row = self.snapshot(), self._journal.next_row
        ours = our_side(now, way, next_row, readable=False, maybe_saved=maybe_saved)
        merged = merge(ours, theirs)
        self._take_over(merged, theirs)
        if way:
            self.merge_report = merged.report

    @property
    def path(self) -> Path:
        return self._path

    @property
    def read_only(self) -> bool:
        return bool(self._read_only_reason)

    @property
    def read_only_reason(self) -> str:
        """A sentence, "" when the document can be edited."""
        return self._read_only_reason

    @property
    def is_modified(self) -> bool:
        """True while there are edits that the file does not hold."""
        with self._lock:
            return bool(self._journal.way)

    @property
    def version(self) -> int:
        """Grows with every edit, undo and redo, also over restarts."""
        with self._lock:
            return self._journal.version

    @property
    def has_bom(self) -> bool:
        """True when the file starts with a byte order mark; it is kept, and belongs to no row."""
        with self._lock:
            return self._rows.base.has_bom

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was guessed when the file was opened, such as its encoding."""
        with self._lock:
            return self._rows.base.notes

    @property
    def line_end(self) -> bytes:
        """What the file's first line ends with, and new rows will."""
        with self._lock:
            return self._rows.base.default_line_end

    def __len__(self) -> int:
        with self._lock:
            return len(self._rows.order)

    def row_ids(self) -> Sequence[RowId]:
        """The ids in order, as they are now; later edits do not change what was returned."""
        with self._lock:
            return self._rows.order

    def id_at(self, position: int) -> RowId:
        """IndexError when there is no such position."""
        with self._lock:
            return self._rows.order[position]

    def position_of(self, row_id: RowId) -> int:
        """ValueError when there is no such row."""
        with self._lock:
            return self._rows.order.index(row_id)

    def raw(self, row_id: RowId) -> bytes:
        """The row without its line end. ValueError when there is no such row."""
        with self._lock:
            return self._now().raw(row_id)

    def raw_at(self, position: int) -> bytes:
        with self._lock:
            return self._now().raw_at(position)

    def is_edited(self, row_id: RowId) -> bool:
        """True when the row is new or differs from the file. ValueError when there is no such row."""
        with self._lock:
            return self._now().is_edited(row_id)

    def snapshot(self) -> Snapshot:
        """The rows as they are now, for reading from any thread while edits go on."""
        with self._lock:
            return self._rows.snapshot(self._journal.version)

    def replace(self, row_id: RowId, raw: bytes, label: str, merge_key: str | None = None) -> Change:
        """Give a row another text. Edits that follow on each other with the same merge_key are one undo
        step.
        """
        return self.replace_many({row_id: raw}, label, merge_key)

    def replace_many(self, rows: Mapping[RowId, bytes], label: str, merge_key: str | None = None) -> Change:
        with self._lock:
            self._check_editable()
            after = {row: self._settled(raw) for row, raw in rows.items()}
            now = self._now()
            before = {row: now.raw(row) for row in after}
            changed = [row for row in after if after[row] != before[row]]
            if not changed:
                return Change(label=label)
            step = Step(label, (), (), {r: before[r] for r in changed}, {r: after[r] for r in changed})
            if merge_key is not None and self._typed(merge_key, step):
                return step.change()
            change = self._commit(step)
            if merge_key is not None:
                self._typing = (merge_key, self._journal.way[-1].step)
            return change

    def insert(self, position: int, raws: Sequence[bytes], label: str) -> Change:
        """New rows before the row at `position`; the number of rows puts them last."""
        with self._lock:
            self._check_editable()
            if not 0 <= position <= len(self._rows.order):
                raise IndexError(position)
            texts = [self._settled(raw) for raw in raws]
            if not texts:
                return Change(label=label)
            return self._commit(inserting(label, position, self._journal.next_row, texts), len(texts))

    def delete(self, row_ids: Iterable[RowId], label: str) -> Change:
        """ValueError when one of the rows is not there; then none is deleted."""
        with self._lock:
            self._check_editable()
            now = self._now()
            before = {row: now.raw(row) for row in row_ids}
            if not before:
                return Change(label=label)
            return self._commit(deleting(label, self._rows.order, before))

    def move(self, row_ids: Sequence[RowId], position: int, label: str) -> Change:
        """Put rows, in the order given, before the row that stands at `position` now; len(document): last.

        Given all ids in another order and position 0, it sorts.
        """
        with self._lock:
            self._check_editable()
            if not 0 <= position <= len(self._rows.order):
                raise IndexError(position)
            rows = list(dict.fromkeys(row_ids))
            now = self._now()
            carried = {row: now.raw(row) for row in rows} if len(rows) <= CARRIED_ROWS else {}
            step = moving(label, self._rows.order, rows, position, carried)
            if step.removed == step.added:
                return Change(label=label)
            return self._commit(step)

    @property
    def undo_label(self) -> str | None:
        with self._lock:
            found = self._journal.next_undo()
            return found[1] if found else None

    @property
    def redo_label(self) -> str | None:
        with self._lock:
            found = self._journal.next_redo()
            return found[1] if found else None

    def undo(self) -> Change | None:
        """Take the last step back, also one from before a restart or a save. None when there is none."""
        with self._lock:
            found = self._journal.next_undo()
            return self._travel(found[0], -1) if found else None

    def redo(self) -> Change | None:
        with self._lock:
            found = self._journal.next_redo()
            return self._travel(found[0], 1) if found else None

    def save(self) -> None:
        """Write the file anew and put it in the old one's place; untouched rows stay byte for byte.

        Edits and reads go on meanwhile. UserError when another program changed the file, or it cannot be
        written; the old file and all edits are then as they were.
        """
        with self._saving:
            with self._lock:
                self._refuse_read_only()
                self._refuse_changed_file()
                if not self._journal.way and self._path.exists():
                    return
                now, mark = self._begin_save()
            try:
                made = write_beside(now, self._path)
                self._finish_save(made, now, mark)
            finally:
                with self._lock:
                    self._journal.release()

    def save_as(self, path: Path, *, nested_as_json: bool = False) -> None:
        """Write all rows to another file, replacing it if it is there, and go on as that file.

        The name decides on the container (.jsonl, .json, .csv, .tsv, .xlsx, .parquet, and .gz or .zst after
        them). UserError when a row cannot stand in it; nested_as_json: lists and objects may become texts.
        Where the container changes what rows say, such as numbers that become texts in CSV, the history
        starts anew, and unsaved edits stay with the old file. A read-only document writes the copy and
        stays what it is.
        """
        path = path.resolve()
        if path == self._path and not self.read_only:
            return self.save()
        with self._saving:
            with self._lock:
                now, mark = self._begin_save()
            try:
                made = write_beside(now, path, nested_as_json)
                self._finish_save_as(made, path, now, mark)
            finally:
                with self._lock:
                    self._journal.release()

    def changed_on_disk(self) -> bool:
        """True when another program has changed the file. A file that was deleted counts as unchanged:
        save it.
        """
        with self._lock:
            try:
                stat = self._path.stat()
                signature = self._rows.base.signature
                if (stat.st_size, stat.st_mtime_ns) == (signature.size, signature.mtime_ns):
                    return False
                return not signature_of(self._path).matches(signature)
            except FileNotFoundError:
                return False

    def merge_from_disk(self) -> MergeReport:
        """Take over the file as another program left it and put our unsaved edits onto it, as one undo step.

        Where the rows we touched are still in their places, the whole undo history stays.
        """
        with self._saving, self._lock:
            theirs = Base.open(self._path)
            way = self._journal.steps_of_way()
            ours = our_side(
                self.snapshot(), way, self._journal.next_row, readable=not self._rows.base.is_stale()
            )
            merged = merge(ours, theirs)
            self._take_over(merged, theirs)
            return merged.report

    def close(self) -> None:
        """Nothing is left to write; the state database stays open, its project closes it."""
        with self._lock:
            self._read_only_reason = self._read_only_reason or f"{self._path.name} was closed."

    def _now(self) -> Snapshot:
        return self._rows.now(self._journal.version)

    def _check_editable(self) -> None:
        self._refuse_read_only()
        if self._rows.base.is_stale():
            self._refuse_changed_file()

    def _settled(self, raw: bytes) -> bytes:
        """The row as the file's container will give it back. UserError when it cannot stand in it."""
        return self._rows.base.settled(_checked(raw))

    def _refuse_read_only(self) -> None:
        if self._read_only_reason:
            raise UserError(self._read_only_reason, hint="Save a copy under another name to change it.")

    def _refuse_changed_file(self) -> None:
        if self.changed_on_disk():
            message = f"Another program has changed {self._path.name} since it was opened."
            hint = "Merge your edits into the changed file, or save yours under another name."
            raise UserError(message, hint=hint)

    def _commit(self, step: Step, new_rows: int = 0) -> Change:
        """To disk first, then to the rows in memory."""
        self._journal.commit(step, self._journal.next_row + new_rows)
        self._typing = None
        self._rows.apply(step)
        return step.change()

    def _typed(self, merge_key: str, step: Step) -> bool:
        """Put `step` into the last one when both are the same person's typing in the same place."""
        if self._typing is None or self._typing[0] != merge_key:
            return False
        number = self._typing[1]
        if not self._journal.can_amend(number):
            return False
        last = self._journal.step(number)
        if last.after.keys() != step.after.keys():
            return False
        self._journal.amend(number, Step(last.label, (), (), last.before, step.after))
        self._rows.apply(step)
        return True

    def _travel(self, number: int, direction: int) -> Change:
        self._check_editable()
        step = self._journal.step(number)
        if direction < 0:
            step = step.reversed()
        if not self._rows.fits(step):
            message = f'"{step.label}" cannot be undone or redone: another program changed its rows since.'
            raise UserError(message, hint="Edit the rows by hand.")
        self._journal.travel(number, direction)
        self._typing = None
        self._rows.apply(step)
        return step.change()

    def _begin_save(self) -> tuple[Snapshot, int]:
        self._journal.hold()
        return self.snapshot(), self._journal.mark

    def _finish_save(self, made: Path, now: Snapshot, mark: int) -> None:
        try:
            new = _checked_base(made, now, self._path)
            with self._lock:
                self._refuse_changed_file()
                record = BaseRecord.of(new.signature, now.order)
                self._journal.announce(Pending(record, mark))
                put_in_place(made, self._path, new, self._rows.base)
                self._journal.settle()
                self._rows.stand_on(new, now)
                self._typing = None
        finally:
            made.unlink(missing_ok=True)

    def _finish_save_as(self, made: Path, path: Path, now: Snapshot, mark: int) -> None:
        try:
            new = _checked_base(made, now, path)
            is_same = new.form == now.base.form or _has_same_rows(new, now)
            with self._lock:
                if not is_same and self._journal.mark != mark:
                    message = f"Rows were edited while {path.name} was written."
                    raise UserError(message, hint="Save it again.")
                put_in_place(made, path, new, self._rows.base)
                if not self.read_only:
                    self._go_on_as(path, new, now, mark, is_same)
                self._typing = None
        finally:
            made.unlink(missing_ok=True)

    def _go_on_as(self, path: Path, new: Base, now: Snapshot, mark: int, is_same: bool) -> None:
        record = BaseRecord.of(new.signature, now.order)
        if is_same:
            self._journal.move_to(path, record, mark)
            self._rows.stand_on(new, now)
        else:
            self._journal = self._journal.beginning_at(path, record)
            self._rows = LiveRows(new, now.order)
        self._path = path

    def _take_over(self, merged: Merge, theirs: Base) -> None:
        record = BaseRecord.of(theirs.signature, merged.base_order)
        if merged.keeps_steps:
            self._journal.adopt(record, merged.next_row)
        else:
            self._journal.restart(record, merged.step, merged.next_row)
        self._rows = LiveRows(theirs, merged.base_order)
        self._typing = None
        self._go_the_way()


def _open_state(path: Path, reason: str) -> tuple[StateDb, str]:
    if reason:
        return StateDb.private_copy(path), reason
    try:
        return StateDb.open(path), ""
    except UserError as error:
        why = f"Edits cannot be stored, so the document is read-only: {error.message}"
        return StateDb.private_copy(path), why


def _checked(raw: bytes) -> bytes:
    """A row as it may stand in a line. UserError for a line feed inside."""
    if b"\n" in raw:
        message = "A row must be a single line, and this text has a line break outside of its JSON strings."
        raise UserError(message, hint="Join the lines, or write a line break inside a string as \\n.")
    return raw.rstrip(b"\r")


def _checked_base(made: Path, saved: Snapshot, path: Path) -> Base:
    """The written file, read back: it must have as many rows as were written. path: what it will be called."""
    base = Base.open(made, form=form_for(path, saved.base), name=path.name)
    if len(base) != len(saved):
        message = f"The saved copy has {len(base)} rows instead of {len(saved)}, so it was thrown away."
        raise UserError(message, hint="The old file and your edits are kept. Please report this.")
    return base


def _has_same_rows(base: Base, saved: Snapshot) -> bool:
    rows = zip(base.rows(0, len(base)), saved.rows(), strict=True)
    return all(raw == expected for raw, (_, expected) in rows)
