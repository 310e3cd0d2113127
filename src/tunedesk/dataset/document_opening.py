"""Opening a document: which state of the file the journal stands on, and what happened to both meanwhile."""

from dataclasses import dataclass
from pathlib import Path

from tunedesk.dataset.base import Base
from tunedesk.dataset.base_record import BaseRecord
from tunedesk.dataset.damage import DamagedJournal
from tunedesk.dataset.document_merging import merge_at_open
from tunedesk.dataset.files import refuse_what_is_no_dataset
from tunedesk.dataset.journal import Journal
from tunedesk.dataset.line_index import Progress
from tunedesk.dataset.live_document import LiveDocument
from tunedesk.dataset.merging import MergeReport
from tunedesk.dataset.order import Order, Run
from tunedesk.dataset.saving import remove_leftovers
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError


@dataclass(frozen=True, slots=True)
class Opened:
    """journal_report: a sentence when the journal could not be read, else ""."""

    live: LiveDocument
    merge_report: MergeReport | None
    journal_report: str = ""


def open_live(path: Path, state: StateDb | Path, read_only: bool, progress: Progress | None) -> Opened:
    """See `Document.open`."""
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
    try:
        return _restored(path, Journal(state, path), base, reason)
    except DamagedJournal as error:
        Journal.set_aside(state, path)
        opened = _restored(path, Journal(state, path), base, reason)
        report = (
            f"The history of {path.name} was damaged and has been set aside in the project's database. "
            f"{error.message} The file is shown as it was last saved, without undo and marks."
        )
        return Opened(opened.live, opened.merge_report, report)


def _restored(path: Path, journal: Journal, base: Base, reason: str) -> Opened:
    """Decide on what state of the file the journal stands, and go its way."""
    pending = journal.pending
    if pending is not None and base.signature.matches(pending.base.signature):
        journal.settle()
    record = journal.base
    if record is None:
        order = Order([Run(journal.next_row, len(base))])
        journal.next_row += len(base)
        journal.stand_on(BaseRecord.of(base.signature, order))
        return Opened(LiveDocument(path, journal, base, order, reason), None)
    live = LiveDocument(path, journal, base, record.order, reason)
    if not base.signature.matches(record.signature) or len(base) != len(record.order):
        return Opened(live, merge_at_open(live, base, maybe_saved=journal.pending is not None))
    if journal.pending is not None:
        journal.drop_pending()
    live.stand_on(base, record.order)
    return Opened(live, None)


def _open_state(path: Path, reason: str) -> tuple[StateDb, str]:
    if reason:
        return StateDb.private_copy(path), reason
    try:
        return StateDb.open(path), ""
    except UserError as error:
        why = f"Edits cannot be stored, so the document is read-only: {error.message}"
        return StateDb.private_copy(path), why
