"""What a row shows in each column of a table, and rows sorted by it; knows no widget and moves no row."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec

from tunedesk.dataset.example import Example, example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.marks import NO_MARKS, RowMarks
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.query import all_turns
from tunedesk.dataset.snapshot import Snapshot

CLIP = 200
"""Characters of a text that count when rows are sorted: enough for people, and a million of them fit into
memory.
"""

SYSTEM_ROLES = ("system", "developer")
SORTED_AT_ONCE = 2000
"""Keys; sorting holds the interpreter, so that sorting a million at once would freeze the window."""

Value = str | int | float | None
SortKey = tuple[Any, ...]
_DIGITS = re.compile(r"([0-9]+)")


class ColumnKind(StrEnum):
    """NUMBER: the row's number, from 1. QUESTION, ANSWER, SYSTEM: the first user's, the last assistant's and
    the system's text.

    TOKENS and FINDINGS are given by those who count and lint. TURNS: how many. ROLES: "system, user,
    assistant". LENGTH: characters in all turns. KEY: what stands under a top-level key.
    """

    NUMBER = "number"
    QUESTION = "question"
    ANSWER = "answer"
    TOKENS = "tokens"
    TURNS = "turns"
    ROLES = "roles"
    FINDINGS = "findings"
    STAR = "star"
    REVIEWED = "reviewed"
    DRAFT = "draft"
    TAGS = "tags"
    NOTE = "note"
    SOURCE = "source"
    LENGTH = "length"
    KEY = "key"
    SYSTEM = "system"


WITHOUT_TEXT = frozenset(
    {ColumnKind.NUMBER, ColumnKind.TOKENS, ColumnKind.FINDINGS, ColumnKind.STAR, ColumnKind.REVIEWED}
    | {ColumnKind.DRAFT, ColumnKind.TAGS, ColumnKind.NOTE, ColumnKind.SOURCE}
)
"""Columns that need no row to be read."""


class Column(msgspec.Struct, frozen=True):
    """key: the top-level key of a KEY column."""

    kind: ColumnKind
    key: str = ""


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What others know of a row. tokens: None when it is not counted yet. codes: of its findings."""

    tokens: int | None = None
    codes: tuple[str, ...] = ()


NO_FACTS = RowFacts()
FactsOf = Callable[[int], RowFacts]


class RowView:
    """One row as its columns see it, read when a column first asks for it. number: from 1."""

    def __init__(
        self,
        number: int,
        raw: Callable[[], bytes],
        facts: RowFacts = NO_FACTS,
        marks: RowMarks = NO_MARKS,
        mapping: ColumnMapping | None = None,
    ) -> None:
        self.number = number
        self.facts = facts
        self.marks = marks
        self._raw = raw
        self._mapping = mapping

    @cached_property
    def value(self) -> dict[str, Any] | None:
        """None when the row is not JSON."""
        return parse_row(self._raw()).value

    @cached_property
    def example(self) -> Example:
        return example_of(self.value, self._mapping)


def value_of(column: Column, row: RowView) -> Value:
    """What the column shows: a number, or a text; None for nothing. Findings are counted, tags are joined."""
    match column.kind:
        case ColumnKind.NUMBER:
            return row.number
        case ColumnKind.TOKENS:
            return row.facts.tokens
        case ColumnKind.FINDINGS:
            return len(row.facts.codes)
        case ColumnKind.KEY:
            return _of_key(row.value, column.key)
        case ColumnKind.STAR | ColumnKind.REVIEWED | ColumnKind.DRAFT:
            return int(_flag(column.kind, row.marks))
        case ColumnKind.TAGS | ColumnKind.NOTE | ColumnKind.SOURCE:
            return _mark_text(column.kind, row.marks) or None
    return _of_example(column.kind, row.example)


def text_of(column: Column, row: RowView) -> str:
    """What the column shows, as text; "" for nothing. Findings are named by their codes."""
    if column.kind is ColumnKind.FINDINGS:
        return " ".join(row.facts.codes)
    value = value_of(column, row)
    return "" if value is None else str(value)


def sort_key(value: Value) -> SortKey:
    """Numbers before texts, and numbers within texts by their size: "row 9" before "row 10".

    Case does not count, and of a text only its first 200 characters do. () for nothing, an empty text and
    NaN.
    """
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return ()
    if isinstance(value, str):
        return (1, *natural_key(value))
    return (0, value)


def natural_key(text: str) -> SortKey:
    """Alternately texts and numbers, so that two keys always compare like with like."""
    parts = _DIGITS.split(text[:CLIP].casefold())
    return tuple(_number(part) if place % 2 else part for place, part in enumerate(parts))


def sorted_rows(
    snapshot: Snapshot,
    column: Column,
    *,
    descending: bool = False,
    facts: FactsOf = lambda row: NO_FACTS,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[int] | None:
    """All row ids by one column; None when cancelled. Equal rows stay in their order, empty ones go last.

    The result can be shown as it is, or given to Document.move(ids, 0).
    """
    keys: list[SortKey] = []
    ids: list[int] = []
    for view, row in views(snapshot, facts, with_text=column.kind not in WITHOUT_TEXT):
        if len(ids) % 256 == 0:
            if cancelled():
                return None
            progress(len(ids), len(snapshot))
        keys.append(sort_key(value_of(column, view)))
        ids.append(row)
    if cancelled():
        return None
    order = _ordered(keys, descending)
    progress(len(ids), len(snapshot))
    return [ids[place] for place in order]


def order_by(values: Sequence[int] | Sequence[float], *, descending: bool = False) -> list[int]:
    """The positions of numbers by size, stable, NaN last: for a column of numbers that is held already."""
    import numpy as np  # only for whoever sorts

    array = np.asarray(values)
    if not descending:
        return np.argsort(array, kind="stable").tolist()
    if array.dtype.kind == "f":
        return np.argsort(-array, kind="stable").tolist()
    order = np.argsort(array[::-1], kind="stable")[::-1]
    return (len(array) - 1 - order).tolist()


def views(snapshot: Snapshot, facts: FactsOf, *, with_text: bool = True) -> Iterator[tuple[RowView, int]]:
    """Every row's view and id, in order. with_text False: the rows are not read unless a column asks."""
    if with_text:
        for number, (row, raw) in enumerate(snapshot.rows(), start=1):
            yield view_of(snapshot, row, number, facts(row), raw), row
    else:
        for number, row in enumerate(snapshot.ids, start=1):
            yield view_of(snapshot, row, number, facts(row)), row


def view_of(
    snapshot: Snapshot, row: int, number: int, facts: RowFacts = NO_FACTS, raw: bytes | None = None
) -> RowView:
    """One row's view. raw: its text, where the caller has it at hand."""
    read = (lambda: snapshot.raw(row)) if raw is None else (lambda: raw)
    return RowView(number, read, facts, snapshot.marks(row), snapshot.mapping)


def _ordered(keys: list[SortKey], descending: bool) -> list[int]:
    buckets = _by_size([place for place, key in enumerate(keys) if key], keys)
    filled: list[int] = []
    for bucket in reversed(buckets) if descending else buckets:
        filled += sorted(bucket, key=keys.__getitem__, reverse=descending)
    return filled + [place for place, key in enumerate(keys) if not key]


def _by_size(places: list[int], keys: list[SortKey]) -> list[list[int]]:
    """The places in buckets of about SORTED_AT_ONCE: the keys of each are all less than those of the next."""
    count = len(places) // SORTED_AT_ONCE
    if not count:
        return [places]
    sample = sorted(keys[place] for place in places[:: max(1, len(places) // (8 * count))])
    bounds = sorted(set(sample[:: max(1, len(sample) // count)]))
    buckets: list[list[int]] = [[] for _ in range(len(bounds) + 1)]
    for place in places:
        buckets[bisect_right(bounds, keys[place])].append(place)
    return buckets


def _number(digits: str) -> tuple[int, str]:
    """Compares by size at any length: int() refuses more than 4,300 digits."""
    bare = digits.lstrip("0")
    return len(bare), bare


def _of_key(value: dict[str, Any] | None, key: str) -> Value:
    item = None if value is None else value.get(key)
    if item is None or isinstance(item, str):
        return item or None
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int | float):
        return item
    return json.dumps(item, ensure_ascii=False)


def _of_example(kind: ColumnKind, example: Example) -> Value:
    match kind:
        case ColumnKind.QUESTION:
            return example.first_user or None
        case ColumnKind.ANSWER:
            return example.answer or None
        case ColumnKind.SYSTEM:
            said = (turn.content for turn in example.messages if turn.role in SYSTEM_ROLES)
            return next(said, None) or None
        case ColumnKind.TURNS:
            return len(example.messages)
        case ColumnKind.ROLES:
            return ", ".join(turn.role for turn in example.messages) or None
        case ColumnKind.LENGTH:
            return sum(len(turn.content or "") for turn in all_turns(example))
    raise ValueError(kind)


def _flag(kind: ColumnKind, marks: RowMarks) -> bool:
    if kind is ColumnKind.STAR:
        return marks.star
    return marks.reviewed if kind is ColumnKind.REVIEWED else marks.draft


def _mark_text(kind: ColumnKind, marks: RowMarks) -> str:
    if kind is ColumnKind.TAGS:
        return ", ".join(marks.tags)
    return marks.note if kind is ColumnKind.NOTE else marks.source
