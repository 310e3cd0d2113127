"""Two people's changes of one row put together: per key and per turn, and which places they both changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tunedesk.dataset.json_pointer import pointer_to
from tunedesk.dataset.left_out import why_not_writable
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_edits import dump_row
from tunedesk.dataset.text_diff import common_runs
from tunedesk.dataset.value_diff import ABSENT, is_same

DEEPEST = 60
"""Levels of brackets that are looked into; what lies deeper is one place."""


@dataclass(frozen=True, slots=True)
class MergedRow:
    """raw: the row with both sides' changes; ours where both changed a place. conflicts: these places."""

    raw: bytes
    conflicts: tuple[str, ...] = ()


def merge_row(base: bytes, ours: bytes, theirs: bytes) -> MergedRow:
    """Rows that only one side changed are taken as they are, byte for byte.

    A text that both changed in different ways is a conflict: words are never mixed, since nobody could answer
    for the result. Where one side deleted what the other changed, the change stays and is a conflict too.
    """
    if theirs in (ours, base):
        return MergedRow(ours)
    if ours == base:
        return MergedRow(theirs)
    old, mine, other = (parse_row(raw) for raw in (base, ours, theirs))
    if any(why_not_writable(row) for row in (old, mine, other)):
        return MergedRow(ours, ("",))
    merging = _Merging()
    value = merging.merge("", old.value, mine.value, other.value, depth=0)
    if is_same(value, mine.value):
        return MergedRow(ours, tuple(merging.conflicts))
    return MergedRow(dump_row(value, ours), tuple(merging.conflicts))


class _Merging:
    def __init__(self) -> None:
        self.conflicts: list[str] = []

    def merge(self, pointer: str, base: Any, ours: Any, theirs: Any, depth: int) -> Any:
        if is_same(base, theirs) or is_same(ours, theirs):
            return ours
        if is_same(base, ours):
            return theirs
        kinds = {type(base), type(ours), type(theirs)}
        if kinds == {dict} and depth < DEEPEST:
            return self._objects(pointer, base, ours, theirs, depth)
        if kinds == {list} and depth < DEEPEST:
            return self._lists(pointer, base, ours, theirs, depth)
        self.conflicts.append(pointer)
        return theirs if ours is ABSENT else ours

    def _objects(
        self, pointer: str, base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], depth: int
    ) -> dict[str, Any]:
        merged = {}
        for key in dict.fromkeys((*ours, *theirs)):
            old, mine, other = (side.get(key, ABSENT) for side in (base, ours, theirs))
            item = self.merge(pointer + pointer_to(key), old, mine, other, depth + 1)
            if item is not ABSENT:
                merged[key] = item
        return merged

    def _lists(
        self, pointer: str, base: list[Any], ours: list[Any], theirs: list[Any], depth: int
    ) -> list[Any]:
        """By the items that all three have; what stands between two of them is merged by itself."""
        stretches = _stretches(base, ours, theirs)
        if stretches is None:
            self.conflicts.append(pointer)
            return ours
        merged: list[Any] = []
        for old, mine, other in stretches:
            if len(old) == len(mine) == len(other):
                for one, ours_item, theirs_item in zip(old, mine, other, strict=True):
                    place = f"{pointer}/{len(merged)}"
                    merged.append(self.merge(place, one, ours_item, theirs_item, depth + 1))
            elif is_same(old, other) or is_same(mine, other):
                merged += mine
            elif is_same(old, mine):
                merged += other
            else:
                self.conflicts.append(f"{pointer}/{len(merged)}")
                merged += mine or other
        return merged


Stretch = tuple[list[Any], list[Any], list[Any]]


def _stretches(base: list[Any], ours: list[Any], theirs: list[Any]) -> Iterator[Stretch] | None:
    """The lists cut before and after each run of items that stand in all three; None for too many edits."""
    to_ours, to_theirs = _same_items(base, ours), _same_items(base, theirs)
    if to_ours is None or to_theirs is None:
        return None
    return _cut(base, ours, theirs, to_ours, to_theirs)


def _cut(
    base: list[Any], ours: list[Any], theirs: list[Any], to_ours: dict[int, int], to_theirs: dict[int, int]
) -> Iterator[Stretch]:
    at, mine, other = 0, 0, 0
    for place in range(len(base)):
        if place in to_ours and place in to_theirs:
            yield base[at:place], ours[mine : to_ours[place]], theirs[other : to_theirs[place]]
            at, mine, other = place + 1, to_ours[place] + 1, to_theirs[place] + 1
            yield [base[place]], [ours[mine - 1]], [theirs[other - 1]]
    yield base[at:], ours[mine:], theirs[other:]


def _same_items(base: Sequence[Any], side: Sequence[Any]) -> dict[int, int] | None:
    runs = common_runs([_written(item) for item in base], [_written(item) for item in side])
    if runs is None:
        return None
    return {start + step: other + step for start, other, size in runs for step in range(size)}


def _written(item: Any) -> str:
    return json.dumps(item, sort_keys=True)
