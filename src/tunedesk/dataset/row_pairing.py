"""Which row of one sequence is which of another: by id, by text, and by likeness, in linear time."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from tunedesk.dataset.example import example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.query import Query, texts_of
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.split_recipe import asked

ALIKE = 0.5
"""From this share of common words on, a row counts as another one changed."""
CLOSE_LOOKS = 400
"""In a gap of up to so many pairs each is looked at; in a bigger one rows are paired in their order."""
EVERYWHERE = Query("")
_WORD = re.compile(r"\w+")


class RowSource(Protocol):
    """What rows are read from. A Snapshot is one."""

    def __len__(self) -> int: ...

    @property
    def ids(self) -> Sequence[int]: ...

    @property
    def mapping(self) -> ColumnMapping | None: ...

    def raw(self, row_id: int) -> bytes: ...

    def rows(self) -> Iterator[tuple[int, bytes]]: ...


class RowList:
    """Rows in memory as a source; a row's id is its position, from 0."""

    def __init__(self, raws: Sequence[bytes], mapping: ColumnMapping | None = None) -> None:
        self._raws = raws
        self._mapping = mapping

    def __len__(self) -> int:
        return len(self._raws)

    @property
    def ids(self) -> Sequence[int]:
        return range(len(self._raws))

    @property
    def mapping(self) -> ColumnMapping | None:
        return self._mapping

    def raw(self, row_id: int) -> bytes:
        return self._raws[row_id]

    def rows(self) -> Iterator[tuple[int, bytes]]:
        yield from enumerate(self._raws)


@dataclass(frozen=True, slots=True)
class Side:
    """The ids of a source's rows and a fingerprint of each text, which is right within one process."""

    ids: array[int]
    prints: array[int]


@dataclass(frozen=True, slots=True)
class Paired:
    """pairs: old positions to new ones, in the order of the old. moved: old positions of moved rows."""

    before: Side
    after: Side
    pairs: dict[int, int]
    moved: frozenset[int]

    def is_changed(self, old_position: int) -> bool:
        return self.before.prints[old_position] != self.after.prints[self.pairs[old_position]]


def pair_rows(
    old: RowSource,
    new: RowSource,
    *,
    by_id: bool,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Paired | None:
    """Which old row is which new one, as in `diff_rows`; None when cancelled."""
    if by_id and isinstance(old, Snapshot) and isinstance(new, Snapshot) and old.base is new.base:
        sides: tuple[Side, Side] | None = _touched(old, new)
    else:
        sides = _read(old, new, progress, cancelled)
    if sides is None:
        return None
    before, after = sides
    pairs = _pairs_by_id(before, after) if by_id else _pairs_by_text(before, after)
    if not by_id:
        _pair_the_alike(old, new, before, after, pairs)
    progress(len(old) + len(new), len(old) + len(new))
    return Paired(before, after, pairs, frozenset(_moved(pairs)))


Pairs = dict[int, int]
"""Old positions to new positions, in the order of the old ones."""


def _read(
    old: RowSource,
    new: RowSource,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> tuple[Side, Side] | None:
    total, done = len(old) + len(new), 0
    sides = []
    for source in (old, new):
        side = Side(array("q"), array("q"))
        for row, raw in source.rows():
            if done % 1024 == 0:
                if cancelled():
                    return None
                progress(done, total)
            side.ids.append(row)
            side.prints.append(hash(raw))
            done += 1
        sides.append(side)
    return sides[0], sides[1]


def _touched(old: Snapshot, new: Snapshot) -> tuple[Side, Side]:
    """Two moments on one file: rows that neither moment edited are the file's in both, and are not read."""
    rows = old.texts.keys() | new.texts.keys()
    return _side_with(old, rows), _side_with(new, rows)


def _side_with(source: Snapshot, rows: Iterable[int]) -> Side:
    side = Side(array("q", source.ids), array("q", bytes(8 * len(source))))
    for row in rows:
        if row in source.ids:
            side.prints[source.ids.index(row)] = hash(source.raw(row))
    return side


def _pairs_by_id(before: Side, after: Side) -> Pairs:
    places = {row: place for place, row in enumerate(after.ids)}
    return {place: places[row] for place, row in enumerate(before.ids) if row in places}


def _pairs_by_text(before: Side, after: Side) -> Pairs:
    """The first of equal texts with the first, the second with the second."""
    places: defaultdict[int, deque[int]] = defaultdict(deque)
    for place, text in enumerate(after.prints):
        places[text].append(place)
    pairs = {}
    for place, text in enumerate(before.prints):
        if places.get(text):
            pairs[place] = places[text].popleft()
    return pairs


def _pair_the_alike(old: RowSource, new: RowSource, before: Side, after: Side, pairs: Pairs) -> None:
    """Rows without an equal one are paired with the one they were, where that can be told."""
    taken = set(pairs.values())
    gone = [place for place in range(len(before.ids)) if place not in pairs]
    come = [place for place in range(len(after.ids)) if place not in taken]
    if not (gone and come):
        return
    found = _by_question(old, new, before, after, gone, come)
    moved = _moved(pairs)
    steady = {place: other for place, other in pairs.items() if place not in moved}
    taken_new = set(found.values())
    gaps = _gaps(
        steady,
        [place for place in gone if place not in found],
        [place for place in come if place not in taken_new],
    )
    for left, right in gaps:
        found |= _in_gap(old, new, before, after, left, right)
    pairs |= found
    in_order = sorted(pairs.items())
    pairs.clear()
    pairs.update(in_order)


def _by_question(
    old: RowSource, new: RowSource, before: Side, after: Side, gone: Sequence[int], come: Sequence[int]
) -> Pairs:
    ours = _questions(old, before, gone)
    theirs = _questions(new, after, come)
    return {place: theirs[question] for question, place in ours.items() if question in theirs}


def _questions(source: RowSource, side: Side, places: Sequence[int]) -> dict[int, int]:
    """Fingerprints of the questions that stand in one of the rows only."""
    found: dict[int, int] = {}
    twice: set[int] = set()
    for place in places:
        question = asked(example_of(parse_row(source.raw(side.ids[place])).value, source.mapping))
        if not question:
            continue
        key = hash(question)
        if key in found:
            twice.add(key)
        found[key] = place
    return {key: place for key, place in found.items() if key not in twice}


def _gaps(steady: Pairs, gone: Sequence[int], come: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Rows on both sides that stand between the same two rows."""
    anchors_old, anchors_new = list(steady), list(steady.values())
    right: defaultdict[int, list[int]] = defaultdict(list)
    for place in come:
        right[bisect_left(anchors_new, place)].append(place)
    left: defaultdict[int, list[int]] = defaultdict(list)
    for place in gone:
        left[bisect_left(anchors_old, place)].append(place)
    for gap, places in left.items():
        if gap in right:
            yield places, right[gap]


def _in_gap(
    old: RowSource, new: RowSource, before: Side, after: Side, left: Sequence[int], right: Sequence[int]
) -> Pairs:
    if len(left) * len(right) > CLOSE_LOOKS:
        looks = list(zip(left, right, strict=False))
    else:
        looks = [(one, other) for one in left for other in right]
    words = {place: _words(old.raw(before.ids[place])) for place in {one for one, _ in looks}}
    others = {place: _words(new.raw(after.ids[place])) for place in {other for _, other in looks}}
    scored = [(_alike(words[one], others[other]), one, other) for one, other in looks]
    pairs: Pairs = {}
    taken: set[int] = set()
    for score, one, other in sorted(scored, key=lambda each: (-each[0], each[1], each[2])):
        if score >= ALIKE and one not in pairs and other not in taken:
            pairs[one] = other
            taken.add(other)
    return pairs


def _words(raw: bytes) -> Counter[str]:
    """Of what the row says, since all rows share their keys and roles."""
    value = parse_row(raw).value
    if value is None:
        return Counter(_WORD.findall(raw.decode("utf-8", "replace")))
    words: Counter[str] = Counter()
    for text in texts_of(value, example_of(value), EVERYWHERE):
        words.update(_WORD.findall(text.text))
    return words


def _alike(one: Counter[str], other: Counter[str]) -> float:
    return (one & other).total() / (max(one.total(), other.total()) or 1)


def _moved(pairs: Pairs) -> set[int]:
    """The old positions of the fewest rows whose moving explains the new order."""
    olds = list(pairs)
    return {olds[at] for at in out_of_order(list(pairs.values()))}


def out_of_order(places: Sequence[int]) -> set[int]:
    """Which of these numbers (by index) must be moved so that they ascend: as few as possible."""
    if all(left < right for left, right in pairwise(places)):
        return set()
    tails: list[int] = []
    tail_at: list[int] = []
    before: list[int] = []
    for at, place in enumerate(places):
        length = bisect_left(tails, place)
        before.append(tail_at[length - 1] if length else -1)
        if length == len(tails):
            tails.append(place)
            tail_at.append(at)
        else:
            tails[length], tail_at[length] = place, at
    steady = set()
    at = tail_at[-1]
    while at >= 0:
        steady.add(at)
        at = before[at]
    return {at for at in range(len(places)) if at not in steady}
