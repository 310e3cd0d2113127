"""Which places differ between two rows' values, as JSON pointers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tunedesk.dataset.json_pointer import pointer_to
from tunedesk.dataset.parsing import parse_row

MOST_POINTERS = 200


def changed_pointers(old: bytes, new: bytes) -> tuple[str, ...]:
    """The deepest places that differ, at most 200. () when only blanks, escapes or the order of keys do.

    A place that only one side has is named too. ("",) when one of the rows is not JSON and they differ.
    """
    if old == new:
        return ()
    before, after = parse_row(old), parse_row(new)
    if before.value is None or after.value is None or before.problems or after.problems:
        return ("",)
    found = _differing(before.value, after.value)
    return tuple(pointer for _, pointer in zip(range(MOST_POINTERS), found, strict=False))


def is_same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1, 1.0 and true are three values, and the order of keys does not count."""
    return next(_differing(one, other), None) is None


def _differing(one: Any, other: Any) -> Iterator[str]:
    waiting: list[tuple[str, Any, Any]] = [("", one, other)]
    while waiting:
        pointer, left, right = waiting.pop()
        if type(left) is not type(right):
            yield pointer
        elif isinstance(left, dict):
            keys = list(left) + [key for key in right if key not in left]
            waiting += [
                (pointer + pointer_to(key), left.get(key, ABSENT), right.get(key, ABSENT))
                for key in reversed(keys)
            ]
        elif isinstance(left, list):
            size = max(len(left), len(right))
            waiting += [
                (f"{pointer}/{at}", _item(left, at), _item(right, at)) for at in reversed(range(size))
            ]
        elif left != right:
            yield pointer


class _Absent:
    """Stands for what is not there; null is there."""


ABSENT = _Absent()


def _item(items: list[Any], at: int) -> Any:
    return items[at] if at < len(items) else ABSENT
