"""What the parts of a document share: its rows, its journal, its locks, and the one way to change them."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path

from tunedesk.dataset.base import Base, signature_of
from tunedesk.dataset.damage import DamagedJournal
from tunedesk.dataset.journal import Journal, Outcome
from tunedesk.dataset.live_rows import LiveRows, Prepared
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.order import Order
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Change, Step
from tunedesk.errors import UserError


class LiveDocument:
    """The state behind a `Document`.

    Two locks, always taken in this order. `editing` is held by whoever changes the rows, for as long as the
    journal is written, which takes seconds for half a million rows. `lock` is held for the moment in which
    the rows in memory become others, and by everyone who reads them.
    """

    def __init__(self, path: Path, journal: Journal, base: Base, base_order: Order, reason: str) -> None:
        self.lock = threading.RLock()
        self.editing = threading.RLock()
        self.saving = threading.Lock()
        self.path = path
        self.journal = journal
        self.read_only_reason = reason
        self.rows = LiveRows(base, base_order, journal.version)
        self._typing: tuple[str, int] | None = None
        self.mapping: ColumnMapping | None = None

    def snapshot(self) -> Snapshot:
        with self.lock:
            now = self.rows.snapshot()
            return replace(now, mapping=self.mapping) if self.mapping is not None else now

    def stand_on(self, base: Base, base_order: Order, *, has_texts: bool = True) -> None:
        """Go from the base to what is on the screen. has_texts: False when the base's texts are no longer
        those that the journal was made on.
        """
        rows = LiveRows(base, base_order, self.journal.version, self.journal.marks()[0])
        try:
            for part in self.journal.parts_of_way():
                rows.apply(part.without_marks(), compare_with_file=has_texts)
        except (IndexError, ValueError) as error:
            raise DamagedJournal("Its steps do not fit the rows.") from error
        with self.lock:
            self.rows = rows
            self.end_typing()

    def end_typing(self) -> None:
        """The next edit is a step of its own."""
        self._typing = None

    def check_editable(self) -> None:
        self.refuse_read_only()
        if self.rows.base.is_stale():
            self.refuse_changed_file()

    def refuse_read_only(self) -> None:
        if self.read_only_reason:
            raise UserError(self.read_only_reason, hint="Save a copy under another name to change it.")

    def refuse_changed_file(self) -> None:
        if self.changed_on_disk():
            message = f"Another program has changed {self.path.name} since it was opened."
            hint = "Merge your edits into the changed file, or save yours under another name."
            raise UserError(message, hint=hint)

    def changed_on_disk(self) -> bool:
        try:
            stat = self.path.stat()
            signature = self.rows.base.signature
            if (stat.st_size, stat.st_mtime_ns) == (signature.size, signature.mtime_ns):
                return False
            return not signature_of(self.path).matches(signature)
        except FileNotFoundError:
            return False

    def checked(self, raw: bytes) -> bytes:
        """A row as the file's container will give it back. UserError when it cannot stand in it."""
        if b"\n" in raw:
            message = (
                "A row must be a single line, and this text has a line break outside of its JSON strings."
            )
            raise UserError(message, hint="Join the lines, or write a line break inside a string as \\n.")
        return self.rows.base.settled(raw.rstrip(b"\r"))

    def commit(self, label: str, parts: Iterable[Step], new_rows: int = 0) -> Change:
        """To disk first, then to the rows in memory. The caller holds `editing`."""
        given = iter(parts)
        first = next(given, None)
        if first is None:
            return Change(label=label)
        prepared = Prepared(self.rows)
        seen = map(prepared.add, chain([first], given))
        self.journal.commit(label, seen, lambda: _outcome(prepared), new_rows)
        self._publish(prepared)
        self.end_typing()
        return prepared.change(label)

    def commit_typing(self, label: str, parts: Iterable[Step], merge_key: str) -> Change:
        """An edit that becomes part of the last one when both are typing in the same place."""
        given = list(parts)
        if len(given) == 1 and self._typed(merge_key, given[0]):
            prepared = Prepared(self.rows)
            prepared.add(given[0])
            return prepared.change(label)
        change = self.commit(label, given)
        if given:
            self._typing = (merge_key, self.journal.node)
        return change

    def _typed(self, merge_key: str, step: Step) -> bool:
        if self._typing is None or self._typing[0] != merge_key:
            return False
        number = self._typing[1]
        if not self.journal.can_amend(number):
            return False
        last = self.journal.step(number)
        if (last.after.keys(), last.marks_after.keys()) != (step.after.keys(), step.marks_after.keys()):
            return False
        prepared = Prepared(self.rows)
        prepared.add(step)
        both = Step(
            last.label,
            before=last.before,
            after=step.after,
            marks_before=last.marks_before,
            marks_after=step.marks_after,
        )
        self.journal.amend(number, both, prepared.marked_rows())
        self._publish(prepared)
        return True

    def travel(self, found: tuple[int, str], direction: int) -> Change:
        """Undo (-1) or redo (1) a step. UserError when another program changed its rows."""
        self.check_editable()
        number, label = found
        prepared = Prepared(self.rows)
        for part in self.journal.parts(number, direction):
            if not self.rows.fits(part):
                message = f'"{label}" cannot be undone or redone: another program changed its rows since.'
                raise UserError(message, hint="Edit the rows by hand.")
            prepared.add(part)
        self.journal.travel(number, direction, prepared.marked_rows())
        self._publish(prepared)
        self.end_typing()
        return prepared.change(label)

    def show(self, rows: LiveRows) -> None:
        """Give everyone who reads other rows. The caller holds `editing`."""
        with self.lock:
            self.rows = rows

    def _publish(self, prepared: Prepared) -> None:
        if prepared.is_big:
            # Readers would wait while half a million texts are put in their places: that is done in a copy.
            rows = self.rows.copy()
            rows.publish(prepared)
            rows.version = self.journal.version
            self.show(rows)
            return
        with self.lock:
            self.rows.publish(prepared)
            self.rows.version = self.journal.version


def _outcome(prepared: Prepared) -> Outcome:
    return Outcome(prepared.touched, prepared.marked_rows())
