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
from typing import NamedTuple, TypeVar

from tunedesk.lint.row_facts import Signature

MIN_ANSWERS = 20
MAJORITY = 0.9
MAX_LABELS = 50  # different values of one key; more make it a text
MOST_COUNTED = 50_000  # different values of one key that are counted at all; they would fill the memory
FREQUENT = 5  # a label that others may be measured by stands at least so often
RARE_SHARE = 0.01
RATIO = 10
DOMINATES = 0.8  # share of one label that makes a choice hardly a choice
Keys = tuple[str, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Expectation:
    """keys: of the JSON object that nearly all answers are, None when there is no such format.

    corrections: (key, rare label) -> the frequent label it was probably meant to be. The key is "" where
    the whole answer is a label.
    """

    keys: Keys | None = None
    corrections: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def is_odd(self, signature: Signature) -> bool:
        """Whether an answer is out of format."""
        return self.keys is not None and signature[0] != self.keys

    def corrected(self, signature: Signature) -> tuple[tuple[int, str], ...]:
        """(number of the label, what was meant) for each misspelled label."""
        labels = enumerate(signature[1])
        return tuple(
            (number, self.corrections[label]) for number, label in labels if label in self.corrections
        )


class Imbalance(NamedTuple):
    """One value of a label stands in nearly all answers. key: "" where the whole answer is the label."""

    key: str
    label: str
    rows: int
    total: int
    labels: int


class FormatCounts:
    """Adds and removes answers; `expectation` is what the counts say now.

    The values of a key that has ever had more than MOST_COUNTED different ones are no longer counted.
    """

    def __init__(self) -> None:
        self.answers = 0
        self._shapes: Counter[Keys | None] = Counter()
        self._labels: dict[str, Counter[str]] = {}
        self._long: Counter[str] = Counter()
        self._texts: set[str] = set()

    def add(self, signature: Signature, answers: int = 1) -> None:
        """answers: how many of this kind come, or go when it is negative."""
        keys, labels, long_keys = signature
        self.answers += answers
        _count(self._shapes, keys, answers)
        for key, text in labels:
            if key not in self._texts:
                self._count_label(key, text, answers)
        for key in long_keys:
            _count(self._long, key, answers)

    def _count_label(self, key: str, text: str, by: int) -> None:
        counter = self._labels.setdefault(key, Counter())
        _count(counter, text, by)
        if len(counter) > MOST_COUNTED:
            del self._labels[key]
            self._texts.add(key)

    def expectation(self) -> Expectation:
        if self.answers < MIN_ANSWERS or not self._shapes:
            return Expectation()
        keys, count = max(self._shapes.items(), key=lambda item: (item[1], item[0] or ()))
        if count < MAJORITY * self.answers:
            return Expectation()
        corrections: dict[tuple[str, str], str] = {}
        for key in ("",) if keys is None else keys:
            labels = self._choice(key)
            if labels is not None:
                corrections.update({(key, rare): meant for rare, meant in _misspelled(labels).items()})
        return Expectation(keys, corrections)

    def imbalance(self) -> tuple[Imbalance, ...]:
        """Choices that are nearly always the same. Two thirds of the answers repeat others, or it is no
        choice: the rule by which OpenAI's data tool of 2021 told classification from other tasks."""
        found = []
        for key in sorted(self._labels):
            labels = self._choice(key)
            if labels is None or len(labels) < 2 or len(labels) * 3 >= labels.total():
                continue
            label, count = max(labels.items(), key=lambda item: (item[1], item[0]))
            if labels.total() >= 2 * MIN_ANSWERS and count > DOMINATES * labels.total():
                found.append(Imbalance(key, label, count, labels.total(), len(labels)))
        return tuple(found)

    def _choice(self, key: str) -> Counter[str] | None:
        """The values of a key, when there are so few that it is a choice."""
        labels = self._labels.get(key)
        if labels is None or len(labels) > MAX_LABELS or self._long[key] > labels.total() // 50:
            return None
        if not key and labels.total() < MAJORITY * self.answers:
            return None
        return labels


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
