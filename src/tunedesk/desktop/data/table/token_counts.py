"""Counts the tokens of all rows that are not counted yet, for sorting and filtering by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.background import Job

if TYPE_CHECKING:
    from tunedesk.template.chat_template import ChatTemplate

TOLD_AT_ONCE = 20_000


def count_missing(
    snapshot: Snapshot,
    template: ChatTemplate,
    known: Mapping[int, int | None],
    job: Job,
    tell: Callable[[dict[int, int | None]], None],
) -> dict[int, int | None]:
    """For a worker thread. tell: gets counts as they come, many at once. Fewer than all after a cancel."""
    from tunedesk.template.counting import count_all
    from tunedesk.template.pair_counting import AnyRowCounter

    missing = len(snapshot) - sum(1 for row in snapshot.ids if row in known)
    counted: dict[int, int | None] = {}
    batch: dict[int, int | None] = {}
    rows = _not_in(snapshot, known) if missing else iter(())
    for each in count_all(rows, AnyRowCounter(template, snapshot.mapping), job.is_cancelled):
        found = (None if tokens is None else tokens.total for tokens in each.counts)
        batch.update(zip(each.row_ids, found, strict=True))
        job.report(len(counted) + len(batch), missing)
        if len(batch) >= TOLD_AT_ONCE:
            counted.update(batch)
            tell(batch)
            batch = {}
    counted.update(batch)
    if batch:
        tell(batch)
    return counted


def _not_in(snapshot: Snapshot, known: Mapping[int, int | None]) -> Iterator[tuple[int, bytes]]:
    return ((row, raw) for row, raw in snapshot.rows() if row not in known)
