"""What a person asks the table to show: a text, conditions, and which findings. Values; knows no widget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tunedesk.dataset.filtering import Above, Below, Both, Condition, Either, Not, matches
from tunedesk.dataset.query import Query
from tunedesk.dataset.sort_keys import ColumnKind, RowFacts, RowView

Counts = tuple[int, int, int]
SEVERITIES = ("error", "warning", "info")
SEVERITY_WORDS = {"error": "errors", "warning": "warnings", "info": "notes"}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition as a chip shows it. severity: of a finding that the row must have, "" for any."""

    words: str
    condition: Condition | None = None
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """All of it must hold. query: None for any text."""

    query: Query | None = None
    only_findings: bool = False
    filters: tuple[Filter, ...] = ()

    @property
    def is_open(self) -> bool:
        """True when every row is an answer."""
        return self.query is None and not self.only_findings and not self.filters

    @property
    def condition(self) -> Condition | None:
        """Of the rows' columns."""
        parts = tuple(each.condition for each in self.filters if each.condition is not None)
        return Both(parts) if parts else None

    @property
    def needs_tokens(self) -> bool:
        return self.condition is not None and _asks_tokens(self.condition)

    def asks_counts(self, counts: Counts) -> bool:
        """Whether a row with so many errors, warnings and notes can be an answer."""
        if self.only_findings and not any(counts):
            return False
        return all(
            counts[SEVERITIES.index(each.severity)] for each in self.filters if each.severity in SEVERITIES
        )


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What others know of rows; all may be called from any thread. codes: of a row's findings."""

    tokens: Callable[[int], int | None]
    counts: Callable[[int], Counts]
    codes: Callable[[int], tuple[str, ...]]

    def of(self, row: int) -> RowFacts:
        found = sum(self.counts(row))
        return RowFacts(self.tokens(row), self.codes(row) if found else ())

    def without_codes(self, row: int) -> RowFacts:
        """For sorting, which only counts findings."""
        return RowFacts(self.tokens(row), ("",) * sum(self.counts(row)))


def is_answer(question: Question, condition: Condition | None, counts: Counts, view: RowView) -> bool:
    """Apart from the text that is searched for. condition: the question's."""
    return question.asks_counts(counts) and (condition is None or matches(condition, view))


def _asks_tokens(condition: Condition) -> bool:
    match condition:
        case Both() | Either():
            return any(map(_asks_tokens, condition.conditions))
        case Not():
            return _asks_tokens(condition.condition)
        case Above() | Below():
            return condition.column.kind is ColumnKind.TOKENS
    return False
