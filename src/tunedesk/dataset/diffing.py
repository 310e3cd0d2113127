"""What changed between two sequences of rows: added, removed, changed and moved rows, in linear time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tunedesk.dataset.row_pairing import Paired, Pairs, RowSource, Side, pair_rows
from tunedesk.dataset.value_diff import changed_pointers


@dataclass(frozen=True, slots=True)
class RowChange:
    """old, new: the row's ids, positions from 0; None where it is not there.

    A changed row may have been moved too. pointers: of a changed row, the places that differ; () when it is
    only written in another way.
    """

    kind: Literal["added", "removed", "changed", "moved"]
    old: int | None
    new: int | None
    old_position: int | None
    new_position: int | None
    pointers: tuple[str, ...] = ()
    is_moved: bool = False


@dataclass(frozen=True, slots=True)
class RowDiff:
    """changes: in the order of the new rows, a removed row where it stood. same: rows that did not change."""

    changes: tuple[RowChange, ...]
    same: int

    def count(self, kind: str) -> int:
        return sum(1 for change in self.changes if change.kind == kind)


def diff_rows(
    old: RowSource,
    new: RowSource,
    *,
    by_id: bool,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> RowDiff | None:
    """What happened to the rows between `old` and `new`; None when cancelled.

    by_id: both are snapshots of one document, so that a row is the one with the same id. Otherwise rows are
    the same when they have the same text; of the rest, those that ask the same are one row changed, then
    those that stand between the same rows and have half of their words in common.
    """
    paired = pair_rows(old, new, by_id=by_id, progress=progress, cancelled=cancelled)
    if paired is None:
        return None
    changes = [
        *_changes_of_pairs(old, new, paired),
        *_additions(paired.after, paired.pairs),
        *_removals(paired.before, paired.pairs),
    ]
    changes.sort(key=_place(paired.pairs, len(paired.before.ids)))
    same = len(paired.pairs) - sum(1 for change in changes if None not in (change.old, change.new))
    return RowDiff(tuple(changes), same)


def _changes_of_pairs(old: RowSource, new: RowSource, paired: Paired) -> Iterator[RowChange]:
    for place, other in paired.pairs.items():
        row, other_row = paired.before.ids[place], paired.after.ids[other]
        is_moved = place in paired.moved
        if paired.is_changed(place):
            pointers = changed_pointers(old.raw(row), new.raw(other_row))
            yield RowChange("changed", row, other_row, place, other, pointers, is_moved)
        elif is_moved:
            yield RowChange("moved", row, other_row, place, other, (), True)


def _additions(after: Side, pairs: Pairs) -> Iterator[RowChange]:
    known = set(pairs.values())
    for place, row in enumerate(after.ids):
        if place not in known:
            yield RowChange("added", None, row, None, place)


def _removals(before: Side, pairs: Pairs) -> Iterator[RowChange]:
    for place, row in enumerate(before.ids):
        if place not in pairs:
            yield RowChange("removed", row, None, place, None)


def _place(pairs: Pairs, count: int) -> Callable[[RowChange], tuple[int, int, int]]:
    """Sorts changes by new position, and removed rows after the row that stood before them."""
    after = array("q", [-1]) * count
    last = -1
    for place in range(count):
        last = pairs.get(place, last)
        after[place] = last

    def key(change: RowChange) -> tuple[int, int, int]:
        if change.new_position is not None:
            return change.new_position, 0, 0
        assert change.old_position is not None  # it is on one side at least
        return after[change.old_position], 1, change.old_position

    return key
