"""Putting a document's unsaved edits onto the file that another program wrote, when it is opened or later."""

from tunedesk.dataset.base import Base
from tunedesk.dataset.base_record import BaseRecord
from tunedesk.dataset.difference import difference
from tunedesk.dataset.history import History, Version
from tunedesk.dataset.journal import THEIR_LABEL
from tunedesk.dataset.live_document import LiveDocument
from tunedesk.dataset.merging import Merge, MergeReport, merge, our_side
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.errors import UserError


def merge_at_open(live: LiveDocument, theirs: Base, maybe_saved: bool) -> MergeReport | None:
    """The file that the journal was made on is gone, so texts of the base cannot be read. None when there
    was nothing to put onto it.
    """
    had_edits = bool(live.journal.way)
    live.stand_on(theirs, live.rows.base_order, has_texts=False)
    merged = _merged(live, theirs, is_readable=False, maybe_saved=maybe_saved)
    report = _take_over(live, merged, theirs, None)
    return report if had_edits or report.unmarked or report.versions_lost else None


def merge_from_disk(live: LiveDocument) -> MergeReport:
    with live.saving, live.editing:
        theirs = Base.open(live.path)
        is_readable = not live.rows.base.is_stale()
        merged = _merged(live, theirs, is_readable=is_readable, maybe_saved=False)
        return _take_over(live, merged, theirs, live.snapshot() if is_readable else None)


def _merged(live: LiveDocument, theirs: Base, *, is_readable: bool, maybe_saved: bool) -> Merge:
    ours = our_side(
        live.snapshot(),
        live.journal.parts_of_way(),
        live.journal.next_row,
        readable=is_readable,
        maybe_saved=maybe_saved,
        digests=live.journal.marks()[1],
    )
    return merge(ours, theirs)


def _take_over(live: LiveDocument, merged: Merge, theirs: Base, old: Snapshot | None) -> MergeReport:
    """old: the rows as they were, None when the file's texts among them can no longer be read."""
    journal = live.journal
    record = BaseRecord.of(theirs.signature, merged.base_order)
    versions_lost = 0
    versions = _versions_now(live) if merged.keeps_steps and old is not None else {}
    if merged.keeps_steps:
        journal.adopt(record, merged.next_row)
    elif old is None and merged.step is None:
        journal.adopt(record, merged.next_row, ends_way=True)
    elif old is None:
        versions_lost = journal.count_versions()
        journal.stand_on_theirs(record, None, merged.step, merged.next_row)
    else:
        new = Snapshot(theirs, merged.base_order, merged.base_order, {}, 0)
        step = difference(THEIR_LABEL, old, new, old.texts)
        journal.stand_on_theirs(record, step, merged.step, merged.next_row)
    shown = len(live.rows.now().marked_rows())
    live.stand_on(theirs, merged.base_order)
    if old is not None:
        _keep_versions(live, versions, old.base)
    unmarked = max(0, shown - len(live.rows.now().marked_rows()))
    return merged.report.with_losses(unmarked, versions_lost)


def _versions_now(live: LiveDocument) -> dict[Version, Snapshot]:
    """All named moments that can still be told."""
    history = History(live)
    found = {version: _shown(history, version) for version in history.versions()}
    return {version: rows for version, rows in found.items() if rows is not None}


def _shown(history: History, version: Version) -> Snapshot | None:
    try:
        return history.at(version)
    except UserError:
        return None  # an earlier change by another program has taken it away, and that was told then


def _keep_versions(live: LiveDocument, versions: dict[Version, Snapshot], old: Base) -> None:
    """The steps go on to be right, but rows that none of them touched may be others now: to each version
    belongs a last step that makes them what they were.
    """
    if not versions:
        return
    history, theirs = History(live), live.rows.base
    pairs = zip(live.rows.base_order, old.rows(0, len(old)), theirs.rows(0, len(theirs)), strict=False)
    changed = [row for row, before, after in pairs if before != after]
    for version, then in versions.items():
        now, step = _shown(history, version), version.step
        if now is None:
            now, step = live.snapshot(), live.journal.node
        touched = {*changed, *now.texts, *then.texts}
        live.journal.end_version_with(version.id, step, difference(THEIR_LABEL, now, then, touched))
