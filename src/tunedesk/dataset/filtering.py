"""Conditions on rows by their columns: values that can be combined, stored and asked; knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import msgspec

from tunedesk.dataset.query import Matcher, Query
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.sort_keys import (
    NO_FACTS,
    WITHOUT_TEXT,
    Column,
    FactsOf,
    RowView,
    text_of,
    value_of,
    views,
)
from tunedesk.errors import UserError


class Contains(msgspec.Struct, frozen=True, tag=True):
    """The column's text holds `text`; case does not count."""

    column: Column
    text: str


class Equals(msgspec.Struct, frozen=True, tag=True):
    """The column's text is `text`, or its number is the number that `text` writes; case does not count."""

    column: Column
    text: str


class MatchesPattern(msgspec.Struct, frozen=True, tag=True):
    """A regular expression is found in the column's text."""

    column: Column
    pattern: str
    case: bool = False


class Below(msgspec.Struct, frozen=True, tag=True):
    """The column's number is smaller; a text that writes a number counts as one, nothing else does."""

    column: Column
    number: float


class Above(msgspec.Struct, frozen=True, tag=True):
    """The column's number is greater."""

    column: Column
    number: float


class IsEmpty(msgspec.Struct, frozen=True, tag=True):
    """The column shows nothing, or blanks only."""

    column: Column


class HasTag(msgspec.Struct, frozen=True, tag=True):
    tag: str


class HasFinding(msgspec.Struct, frozen=True, tag=True):
    """code: "" is any finding."""

    code: str = ""


class Both(msgspec.Struct, frozen=True, tag=True):
    """All of them; an empty list is true."""

    conditions: tuple[Condition, ...]


class Either(msgspec.Struct, frozen=True, tag=True):
    """One of them at least; an empty list is false."""

    conditions: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True, tag=True):
    condition: Condition


Condition = (
    Contains | Equals | MatchesPattern | Below | Above | IsEmpty | HasTag | HasFinding | Both | Either | Not
)


def matches(condition: Condition, row: RowView) -> bool:
    """UserError for a regular expression that is none, or that takes too long on the row."""
    match condition:
        case Contains():
            return condition.text.casefold() in text_of(condition.column, row).casefold()
        case Equals():
            return _equals(condition, row)
        case MatchesPattern():
            return _is_found(condition, row)
        case Below():
            number = _number(condition.column, row)
            return number is not None and number < condition.number
        case Above():
            number = _number(condition.column, row)
            return number is not None and number > condition.number
        case IsEmpty():
            return not text_of(condition.column, row).strip()
        case HasTag():
            return condition.tag in row.marks.tags
        case HasFinding():
            return condition.code in row.facts.codes if condition.code else bool(row.facts.codes)
        case Both():
            return all(matches(part, row) for part in condition.conditions)
        case Either():
            return any(matches(part, row) for part in condition.conditions)
        case Not():
            return not matches(condition.condition, row)


def filter_rows(
    snapshot: Snapshot,
    condition: Condition,
    *,
    facts: FactsOf = lambda row: NO_FACTS,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[int]:
    """The ids of the rows that meet a condition, in order, as they are found; it ends when cancelled."""
    total = len(snapshot)
    for view, row in views(snapshot, facts, with_text=needs_text(condition)):
        if view.number % 256 == 1:
            if cancelled():
                return
            progress(view.number - 1, total)
        if matches(condition, view):
            yield row
    progress(total, total)


def needs_text(condition: Condition) -> bool:
    """False when rows need not be read to tell."""
    match condition:
        case Both() | Either():
            return any(needs_text(part) for part in condition.conditions)
        case Not():
            return needs_text(condition.condition)
        case HasTag() | HasFinding():
            return False
    return condition.column.kind not in WITHOUT_TEXT


def _equals(condition: Equals, row: RowView) -> bool:
    value = value_of(condition.column, row)
    if isinstance(value, int | float):
        return _written_number(condition.text) == value
    return text_of(condition.column, row).casefold() == condition.text.casefold()


def _is_found(condition: MatchesPattern, row: RowView) -> bool:
    try:
        return _matcher(condition.pattern, condition.case).is_in(text_of(condition.column, row))
    except TimeoutError as error:
        message = f"The pattern takes too long in row {row.number}."
        raise UserError(message, hint="Repeats within repeats, such as (a+)+, are slow.") from error


@lru_cache(maxsize=8)
def _matcher(pattern: str, case: bool) -> Matcher:
    return Matcher(Query(pattern, regex=True, case=case))


def _number(column: Column, row: RowView) -> float | None:
    value = value_of(column, row)
    return _written_number(value) if isinstance(value, str) else value


def _written_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
