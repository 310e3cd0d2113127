"""What a dataset is made of: tokens, turns, roles, languages, labels, prompts; kept as sums that a row can be
taken out of and put into, so that they are right while somebody types.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tunedesk.dataset.example import example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.plan.row_statistics import RowFacts, facts_of_row
from tunedesk.template.counting import CountCache, TokenCounter, count_all
from tunedesk.template.encoding import RowTokens

_Key = TypeVar("_Key", int, str)

# The rule of OpenAI's cookbook (Chat_finetuning_data_prep): three passes, more where the rows are few and
# fewer where they are many. The service's own default is not published.
TARGET_EPOCHS, MIN_EPOCHS, MAX_EPOCHS = 3, 1, 25
MIN_TARGET_EXAMPLES, MAX_TARGET_EXAMPLES = 100, 25_000
FEWEST, GOOD_START, CLEAR_GAIN = 10, 50, 100
"""Examples: the least that OpenAI and Azure take; what OpenAI's guide says to begin with; where it says that
improvements become clear."""
LANGUAGES_LOOKED_AT = 4_000  # rows; telling a language takes a tenth of a millisecond
MOST_BUCKETS = 24
CLASSES_TO_ROWS = 3
"""Answers are classes when there are three times as many rows (the rule of OpenAI's old prepare tool)."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Rows of first to last tokens. is_cut: they are longer than the limit."""

    first: int
    last: int
    rows: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class CutRow:
    """A row longer than the limit. lost: about how many of its trained tokens lie behind the cut, for they
    stand at a row's end.
    """

    row_id: int
    tokens: int
    trained: int
    lost: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, median, 95th percentile, most, mean; all 0 without values."""

    least: int
    median: int
    high: int
    most: int
    mean: float


def spread_of(counted: Mapping[int, int]) -> Spread:
    """Of values that are counted: nearest-rank percentiles."""
    total = sum(counted.values())
    if not total:
        return Spread(0, 0, 0, 0, 0.0)
    ordered = sorted(counted.items())

    def at(share: float) -> int:
        left = math.ceil(share * total)
        for value, rows in ordered:
            left -= rows
            if left <= 0:
                return value
        return ordered[-1][0]

    mean = sum(value * rows for value, rows in ordered) / total
    return Spread(ordered[0][0], at(0.5), at(0.95), ordered[-1][0], mean)


def epochs_suggested(rows: int) -> int:
    """How often to go through the rows, by the cookbook's rule; 0 without rows."""
    if rows <= 0:
        return 0
    if rows * TARGET_EPOCHS < MIN_TARGET_EXAMPLES:
        return min(MAX_EPOCHS, MIN_TARGET_EXAMPLES // rows)
    if rows * TARGET_EPOCHS > MAX_TARGET_EXAMPLES:
        return max(MIN_EPOCHS, MAX_TARGET_EXAMPLES // rows)
    return TARGET_EPOCHS


def examples_needed(rows: int) -> int:
    """How many more are missing to the next mark: 10, 50, 100; 0 above."""
    return next((mark - rows for mark in (FEWEST, GOOD_START, CLEAR_GAIN) if rows < mark), 0)


class DataStatistics:
    """Sums over rows. Not shared between threads without a lock of one's own.

    examples: rows with a conversation; blank and broken lines are rows but no examples.
    tokens: rows by their number of tokens. trained_tokens, total_tokens: of all rows that can be counted.
    turns, answer_lengths: rows by number of turns, by characters of the last answer. roles: turns by role.
    systems: rows by system text. languages: rows that were looked at, by language. labels: rows by short
    answer. fields: for each key of JSON answers, rows by value. refusals: rows whose answer refuses.
    conflicts: prompts that have more than one answer.
    """

    def __init__(self) -> None:
        self._rows: dict[int, RowFacts] = {}
        self.tokens: Counter[int] = Counter()
        self.examples = self.total_tokens = self.trained_tokens = self.uncounted = 0
        self.turns: Counter[int] = Counter()
        self.roles: Counter[str] = Counter()
        self.answer_lengths: Counter[int] = Counter()
        self.systems: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        self.fields: dict[str, Counter[str]] = {}
        self.refusals = 0
        self.conflicts = 0
        self._answers: dict[int, int | Counter[int]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, row_id: int, facts: RowFacts) -> None:
        """Take a row in; one that is there already is taken out first."""
        self.remove(row_id)
        self._rows[row_id] = facts
        self._add(facts, 1)

    def remove(self, row_id: int) -> None:
        """Take a row out; nothing happens when it is not there."""
        facts = self._rows.pop(row_id, None)
        if facts is not None:
            self._add(facts, -1)

    def row_tokens(self) -> Iterator[tuple[int, RowTokens | None]]:
        """Row ids with their counts, in the order in which they were put in."""
        return ((row_id, facts.tokens) for row_id, facts in self._rows.items())

    @property
    def answered(self) -> int:
        """Rows that have an answer."""
        return sum(self.answer_lengths.values())

    @property
    def with_system(self) -> int:
        return sum(self.systems.values())

    @property
    def looked_at_language(self) -> int:
        return sum(self.languages.values())

    def longest(self, share: float) -> int:
        """Tokens that `share` of the rows do not exceed."""
        total = sum(self.tokens.values())
        left = math.ceil(share * total)
        for size in sorted(self.tokens):
            left -= self.tokens[size]
            if left <= 0:
                return size
        return max(self.tokens, default=0)

    def billing_tokens(self, limit: int | None) -> int:
        """Tokens of one pass, each row counted up to the limit, as the cookbook reckons."""
        most = math.inf if limit is None else limit
        return sum(int(min(size, most)) * rows for size, rows in self.tokens.items())

    def cut_rows(self, limit: int) -> tuple[CutRow, ...]:
        """Rows with more tokens than the limit, in order of their ids."""
        return tuple(
            CutRow(row_id, count.total, count.trained, _lost(count, limit))
            for row_id, count in sorted(self.row_tokens())
            if count is not None and count.total > limit
        )

    def histogram(self, limit: int | None = None) -> tuple[Bucket, ...]:
        """Rows by tokens in at most 26 buckets of a round width, one of which ends at the limit."""
        if not self.tokens:
            return ()
        most = max(self.tokens)
        width = _round_width(most)
        behind_limit = {limit + 1} if limit and limit < most else set()
        firsts = sorted({1, *range(width + 1, most + 1, width)} | behind_limit)
        firsts[0] = min(*self.tokens, 1)
        lasts = [*(first - 1 for first in firsts[1:]), max(most, firsts[-1] + width - 1)]
        found = [0] * len(firsts)
        place = 0
        for size in sorted(self.tokens):
            while size > lasts[place]:
                place += 1
            found[place] += self.tokens[size]
        return tuple(
            Bucket(first, last, rows, limit is not None and first > limit)
            for first, last, rows in zip(firsts, lasts, found, strict=True)
        )

    def classes(self) -> dict[str, Counter[str]]:
        """Labels by what they name: "" for whole answers, else the key of JSON answers. Empty where answers
        are no classes: too many different ones for the rows.
        """
        named = {"": self.labels, **self.fields}
        return {
            name: labels
            for name, labels in named.items()
            if sum(labels.values()) >= max(CLASSES_TO_ROWS * len(labels), self.answered * 0.8, 2)
        }

    def _add(self, facts: RowFacts, by: int) -> None:
        if facts.tokens is None:
            self.uncounted += by
        else:
            _count(self.tokens, facts.tokens.total, by)
            self.total_tokens += by * facts.tokens.total
            self.trained_tokens += by * facts.tokens.trained
        if facts.roles:
            self._add_conversation(facts, by)

    def _add_conversation(self, facts: RowFacts, by: int) -> None:
        self.examples += by
        _count(self.turns, len(facts.roles), by)
        for role in facts.roles:
            _count(self.roles, role, by)
        if facts.system:
            _count(self.systems, facts.system, by)
        if facts.language is not None:
            _count(self.languages, facts.language, by)
        if facts.answer:
            self._add_answer(facts, by)

    def _add_answer(self, facts: RowFacts, by: int) -> None:
        _count(self.answer_lengths, facts.answer_length, by)
        self.refusals += by * facts.is_refusal
        if facts.label:
            _count(self.labels, facts.label, by)
        for key, value in facts.fields:
            _count(self.fields.setdefault(key, Counter()), value, by)
            if not self.fields[key]:
                del self.fields[key]
        self._add_to_prompt(facts.prompt, facts.answer, by)

    def _add_to_prompt(self, prompt: int, answer: int, by: int) -> None:
        """Most prompts have one row, and then its answer is all that is kept of them."""
        known = self._answers.pop(prompt, None)
        answers = Counter([known]) if isinstance(known, int) else known or Counter[int]()
        self.conflicts -= len(answers) > 1
        _count(answers, answer, by)
        self.conflicts += len(answers) > 1
        if answers:
            self._answers[prompt] = next(iter(answers)) if answers.total() == 1 else answers


def _count(counter: Counter[_Key], key: _Key, by: int) -> None:
    counter[key] += by
    if not counter[key]:
        del counter[key]


def _lost(count: RowTokens, limit: int) -> int:
    return min(count.trained, count.total - limit)


def _round_width(most: int) -> int:
    """1, 2 or 5 times a power of ten, so that there are at most MOST_BUCKETS."""
    width = 1
    for factor in (2, 2.5, 2) * 12:
        if math.ceil(most / width) <= MOST_BUCKETS:
            break
        width = int(width * factor)
    return width


def gather(
    rows: Iterable[tuple[int, bytes]],
    total: int,
    counter: TokenCounter,
    mapping: ColumnMapping | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
    cache: CountCache | None = None,
) -> DataStatistics:
    """The statistics of `total` rows with their ids; after a cancel those of the rows so far.

    In large datasets the language of every n-th row is looked at, about LANGUAGES_LOOKED_AT in all.
    """
    found = DataStatistics()
    every = language_step(total)
    for stretch in count_all(rows, counter, cancelled, cache):
        for row_id, raw, count in zip(*stretch, strict=True):
            found.put(row_id, look_at(raw, count, mapping, with_language=row_id % every == 0))
        progress(len(found), total)
    return found


def update_row(
    found: DataStatistics,
    row_id: int,
    raw: bytes | None,
    counter: TokenCounter,
    mapping: ColumnMapping | None = None,
) -> None:
    """After an edit: count this one row again, or take it out when it is deleted (None)."""
    if raw is None:
        found.remove(row_id)
        return
    with_language = row_id % language_step(len(found)) == 0
    found.put(row_id, look_at(raw, counter.count([raw])[0], mapping, with_language=with_language))


def language_step(rows: int) -> int:
    """The language is looked at in the rows whose id this divides."""
    return max(1, math.ceil(rows / LANGUAGES_LOOKED_AT))


def look_at(
    raw: bytes, count: RowTokens | None, mapping: ColumnMapping | None = None, *, with_language: bool = True
) -> RowFacts:
    """The facts of one row as it stands now; what cannot be read has no turns."""
    return facts_of_row(example_of(parse_row(raw).value, mapping), count, with_language=with_language)
