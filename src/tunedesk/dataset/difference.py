"""The step that turns one moment of a document into another."""

from collections.abc import Iterable, Iterator, Mapping

from tunedesk.dataset.live_rows import missing
from tunedesk.dataset.marks import NO_MARKS, RowMarks
from tunedesk.dataset.order import Order
from tunedesk.dataset.places import Places, joined
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import NOWHERE, PART_BYTES, Step, TextEdit, in_parts


def difference(
    label: str,
    old: Snapshot,
    new: Snapshot,
    changed: Iterable[int],
    marks: Mapping[int, tuple[RowMarks, RowMarks]] | None = None,
) -> Iterator[Step]:
    """The step from `old` to `new`, in parts; nothing when they are the same.

    changed: among them is every row that both have with different texts. marks: rows whose marks shall
    change, before and after.
    """
    gone, come = list(missing(old.order, new.order)), list(missing(new.order, old.order))
    removed, added = places_between(old.order, new.order, gone, come)
    both = [row for row in changed if row in old.order and row in new.order]
    before = {row: pair[0] for row, pair in (marks or {}).items()}
    after = {row: pair[1] for row, pair in (marks or {}).items()}
    yield from in_parts(label, _texts(old, new, gone, come, both), removed, added, before, after)


def changed_marks(
    rows: Iterable[int], before: Mapping[int, RowMarks], after: Mapping[int, RowMarks]
) -> dict[int, tuple[RowMarks, RowMarks]]:
    pairs = ((row, before.get(row, NO_MARKS), after.get(row, NO_MARKS)) for row in rows)
    return {row: (old, new) for row, old, new in pairs if old != new}


def _texts(
    old: Snapshot, new: Snapshot, gone: list[int], come: list[int], both: list[int]
) -> Iterator[TextEdit]:
    for row, raw in old.texts_of(gone):
        yield row, raw, None
    for row, raw in new.texts_of(come):
        yield row, None, raw
    for before in _handfuls(old.texts_of(both)):
        for row, raw in new.texts_of(before):
            if raw != before[row]:
                yield row, before[row], raw


def _handfuls(rows: Iterable[tuple[int, bytes]]) -> Iterator[dict[int, bytes]]:
    handful: dict[int, bytes] = {}
    size = 0
    for row, raw in rows:
        handful[row] = raw
        size += len(raw)
        if size > PART_BYTES:
            yield handful
            handful, size = {}, 0
    if handful:
        yield handful


def places_between(old: Order, new: Order, gone: list[int], come: list[int]) -> tuple[Places, Places]:
    """Which rows to take out and put in: no more than those that go and come, when the others keep their
    order.
    """
    if old == new:
        return NOWHERE, NOWHERE
    removed, added = old.places_of(gone), new.places_of(come)
    if old.without(removed) == new.without(added):
        return removed, added
    first, last = _same_ends(old, new)
    return _window(old, first, len(old) - last), _window(new, first, len(new) - last)


def _same_ends(old: Order, new: Order) -> tuple[int, int]:
    """How many rows are the same at the start, and how many of the others at the end."""
    import numpy as np

    size = min(len(old), len(new))
    ours, theirs = old.flat(), new.flat()
    differing = np.flatnonzero(ours[:size] != theirs[:size])
    first = int(differing[0]) if len(differing) else size
    rest = size - first
    differing = np.flatnonzero(ours[len(ours) - rest :][::-1] != theirs[len(theirs) - rest :][::-1])
    return first, int(differing[0]) if len(differing) else rest


def _window(order: Order, start: int, end: int) -> Places:
    position = start

    def found() -> Iterator[tuple[int, int, int]]:
        nonlocal position
        for first, size in order.slice_runs(start, end):
            yield position, first, size
            position += size

    return joined(found())
