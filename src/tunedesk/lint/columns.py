"""What is kept of each row, as numbers in arrays: 40 bytes a row, no object. Knows no rule."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tunedesk.lint.row_facts import RowFacts, Signature

T = TypeVar("T", bound=Hashable)
ABSENT = 0
"""The kind of a row that is not there."""
_MANY = 20_000
MOST_SIGNATURES = 50_000
"""Answers of more different looks have no labels but texts; what comes later is kept without its labels."""


class Interned(Generic[T]):
    """Numbers from 1 for equal values, in the order in which they came."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._numbers: dict[T, int] = {}

    def number(self, value: T) -> int:
        found = self._numbers.get(value)
        if found is None:
            self.values.append(value)
            found = self._numbers[value] = len(self.values)
        return found

    def __getitem__(self, number: int) -> T:
        return self.values[number - 1]

    def __contains__(self, value: T) -> bool:
        return value in self._numbers

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Kind:
    """What many rows have in common: where their answer stands, and their class for each counter."""

    pointer: str
    classes: tuple[Hashable, ...]


class Slots:
    """A place in the arrays for each row id. Ids that follow each other, as a file's do, cost nothing."""

    def __init__(self) -> None:
        self._first = 0
        self._run = 0  # ids first ... first + run - 1 have the slots 0 ... run - 1
        self._others: dict[int, int] = {}
        self._count = 0

    def find(self, row: int) -> int:
        """-1 for a row that never was there."""
        offset = row - self._first
        return offset if 0 <= offset < self._run else self._others.get(row, -1)

    def take(self, row: int) -> int:
        """The row's slot, a new one at the end when it has none yet."""
        slot = self.find(row)
        if slot >= 0:
            return slot
        if not self._count:
            self._first = row
        if row == self._first + self._run and self._run == self._count:
            self._run += 1
        else:
            self._others[row] = self._count
        self._count += 1
        return self._count - 1

    def extend(self, rows: Sequence[int]) -> bool:
        """Take slots at the end for rows that follow each other; False, and nothing done, when they do
        not."""
        first, count = rows[0], len(rows)
        if not self._count:
            self._first = first
        is_next = self._run == self._count and first == self._first + self._run
        if not is_next or rows[-1] != first + count - 1 or any(row in self._others for row in rows):
            return False
        self._run += count
        self._count += count
        return True


@dataclass
class Batch:
    """Facts of rows in a form that is small, and quick to send to another process.

    kind and signature: numbers from 1 of `kinds` and `signatures`, 0 for none. starts: row -> where its
    labels are.
    """

    rows: array[int] = field(default_factory=lambda: array("q"))
    row: array[int] = field(default_factory=lambda: array("Q"))
    question: array[int] = field(default_factory=lambda: array("Q"))
    answer: array[int] = field(default_factory=lambda: array("Q"))
    length: array[int] = field(default_factory=lambda: array("I"))
    kind: array[int] = field(default_factory=lambda: array("H"))
    signature: array[int] = field(default_factory=lambda: array("H"))
    kinds: Interned[Kind] = field(default_factory=Interned)
    signatures: Interned[Signature] = field(default_factory=Interned)
    starts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    waiting: list[tuple[int, int, int, int, int, int, int]] = field(default_factory=list)

    def close(self) -> None:
        """Put what was added into the arrays; before this nothing can be read."""
        if not self.waiting:
            return
        columns = (self.rows, self.row, self.question, self.answer, self.length, self.kind, self.signature)
        for column, numbers in zip(columns, zip(*self.waiting, strict=True), strict=True):
            column.extend(numbers)
        self.waiting = []

    def add(self, row: int, facts: RowFacts) -> None:
        signature = self.signatures.number(facts.signature) if facts.signature is not None else 0
        kind = self.kinds.number(Kind(facts.pointer, facts.classes))
        if facts.starts:
            self.starts[row] = facts.starts
        self.waiting.append((row, facts.row, facts.question, facts.answer, facts.length, kind, signature))

    def add_absent(self, row: int) -> None:
        """A row that cannot be read keeps its place, so that the rows around it follow each other."""
        self.waiting.append((row, 0, 0, 0, 0, ABSENT, 0))

    def facts(self, number: int) -> RowFacts | None:
        """Of the row that was added as number 0, 1, ..."""
        if self.kind[number] == ABSENT:
            return None
        kind = self.kinds[self.kind[number]]
        signature = self.signatures[self.signature[number]] if self.signature[number] else None
        return RowFacts(
            self.row[number],
            self.question[number],
            self.answer[number],
            kind.pointer,
            self.length[number],
            signature,
            self.starts.get(self.rows[number], ()),
            kind.classes,
        )

    def contents(self) -> tuple[array[int], array[int]]:
        """(hashes, rows) of all rows that are there."""
        if ABSENT not in self.kind:
            return self.row, self.rows
        there = [number for number, kind in enumerate(self.kind) if kind != ABSENT]
        return array("Q", [self.row[n] for n in there]), array("q", [self.rows[n] for n in there])

    def questions(self) -> tuple[array[int], array[int]]:
        """(questions, rows) of the rows that have a question and an answer."""
        if 0 not in self.question and 0 not in self.answer:
            return self.question, self.rows
        each = zip(self.question, self.answer, self.rows, strict=True)
        pairs = [(question, row) for question, answer, row in each if question and answer]
        return array("Q", [question for question, _ in pairs]), array("q", [row for _, row in pairs])


class Columns:
    """The facts of all rows. A row that is removed keeps its slot, in case it comes back."""

    def __init__(self) -> None:
        self.slots = Slots()
        self.rows: array[int] = array("q")
        self.row: array[int] = array("Q")
        self.question: array[int] = array("Q")
        self.answer: array[int] = array("Q")
        self.length: array[int] = array("I")
        self.kind: array[int] = array("I")
        self.signature: array[int] = array("I")
        self.kinds: Interned[Kind] = Interned()
        self.signatures: Interned[Signature] = Interned()
        self._starts: array[int] = array("I")
        self._starts_at: array[int] = array("I")

    def put(self, row: int, facts: RowFacts) -> int:
        """Write a row's facts, over what was there; its slot."""
        slot = self.slots.take(row)
        if slot == len(self.rows):
            self._grow(row)
        kind = self.kinds.number(Kind(facts.pointer, facts.classes))
        self.row[slot], self.question[slot], self.answer[slot] = facts.row, facts.question, facts.answer
        self.length[slot], self.kind[slot] = facts.length, kind
        room = len(self.starts(slot))
        self.signature[slot] = number = self._signature_number(facts.signature)
        if number and self.signatures[number][1]:
            self._put_starts(slot, facts.starts, room)
        return slot

    def extend(self, batch: Batch) -> bool:
        """Write many new rows at once; False, and nothing done, when they do not simply follow."""
        if not batch.rows or not self.slots.extend(batch.rows):
            return not batch.rows
        begin = len(self.rows)
        self.rows.extend(batch.rows)
        for column in ("row", "question", "answer", "length"):
            getattr(self, column).extend(getattr(batch, column))
        kinds = [0, *map(self.kinds.number, batch.kinds.values)]
        signatures = [0, *map(self._signature_number, batch.signatures.values)]
        self.kind.extend(map(kinds.__getitem__, batch.kind))
        self.signature.extend(map(signatures.__getitem__, batch.signature))
        self._starts_at.extend(array("I", bytes(4 * len(batch.rows))))
        for row, starts in batch.starts.items():
            self._put_starts(begin + row - batch.rows[0], starts, 0)
        return True

    def is_there(self, row: int) -> bool:
        slot = self.slots.find(row)
        return slot >= 0 and self.kind[slot] != ABSENT

    def starts(self, slot: int) -> tuple[int, ...]:
        number = self.signature[slot]
        if not number:
            return ()
        at = self._starts_at[slot]
        return tuple(self._starts[at : at + len(self.signatures[number][1])])

    def signature_of(self, slot: int) -> Signature | None:
        number = self.signature[slot]
        return self.signatures[number] if number else None

    def kind_of(self, slot: int) -> Kind:
        return self.kinds[self.kind[slot]]

    def forget(self, slot: int) -> None:
        self.kind[slot] = ABSENT

    def with_kinds(self, numbers: Iterable[int]) -> Iterator[int]:
        """Slots of all rows of these kinds."""
        return iter(_places(self.kind, set(numbers) - {ABSENT}))

    def with_signatures(self, numbers: Iterable[int]) -> Iterator[int]:
        """Slots of all rows whose answer looks so."""
        found = _places(self.signature, set(numbers) - {0})
        return (slot for slot in found if self.kind[slot] != ABSENT)

    def _signature_number(self, signature: Signature | None) -> int:
        if signature is None:
            return 0
        if len(self.signatures) >= MOST_SIGNATURES and signature not in self.signatures:
            signature = (signature[0], (), signature[2])
        return self.signatures.number(signature)

    def _grow(self, row: int) -> None:
        self.rows.append(row)
        for column in (self.row, self.question, self.answer, self.length, self.kind, self.signature):
            column.append(0)
        self._starts_at.append(0)

    def _put_starts(self, slot: int, starts: tuple[int, ...], room: int) -> None:
        """Where there was room for as many, in the same place: typing must not fill the memory."""
        if not starts:
            return
        if len(starts) > room:
            self._starts_at[slot] = len(self._starts)
            self._starts.extend(starts)
        else:
            at = self._starts_at[slot]
            self._starts[at : at + len(starts)] = array("I", starts)


def _places(column: array[int], numbers: set[int]) -> list[int]:
    """Where one of the numbers stands."""
    if not numbers:
        return []
    if len(column) < _MANY:
        return [place for place, number in enumerate(column) if number in numbers]
    import numpy as np

    wanted = np.fromiter(numbers, np.uint32, len(numbers))
    found: list[int] = np.flatnonzero(np.isin(np.frombuffer(column, np.uint32), wanted)).tolist()
    return found
