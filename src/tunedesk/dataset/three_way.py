"""Two people's versions of a dataset put together on the version that both began with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tunedesk.dataset.row_pairing import Paired, RowSource, out_of_order, pair_rows
from tunedesk.dataset.value_merge import merge_row


@dataclass(frozen=True, slots=True)
class MergedFrom:
    """One row of the result. ours, theirs: its positions, from 0, on either side; None where it is not.

    raw: its text when it is not our text; None when it is.
    """

    ours: int | None
    theirs: int | None
    raw: bytes | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row that both sides changed in ways that exclude each other. place: where it stands in the result.

    "changed": both changed the places `pointers`; ours stands there. "deleted-by-us", "deleted-by-them": the
    other side changed it, and the changed row stands there.
    """

    kind: Literal["changed", "deleted-by-us", "deleted-by-them"]
    place: int
    base: int
    ours: int | None
    theirs: int | None
    pointers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """rows: the result in order. from_them: how many of their changes are in it, conflicts not counted."""

    rows: tuple[MergedFrom, ...]
    conflicts: tuple[Conflict, ...]
    from_them: int

    def raws(self, ours: RowSource) -> Iterator[bytes]:
        """The text of each row of the result. `ours` must be what was merged."""
        for row in self.rows:
            if row.raw is not None:
                yield row.raw
            elif row.ours is not None:
                yield ours.raw(ours.ids[row.ours])


def merge_rows(
    base: RowSource,
    ours: RowSource,
    theirs: RowSource,
    *,
    ours_by_id: bool = False,
    theirs_by_id: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Merged | None:
    """Both sides' additions, deletions, moves and changes; None when cancelled.

    *_by_id: this side and the base are snapshots of one document; otherwise rows are recognised by their
    content, as in `diff_rows`. Within a row that both changed, different turns and keys are put together. A
    row that both added with the same text is there once. Where both moved a row, ours counts.
    """
    half = len(base) + len(ours)
    total = half + len(base) + len(theirs)
    mine = pair_rows(
        base, ours, by_id=ours_by_id, progress=lambda done, _: progress(done, total), cancelled=cancelled
    )
    if mine is None:
        return None
    other = pair_rows(
        base,
        theirs,
        by_id=theirs_by_id,
        progress=lambda done, _: progress(half + done, total),
        cancelled=cancelled,
    )
    if other is None:
        return None
    return _Merge(base, ours, theirs, mine, other).result()


class _Merge:
    """The state of one merge: what the result has for each of our and their rows."""

    def __init__(
        self, base: RowSource, ours: RowSource, theirs: RowSource, mine: Paired, other: Paired
    ) -> None:
        self._base, self._ours, self._theirs = base, ours, theirs
        self._mine, self._other = mine, other
        self._base_of_ours = {place: old for old, place in mine.pairs.items()}
        self._base_of_theirs = {place: old for old, place in other.pairs.items()}
        self._conflicts: list[tuple[MergedFrom, Conflict]] = []
        self._from_them = 0

    def result(self) -> Merged:
        """Our rows in our order; what they added or moved comes after the row before it on their side."""
        of_base: dict[int, MergedFrom] = {}
        for old in range(len(self._base)):
            if (row := self._row_of_base(old)) is not None:
                of_base[old] = row
        after = self._placed_by_them(of_base)
        rows = list(after.get(None, ()))
        for place in range(len(self._ours)):
            begun = self._base_of_ours.get(place)
            if begun is None:
                rows.append(MergedFrom(place, None, None))
            elif begun in of_base and not self._is_placed_by_them(begun):
                rows.append(of_base[begun])
                rows += after.get(begun, ())
        places = {id(row): place for place, row in enumerate(rows)}
        conflicts = sorted(
            (_with_place(conflict, places[id(row)]) for row, conflict in self._conflicts),
            key=lambda conflict: conflict.place,
        )
        return Merged(tuple(rows), tuple(conflicts), self._from_them)

    def _row_of_base(self, old: int) -> MergedFrom | None:
        """What becomes of a row that both began with; None when it is gone."""
        ours, theirs = self._mine.pairs.get(old), self._other.pairs.get(old)
        if ours is not None and theirs is not None:
            return self._row_of_both(old, ours, theirs)
        if ours is None and theirs is None:
            return None
        if ours is None:
            return self._deleted_by_us(old, theirs or 0)
        if not self._mine.is_changed(old):
            self._from_them += 1
            return None
        row = MergedFrom(ours, None, None)
        self._conflicts.append((row, Conflict("deleted-by-them", 0, old, ours, None)))
        return row

    def _deleted_by_us(self, old: int, theirs: int) -> MergedFrom | None:
        if not self._other.is_changed(old):
            return None
        row = MergedFrom(None, theirs, self._their_raw(theirs))
        self._conflicts.append((row, Conflict("deleted-by-us", 0, old, None, theirs)))
        return row

    def _row_of_both(self, old: int, ours: int, theirs: int) -> MergedFrom:
        if not self._other.is_changed(old):
            return MergedFrom(ours, theirs, None)
        base_raw = self._base.raw(self._mine.before.ids[old])
        our_raw = self._ours.raw(self._mine.after.ids[ours])
        merged = merge_row(base_raw, our_raw, self._their_raw(theirs))
        row = MergedFrom(ours, theirs, None if merged.raw == our_raw else merged.raw)
        if merged.conflicts:
            self._conflicts.append((row, Conflict("changed", 0, old, ours, theirs, merged.conflicts)))
        elif row.raw is not None:
            self._from_them += 1
        return row

    def _their_raw(self, place: int) -> bytes:
        return self._theirs.raw(self._other.after.ids[place])

    def _is_placed_by_them(self, old: int) -> bool:
        """They moved the row and we did not, or we deleted it and they changed it."""
        return old not in self._mine.pairs or (old in self._other.moved and old not in self._mine.moved)

    def _placed_by_them(self, of_base: dict[int, MergedFrom]) -> dict[int | None, list[MergedFrom]]:
        """Rows by the base row that they come after on their side; None: at the start."""
        known = Counter(
            self._mine.after.prints[place]
            for place in range(len(self._ours))
            if place not in self._base_of_ours
        )
        after: defaultdict[int | None, list[MergedFrom]] = defaultdict(list)
        anchor: int | None = None
        for place in range(len(self._theirs)):
            old = self._base_of_theirs.get(place)
            if old is None:
                text = self._other.after.prints[place]
                if known[text]:
                    known[text] -= 1
                    continue
                after[anchor].append(MergedFrom(None, place, self._their_raw(place)))
                self._from_them += 1
            elif old not in of_base:
                continue
            elif self._is_placed_by_them(old):
                after[anchor].append(of_base[old])
                self._from_them += old in self._mine.pairs
            else:
                anchor = old
        return after


def _with_place(conflict: Conflict, place: int) -> Conflict:
    return Conflict(conflict.kind, place, conflict.base, conflict.ours, conflict.theirs, conflict.pointers)


def resolved(merged: Merged, choices: Sequence[tuple[Conflict, bytes | None]]) -> tuple[MergedFrom, ...]:
    """The result's rows with the text that a person chose for each conflict; None takes the row out."""
    by_place = {conflict.place: raw for conflict, raw in choices}
    rows = []
    for place, row in enumerate(merged.rows):
        if place not in by_place:
            rows.append(row)
        elif (raw := by_place[place]) is not None:
            rows.append(MergedFrom(row.ours, row.theirs, raw))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Edits:
    """How our document becomes the result, for Document.edit_many; rows are inserted at positions of ours.

    not_moved: rows that only the other side moved. They stay where ours has them, since a row that was taken
    out and put in anew would lose its marks and its history.
    """

    replace: dict[int, bytes]
    delete: tuple[int, ...]
    insert: tuple[tuple[int, bytes], ...]
    not_moved: int


def edits_for(rows: Sequence[MergedFrom], ours: RowSource) -> Edits:
    """rows: of a merge, resolved or not. ours: what was merged, and still is what the document has."""
    ids = list(ours.ids)
    replace: dict[int, bytes] = {}
    insert: list[tuple[int, bytes]] = []
    standing = [row.ours for row in rows if row.ours is not None]
    moved = {standing[at] for at in out_of_order(standing)}
    last = -1
    for row in rows:
        if row.ours is not None:
            if row.raw is not None:
                replace[ids[row.ours]] = row.raw
            if row.ours not in moved:
                last = row.ours
        elif row.raw is not None:
            insert.append((last + 1, row.raw))
    kept = set(standing)
    delete = tuple(row for place, row in enumerate(ids) if place not in kept)
    return Edits(replace, delete, tuple(insert), len(moved))
