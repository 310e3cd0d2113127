"""Saving a document while edits and reads go on."""

from pathlib import Path

from tunedesk.dataset.base import Base
from tunedesk.dataset.base_record import BaseRecord, Pending
from tunedesk.dataset.live_document import LiveDocument
from tunedesk.dataset.live_rows import LiveRows
from tunedesk.dataset.mark_table import MarkedRow
from tunedesk.dataset.marks import digest_of
from tunedesk.dataset.saving import discard, form_for, put_in_place, write_beside
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.errors import UserError


def save(live: LiveDocument) -> None:
    """Write the file anew and put it in the old one's place."""
    with live.saving:
        with live.editing:
            live.refuse_read_only()
            live.refuse_changed_file()
            if not live.journal.way and live.path.exists():
                return
            now, mark = _begin(live)
        try:
            made = write_beside(now, live.path)
            _finish(live, made, now, mark)
        finally:
            _end(live)


def save_as(live: LiveDocument, path: Path, nested_as_json: bool = False) -> None:
    """Write all rows to another file and, unless the document is read-only, go on as that file."""
    with live.saving:
        with live.editing:
            now, mark = _begin(live)
        try:
            made = write_beside(now, path, nested_as_json)
            _finish_as(live, made, path, now, mark)
        finally:
            _end(live)


def _begin(live: LiveDocument) -> tuple[Snapshot, int]:
    live.journal.hold()
    return live.snapshot(), live.journal.mark


def _end(live: LiveDocument) -> None:
    with live.editing:
        live.journal.release()


def _finish(live: LiveDocument, made: Path, now: Snapshot, mark: int) -> None:
    try:
        new = _checked_base(made, now, live.path)
        with live.editing:
            live.refuse_changed_file()
            rows = _standing_on(live, new, now)
            live.journal.announce(Pending(BaseRecord.of(new.signature, now.order), mark))
            with live.lock:
                put_in_place(made, live.path, new, live.rows.base)
            live.journal.settle()
            live.show(rows)
            live.end_typing()
    finally:
        discard(made)


def _finish_as(live: LiveDocument, made: Path, path: Path, now: Snapshot, mark: int) -> None:
    try:
        new = _checked_base(made, now, path)
        is_same = new.form == now.base.form or _has_same_rows(new, now)
        with live.editing:
            if not is_same and live.journal.mark != mark:
                raise UserError(f"Rows were edited while {path.name} was written.", hint="Save it again.")
            rows = _standing_on(live, new, now)
            with live.lock:
                put_in_place(made, path, new, live.rows.base)
            if not live.read_only_reason:
                _go_on_as(live, path, rows, now, mark, is_same)
            live.end_typing()
    finally:
        discard(made)


def _standing_on(live: LiveDocument, new: Base, now: Snapshot) -> LiveRows:
    """The document's rows on the file that was written, made while others go on reading."""
    rows = live.rows.copy()
    rows.stand_on(new, now)
    return rows


def _go_on_as(
    live: LiveDocument, path: Path, rows: LiveRows, now: Snapshot, mark: int, is_same: bool
) -> None:
    new = rows.base
    record = BaseRecord.of(new.signature, now.order)
    live.path = path
    if is_same:
        live.journal.move_to(path, record, mark)
        live.show(rows)
        return
    there = ((row, marks, now.order.index(row)) for row, marks in now.marked_rows().items())
    marked = [MarkedRow(row, marks, digest_of(new.raw(line))) for row, marks, line in there]
    live.journal = live.journal.beginning_at(path, record, marked)
    live.stand_on(new, now.order)


def _checked_base(made: Path, saved: Snapshot, path: Path) -> Base:
    """The written file, read back: it must have as many rows as were written. path: its name to be."""
    base = Base.open(made, form=form_for(path, saved.base), name=path.name)
    if len(base) != len(saved):
        message = f"The saved copy has {len(base)} rows instead of {len(saved)}, so it was thrown away."
        raise UserError(message, hint="The old file and your edits are kept. Please report this.")
    return base


def _has_same_rows(base: Base, saved: Snapshot) -> bool:
    rows = zip(base.rows(0, len(base)), saved.rows(), strict=True)
    return all(raw == expected for raw, (_, expected) in rows)
