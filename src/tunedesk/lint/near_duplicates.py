"""Finds rows that say nearly the same, and questions that stand nearly the same in another split. Takes a
minute for half a million rows, so it is a job of its own and no part of the linting while one types.

MinHash over word triples (Broder, "On the resemblance and containment of documents", 1997): 64 permutations
in 16
bands of 4, so that texts that share 85 % of their triples meet in a band with a probability above 0.999.
Whatever meets is then compared exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol
from zlib import crc32

from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.lint.finding import Finding
from tunedesk.lint.row_facts import normal, row_hash
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rules.corpus import (
    NEAR_DUPLICATE,
    SPLIT_LEAKAGE,
    near_duplicate_finding,
    near_leakage_finding,
)
from tunedesk.lint.targets import Target

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Triples = npt.NDArray[np.uint32]
    Bands = npt.NDArray[np.uint32]

LEAST_SHARE = 0.85
MOST_ROWS = 1_000_000
"""Of more rows, evenly spread ones are looked at."""
_PERMUTATIONS, _BANDS = 64, 16
_LEAST_TRIPLES = 5  # of shorter texts every one is nearly like another
_LONGEST = 100_000  # characters of a text that are read
_STEP = 1_000  # rows between two looks at the cancel button
_NO_PUNCTUATION = bytes(byte if byte > 127 or chr(byte).isalnum() else 32 for byte in range(256))
_Progress = Callable[[int, int], None]


class ReadableRows(Protocol):
    """What is needed of a document's snapshot."""

    def __len__(self) -> int: ...

    def rows(self) -> Iterator[tuple[int, bytes]]: ...

    def raw(self, row_id: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """findings: of the rows that have any. looked_at < rows: only so many, evenly spread, were looked at."""

    findings: Mapping[int, tuple[Finding, ...]]
    looked_at: int
    rows: int

    @property
    def is_sampled(self) -> bool:
        return self.looked_at < self.rows


@dataclass
class _Texts:
    """Bands of many texts: one line of `bands` for each of `rows`."""

    rows: list[int] = field(default_factory=list)
    bands: list[Bands] = field(default_factory=list)


def find_near_duplicates(
    snapshot: ReadableRows,
    target: Target,
    others: Mapping[str, Iterable[ParsedRow]] | None = None,
    progress: _Progress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
    most_rows: int = MOST_ROWS,
) -> NearDuplicates | None:
    """None when it was cancelled. progress(rows done, rows). others: rows of other splits, by name."""
    # Its group of rules is off by default; who asks for the search wants what it finds.
    target = replace(target, select=(*target.select, NEAR_DUPLICATE.code))
    total = len(snapshot)
    step = -(-total // most_rows) if total else 1
    search = _Search(snapshot, target)
    elsewhere = _Elsewhere(target, others or {})
    looked_at = 0
    for number, (row, raw) in enumerate(snapshot.rows()):
        if number % _STEP == 0:
            if cancelled():
                return None
            progress(number, total)
        if number % step == 0:
            looked_at += 1
            search.add(row, raw, with_question=elsewhere.has_questions)
    found: dict[int, list[Finding]] = {}
    for finding in (*search.duplicates(cancelled), *search.leaks(elsewhere, cancelled)):
        if finding.row is not None:
            found.setdefault(finding.row, []).append(finding)
    if cancelled():
        return None
    progress(total, total)
    return NearDuplicates({row: tuple(each) for row, each in found.items()}, looked_at, total)


class _Search:
    def __init__(self, snapshot: ReadableRows, target: Target) -> None:
        self._snapshot = snapshot
        self._target = target
        self._looks_for_rows = NEAR_DUPLICATE.severity_in(target) is not None
        self._whole = _Texts()
        self._questions = _Texts()
        self._triples = lru_cache(maxsize=2_000)(self._read_triples)

    def add(self, row: int, raw: bytes, with_question: bool) -> None:
        view = RowView(parse_row(raw), self._target)
        if self._looks_for_rows:
            _keep(self._whole, row, whole_text(view))
        if with_question:
            _keep(self._questions, row, question_text(view))

    def duplicates(self, cancelled: Callable[[], bool]) -> Iterator[Finding]:
        best: dict[int, tuple[int, float]] = {}
        for number, (row, other) in enumerate(_pairs(self._whole)):
            if number % _STEP == 0 and cancelled():
                return
            first, second = min(row, other), max(row, other)
            if second in best and best[second][0] <= first:
                continue
            share = _share(self._triples(first, False), self._triples(second, False))
            if share >= LEAST_SHARE and not self._is_same(first, second):
                best[second] = first, share
        severity = NEAR_DUPLICATE.severity_in(self._target)
        for row, (other, share) in sorted(best.items()):
            finding = near_duplicate_finding(row, other, share)
            yield finding if severity is None else replace(finding, severity=severity)

    def leaks(self, elsewhere: _Elsewhere, cancelled: Callable[[], bool]) -> Iterator[Finding]:
        severity = SPLIT_LEAKAGE.severity_in(self._target)
        if severity is None:
            return
        told: set[int] = set()
        for number, (row, other) in enumerate(_pairs_with(self._questions, elsewhere.texts)):
            if number % _STEP == 0 and cancelled():
                return
            if row in told:
                continue
            triples = self._triples(row, True)
            share = _share(triples, elsewhere.triples(other))
            if share >= LEAST_SHARE and self._question(row) not in elsewhere.exact:
                told.add(row)
                finding = near_leakage_finding(row, elsewhere.split_of(other), share)
                yield replace(finding, severity=severity)

    def _read_triples(self, row: int, of_question: bool) -> Triples:
        view = RowView(parse_row(self._snapshot.raw(row)), self._target)
        return triples_of(question_text(view) if of_question else whole_text(view))

    def _question(self, row: int) -> str:
        return normal(question_text(RowView(parse_row(self._snapshot.raw(row)), self._target)))

    def _is_same(self, first: int, second: int) -> bool:
        """Exact copies have a rule of their own."""
        values = [parse_row(self._snapshot.raw(row)).value or {} for row in (first, second)]
        return row_hash(values[0]) == row_hash(values[1])


class _Elsewhere:
    """The questions of the other splits; their numbers are their place in the list."""

    def __init__(self, target: Target, others: Mapping[str, Iterable[ParsedRow]]) -> None:
        self.texts = _Texts()
        self.exact: set[str] = set()
        self._questions: list[tuple[str, str]] = []
        for name, rows in others.items():
            for parsed in rows:
                text = question_text(RowView(parsed, target))
                if _keep(self.texts, len(self._questions), text):
                    self._questions.append((name, text))
                    self.exact.add(normal(text))

    @property
    def has_questions(self) -> bool:
        return bool(self._questions)

    def split_of(self, number: int) -> str:
        return self._questions[number][0]

    def triples(self, number: int) -> Triples:
        return triples_of(self._questions[number][1])


def whole_text(view: RowView) -> str:
    """Everything that is said in a row."""
    return "\n".join(text.text for text in view.texts)


def question_text(view: RowView) -> str:
    """What stands before the last answer, without the system's text: that is the same in many rows."""
    messages = view.example.messages
    last = next(
        (at for at in reversed(range(len(messages))) if messages[at].role == "assistant"), len(messages)
    )
    return "\n".join(message.content or "" for message in messages[:last] if message.role != "system")


def triples_of(text: str) -> Triples:
    """Sorted numbers for the different word triples of a text; a script without blanks counts by
    characters."""
    import numpy as np

    words = text[:_LONGEST].casefold().encode("utf-8", "surrogatepass").translate(_NO_PUNCTUATION).split()
    if len(text) > 30 * max(len(words), 1):
        words = [
            letter.encode("utf-8", "surrogatepass")
            for letter in text[:_LONGEST].casefold()
            if letter.isalnum()
        ]
    if len(words) < 3:
        return np.empty(0, np.uint32)
    numbers = np.fromiter(map(crc32, words), np.uint64, len(words))
    mixed = numbers[:-2] * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ numbers[1:-1]) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(29)) ^ numbers[2:]) * np.uint64(0x94D049BB133111EB)
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))


def bands_of(triples: Triples) -> Bands:
    """One number for each band; texts that share enough triples very likely share one of them."""
    import numpy as np

    factors, offsets = _permutations()
    hashed = triples.astype(np.uint64)[None, :] * factors[:, None] + offsets[:, None]
    least = (hashed >> np.uint64(32)).min(axis=1).reshape(_BANDS, -1)
    mixed = np.zeros(_BANDS, np.uint64)
    for column in least.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
    return mixed.astype(np.uint32)


@lru_cache(maxsize=1)
def _permutations() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    import numpy as np

    chance = np.random.default_rng(20_261_121)
    top = np.iinfo(np.uint64).max
    factors = chance.integers(1, top, _PERMUTATIONS, np.uint64) | np.uint64(1)
    return factors, chance.integers(0, top, _PERMUTATIONS, np.uint64)


def _keep(texts: _Texts, row: int, text: str) -> bool:
    triples = triples_of(text)
    if len(triples) < _LEAST_TRIPLES:
        return False
    texts.rows.append(row)
    texts.bands.append(bands_of(triples))
    return True


def _share(first: Triples, second: Triples) -> float:
    """Jaccard similarity: shared triples among all."""
    import numpy as np

    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / max(len(first) + len(second) - shared, 1)


def _pairs(texts: _Texts) -> Iterator[tuple[int, int]]:
    """Rows that meet in a band: each with the first of its group, and with the one before it."""
    import numpy as np

    if len(texts.rows) < 2:
        return
    rows, bands = np.array(texts.rows), np.stack(texts.bands)
    for band in range(_BANDS):
        order = np.lexsort((rows, bands[:, band]))
        sorted_rows, keys = rows[order], bands[order, band]
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        firsts = np.repeat(sorted_rows[starts], np.diff(np.append(starts, len(keys))))
        for place in np.flatnonzero(sorted_rows != firsts).tolist():
            row, first, before = int(sorted_rows[place]), int(firsts[place]), int(sorted_rows[place - 1])
            yield first, row
            if before != first:
                yield before, row


def _pairs_with(texts: _Texts, others: _Texts) -> Iterator[tuple[int, int]]:
    """(row, number of the other split's question) that meet in a band, two others for each band."""
    import numpy as np

    if not texts.rows or not others.rows:
        return
    rows, bands, there = texts.rows, np.stack(texts.bands), np.stack(others.bands)
    for band in range(_BANDS):
        order = np.argsort(there[:, band], kind="stable")
        keys = there[order, band]
        left = np.searchsorted(keys, bands[:, band], "left")
        right = np.searchsorted(keys, bands[:, band], "right")
        for place in np.flatnonzero(right > left).tolist():
            for at in range(int(left[place]), min(int(right[place]), int(left[place]) + 2)):
                yield rows[place], others.rows[int(order[at])]


def describe(found: NearDuplicates) -> str:
    """A sentence for a status line; it says when not all rows were looked at."""
    rows: Sequence[int] = tuple(found.findings)
    sentence = (
        f"{len(rows):,} rows say nearly the same as another one."
        if rows
        else "No row nearly repeats another."
    )
    if not found.is_sampled:
        return sentence
    return f"{sentence} Of {found.rows:,} rows, {found.looked_at:,} evenly spread ones were looked at."
