"""Putting unsaved edits onto a file that another program has changed, so that nothing of either side is
lost.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from tunedesk.dataset.base import Base
from tunedesk.dataset.marks import digest_of
from tunedesk.dataset.order import Order, Run
from tunedesk.dataset.places import joined
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Step

LABEL = "Merge with the changed file"


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What became of our unsaved edits.

    kept: edits that stand on the changed file as they stood before.
    appended: edited rows whose original is no longer in the file; ours stands beside theirs as a row of
    its own. not_deleted: rows we had deleted that the other program changed or removed; what it wrote stays.
    not_moved: rows we had moved that could not be told from others in the changed file. unmarked: rows
    with marks that are no longer in the file. versions_lost: named versions that could not be kept, because
    the file had changed while it was not open here and unsaved edits had to be put onto it.
    """

    kept: int
    appended: int
    not_deleted: int = 0
    not_moved: int = 0
    unmarked: int = 0
    versions_lost: int = 0

    def with_losses(self, unmarked: int, versions_lost: int) -> "MergeReport":
        return replace(self, unmarked=unmarked, versions_lost=versions_lost)

    @property
    def sentence(self) -> str:
        if self == MergeReport(0, 0):
            return "Another program changed the file; you had no unsaved edits."
        parts = [f"{_rows(self.kept, 'edit')} kept"]
        if self.appended:
            parts.append(f"{_rows(self.appended, 'edited row')} added beside the other program's version")
        if self.not_deleted:
            parts.append(
                f"{_rows(self.not_deleted, 'row')} not deleted because the other program changed them"
            )
        if self.not_moved:
            parts.append(f"{_rows(self.not_moved, 'row')} left where the other program put them")
        if self.unmarked:
            parts.append(f"{_rows(self.unmarked, 'row')} with marks no longer there")
        if self.versions_lost:
            parts.append(f"{_rows(self.versions_lost, 'named version')} lost")
        return f"Another program changed the file. Merged: {', '.join(parts)}."


@dataclass(frozen=True, slots=True)
class Merge:
    """base_order: the row ids of the changed file's lines. step: our edits on it, None when there are none.

    keeps_steps: every step of the journal is still right as it is, so `step` is None and history stays.
    """

    base_order: Order
    step: Step | None
    next_row: int
    keeps_steps: bool
    report: MergeReport


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side. now: the rows as they stand (its base may no longer be readable: `readable`).

    originals: the file's text of each row that we touched, from the journal. moved: the rows that we moved.
    maybe_saved: a save was cut off, so that the file may hold our edits already. digests: of the file's
    text of rows that have marks, and of some of those that we moved.
    """

    now: Snapshot
    originals: Mapping[int, bytes]
    digests: Mapping[int, bytes]
    moved: frozenset[int]
    next_row: int
    readable: bool
    maybe_saved: bool


def our_side(
    now: Snapshot,
    way: Iterable[Step],
    next_row: int,
    *,
    readable: bool,
    maybe_saved: bool = False,
    digests: Mapping[int, bytes] | None = None,
) -> Ours:
    """way: the steps from the base to `now`. digests: of the text, as it is now, of each row with marks."""
    originals: dict[int, bytes] = {}
    moved: set[int] = set()
    known = dict(digests or {})
    for step in way:
        known.update(step.anchors)
        for row, raw in step.before.items():
            if row in now.base_order:
                originals.setdefault(row, raw)
        moved |= step.moved_ids()
    if readable:
        for row in moved.difference(originals):
            if row in now.base_order:
                originals[row] = now.base.raw(now.base_order.index(row))
    unedited = {
        row: digest
        for row, digest in known.items()
        if row in now.base_order and row in now.order and row not in originals
    }
    return Ours(now, originals, unedited, frozenset(moved), next_row, readable, maybe_saved)


def merge(ours: Ours, theirs: Base) -> Merge:
    """How our edits go onto the changed file."""
    return _in_place(ours, theirs) or _re_applied(ours, theirs)


def _in_place(ours: Ours, theirs: Base) -> Merge | None:
    """The usual case: the rows we touched are where they were, and new rows at most stand at the end."""
    old = ours.now.base_order
    if ours.maybe_saved and not ours.originals:
        return None
    if len(theirs) < len(old) or not ours.moved.issubset(ours.originals.keys() | _new_rows(ours)):
        return None
    if any(theirs.raw(old.index(row)) != raw for row, raw in ours.originals.items()):
        return None
    if not _digests_in_place(ours, theirs):
        return None
    extra = Run(ours.next_row, len(theirs) - len(old))
    report = MergeReport(kept=len(ours.originals) + len(_new_rows(ours)), appended=0)
    return Merge(Order([*old.runs(), extra]), None, ours.next_row + extra.size, True, report)


def _digests_in_place(ours: Ours, theirs: Base) -> bool:
    """True when the rows of which we only know digests are where they were."""
    wanted = {ours.now.base_order.index(row): digest for row, digest in ours.digests.items()}
    if not wanted:
        return True
    first = min(wanted)
    lines = enumerate(theirs.rows(first, max(wanted) + 1), start=first)
    return all(line not in wanted or digest_of(raw) == wanted[line] for line, raw in lines)


def _new_rows(ours: Ours) -> list[int]:
    """Rows that we made, in their order."""
    return [row for row in ours.now.texts if row not in ours.now.base_order]


def _re_applied(ours: Ours, theirs: Base) -> Merge:
    ids, next_row = _ids_of_lines(ours, theirs)
    found = set(ids)
    now = ours.now
    deleted = [row for row in ours.originals if row not in now.order]
    replaced = [row for row in ours.originals if row in now.order and now.texts.get(row) is not None]
    replaced = [row for row in replaced if now.texts[row] != ours.originals[row]]
    lost = [row for row in replaced if row not in found]
    fresh = _new_rows(ours)
    there = _lines_among(theirs, {now.texts[row] for row in (lost + fresh if ours.maybe_saved else lost)})
    lost = [row for row in lost if now.texts[row] not in there]
    fresh = [row for row in fresh if now.texts[row] not in there or not ours.maybe_saved]
    moved = [row for row in ours.moved if row in found and row in now.order]
    gone = {row for row in deleted if row in found}
    placed = {*lost, *fresh, *moved}
    result = _result(now.order, ids, gone, placed)
    before = {row: ours.originals[row] for row in replaced if row in found}
    after = {row: now.texts[row] for row in before}
    before |= {row: ours.originals[row] for row in gone}
    after |= {row: now.texts[row] for row in (*lost, *fresh)}
    base_order = Order.of_ids(ids)
    step = _step(base_order, result, gone, placed, found, before, after)
    report = MergeReport(
        kept=len(replaced) - len(lost) + len(fresh) + len(gone),
        appended=len(lost),
        not_deleted=len(deleted) - len(gone),
        not_moved=len([row for row in ours.moved if row in now.order and row in now.base_order]) - len(moved),
    )
    return Merge(base_order, step, next_row, False, report)


def _step(
    base_order: Order,
    result: list[int],
    gone: set[int],
    placed: set[int],
    found: set[int],
    before: dict[int, bytes],
    after: dict[int, bytes],
) -> Step | None:
    removed = base_order.places_of([*gone, *(row for row in placed if row in found)])
    added = joined((position, row, 1) for position, row in enumerate(result) if row in placed)
    if not (removed or added or after):
        return None
    return Step(LABEL, removed, added, before, after)


def _result(order: Order, ids: list[int], gone: set[int], placed: set[int]) -> list[int]:
    """The lines of their file without those we deleted, and each row to be placed after its neighbour in
    ours.
    """
    still = {row for row in ids if row not in gone and row not in placed}
    near = list(accumulate(ids, lambda last, row: row if row in still else last, initial=0))
    after: defaultdict[int | None, list[int]] = defaultdict(list)
    anchor: int | None = None
    for position, row in enumerate(order):
        if row in still:
            anchor = row
        elif row in placed:
            # The first rows have no neighbour before them that stays: the line that stands there is as good.
            if anchor is None and position:
                anchor = near[min(position, len(ids))] or None
            after[anchor].append(row)
    result = list(after[None])
    for row in ids:
        if row in still:
            result.append(row)
            result += after.get(row, ())
    return result


def _lines_among(theirs: Base, texts: set[bytes]) -> set[bytes]:
    """Those of our texts that stand in their file as well: both sides made the same edit."""
    return {raw for raw in theirs.rows(0, len(theirs)) if raw in texts} if texts else set()


def _ids_of_lines(ours: Ours, theirs: Base) -> tuple[list[int], int]:
    """Our row id for each of their lines, a new one where the line is not ours; and the next free id."""
    old = ours.now.base_order
    known: dict[int, int | bytes]
    if ours.readable:
        known = dict(zip(old, (hash(raw) for raw in ours.now.base.rows(0, len(old))), strict=True))
    else:
        known = {**ours.digests, **{row: digest_of(raw) for row, raw in ours.originals.items()}}
    lines: dict[int | bytes, list[int]] = {value: [] for value in known.values()}
    name = hash if ours.readable else digest_of
    for line, raw in enumerate(theirs.rows(0, len(theirs)) if lines else ()):
        if (same := lines.get(name(raw))) is not None:
            same.append(line)
    ids = [0] * len(theirs)
    for row, value in known.items():
        place = _take_nearest(lines[value], old.index(row))
        if place is not None and _is_really(ours.originals.get(row), theirs, place):
            ids[place] = row
    return _filled(ids, ours, set(known))


def _is_really(original: bytes | None, theirs: Base, line: int) -> bool:
    """Equal hashes are enough to keep an id, but not to put an edit onto a row."""
    return original is None or theirs.raw(line) == original


def _take_nearest(lines: list[int], line: int) -> int | None:
    if not lines:
        return None
    at = bisect_left(lines, line)
    if at == len(lines) or (at and line - lines[at - 1] <= lines[at] - line):
        at -= 1
    return lines.pop(at)


def _rows(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _filled(ids: list[int], ours: Ours, known: set[int]) -> tuple[list[int], int]:
    """Lines that were not recognised get the id of the row that stood there before, by counting.

    That is a guess where the old file can no longer be read; no edit depends on it, only what is selected and
    where new rows go. Where it fails the line gets a new id.
    """
    old = ours.now.base_order
    free = set(old).difference(known)
    next_row = ours.next_row
    shift = next((old.index(row) - line for line, row in enumerate(ids) if row), 0)
    for line, row in enumerate(ids):
        if row:
            shift = old.index(row) - line
            continue
        guess = old[line + shift] if 0 <= line + shift < len(old) else 0
        if guess in free:
            free.discard(guess)
            ids[line] = guess
        else:
            ids[line] = next_row
            next_row += 1
    return ids, next_row
