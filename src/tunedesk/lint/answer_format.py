"""Which format nearly all answers have, and which rare labels are misspellings of frequent ones; counts, no
rows.

The thresholds are chosen so that a clean data set has no findings: a format is expected when 9 of 10 answers
(and at least 20) share it, a label is doubted when it is rare, close in spelling to one that is ten times as
frequent, and holds no digit (grade1 and grade2 are different on purpose).
"""

import functools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tunedesk.lint.row_facts import AnswerFacts

MIN_ANSWERS = 20
MAJORITY = 0.9
MAX_LABELS = 50  # different values of one key; more make it a text
FREQUENT = 5  # a label that others may be measured by stands at least so often
RARE_SHARE = 0.01
RATIO = 10
Keys = tuple[str, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Expectation:
    """keys: of the JSON object that nearly all answers are, None when there is no such format.

    corrections: (key, rare label) -> the frequent label it was probably meant to be.
    """

    keys: Keys | None = None
    corrections: Mapping[tuple[str, str], str] = field(default_factory=dict)


class FormatCounts:
    """Adds and removes answers; `expectation` is what the counts say now."""

    def __init__(self) -> None:
        self.answers = 0
        self._shapes: Counter[Keys | None] = Counter()
        self._labels: dict[str, Counter[str]] = {}
        self._long: Counter[str] = Counter()

    def add(self, answer: AnswerFacts) -> None:
        self._change(answer, 1)

    def remove(self, answer: AnswerFacts) -> None:
        self._change(answer, -1)

    def count(self, key: str, label: str) -> int:
        """How many answers have this label."""
        return self._labels.get(key, Counter[str]())[label]

    def _change(self, answer: AnswerFacts, by: int) -> None:
        self.answers += by
        _count(self._shapes, answer.keys, by)
        for label in answer.labels:
            _count(self._labels.setdefault(label.key, Counter()), label.text, by)
        for key in answer.long_keys:
            _count(self._long, key, by)

    def expectation(self) -> Expectation:
        if self.answers < MIN_ANSWERS or not self._shapes:
            return Expectation()
        keys, count = self._shapes.most_common(1)[0]
        if keys is None or count < MAJORITY * self.answers:
            return Expectation()
        corrections: dict[tuple[str, str], str] = {}
        for key in keys:
            labels = self._labels.get(key)
            if labels is not None and len(labels) <= MAX_LABELS and self._long[key] <= labels.total() // 50:
                corrections.update({(key, rare): meant for rare, meant in _misspelled(labels).items()})
        return Expectation(keys, corrections)


def _count(counter: Counter[_T], item: _T, by: int) -> None:
    counter[item] += by
    if not counter[item]:
        del counter[item]


def _misspelled(labels: Counter[str]) -> dict[str, str]:
    """Rare labels that are nearly written like a frequent one."""
    total = labels.total()
    frequent = [(label, count) for label, count in labels.items() if count >= FREQUENT]
    found: dict[str, str] = {}
    for rare, count in labels.items():
        if count > max(1, RARE_SHARE * total) or any(character.isdigit() for character in rare):
            continue
        near = [
            (-often, label) for label, often in frequent if often >= RATIO * count and is_near(rare, label)
        ]
        if near:
            found[rare] = min(near)[1]
    return found


@functools.lru_cache(maxsize=4096)
def is_near(rare: str, frequent: str) -> bool:
    """Whether two labels differ like a word and its misspelling: case and blanks, or one letter in
    four, two at most.
    """
    first, second = rare.strip().casefold(), frequent.strip().casefold()
    if first == second:
        return rare != frequent
    allowed = min(len(second) // 4, 2)
    return allowed > 0 and _distance(first, second, allowed) <= allowed


def _distance(first: str, second: str, limit: int) -> int:
    """Edits (insert, delete, replace, swap of neighbours) from one word to the other; limit + 1 when there
    are more.

    Optimal string alignment: Boytsov, "Indexing methods for approximate dictionary searching", 2011, section
    2.2.
    """
    if abs(len(first) - len(second)) > limit:
        return limit + 1
    older: list[int] = []
    previous = list(range(len(second) + 1))
    for i, letter in enumerate(first, start=1):
        row = [i]
        for j, other in enumerate(second, start=1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        older, previous = previous, row
    return min(previous[-1], limit + 1)
