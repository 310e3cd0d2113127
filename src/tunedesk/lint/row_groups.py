"""Rows that share a key; says which is first and which differ in their variant, without looking at
all rows again.

Few rows stand in dictionaries. Many are sorted into two arrays, 16 bytes a row; what changes afterwards
stands in the dictionaries until they are many again.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SHOWN = 5  # rows that a finding names as related
_MANY = 20_000
Summary = tuple[tuple[int, int], ...]


class RowGroups:
    """key -> rows. Of a key, the first row of each variant is remembered, smallest first, six of them.

    variant_of: what distinguishes the rows of a key (the answer to a question); it must know every row of a
    group.
    """

    def __init__(self, variant_of: Callable[[int], int]) -> None:
        self._variant_of = variant_of
        self._rows: dict[int, int | set[int]] = {}  # one row, the usual case, as itself
        self._loose = 0
        self._keys: npt.NDArray[np.uint64] | None = None
        self._sorted: npt.NDArray[np.int64] | None = None
        self._gone: set[int] = set()  # sorted rows that have left their key
        self._summaries: dict[int, Summary] = {}
        self._before: dict[int, Summary] = {}  # as they were when changes were last asked for
        self._waiting: list[tuple[array[int], array[int]]] = []
        self._new_keys: list[int] = []

    def add(self, key: int, row: int) -> None:
        self._settle()
        before = self._summary(key)
        found = self._rows.get(key)
        if found is None:
            self._rows[key] = row
        elif isinstance(found, set):
            found.add(row)
        else:
            self._rows[key] = {found, row}
        self._loose += 1
        variant = self._variant_of(row)
        firsts = {other: first for first, other in before}
        if len(before) > _SHOWN and variant not in firsts and row > before[-1][0]:
            return
        if row < firsts.get(variant, row + 1):
            firsts[variant] = row
            self._change(
                key, before, tuple(sorted((first, other) for other, first in firsts.items())[: _SHOWN + 1])
            )

    def discard(self, key: int, row: int) -> None:
        """Take a row out of a key that it was added to; its variant must still be known."""
        self._settle()
        before = self._summary(key)
        found = self._rows.get(key)
        if isinstance(found, set) and row in found:
            found.discard(row)
            self._loose -= 1
            if len(found) == 1:
                self._rows[key] = found.pop()
        elif found == row:
            del self._rows[key]
            self._loose -= 1
        else:
            self._gone.add(row)
        if any(first == row for first, _ in before):
            self._summaries.pop(key, None)
            self._change(key, before, self._summary(key))

    def extend(self, keys: array[int], rows: array[int]) -> None:
        """Add many rows that are in no key yet; cheap, sorted when somebody asks."""
        if keys:
            self._waiting.append((keys, rows))

    def first(self, key: int) -> int:
        """The smallest row of a key. LookupError when it has none."""
        self._settle()
        return self._summary(key)[0][0]

    def others(self, key: int, variant: int) -> tuple[int, ...]:
        """The first rows of the key's other variants, five at most; empty when all rows have the same."""
        self._settle()
        return tuple(row for row, other in self._summary(key) if other != variant)[:_SHOWN]

    def take_changed(self) -> set[int]:
        """Rows of all keys that look different than when this was asked before; not those of keys that came
        or went alone."""
        self._settle()
        changed: set[int] = set()
        for key in self._new_keys:
            changed.update(self._of_key(key))
        self._new_keys = []
        for key, before in self._before.items():
            if before != self._summary(key):
                changed.update(self._of_key(key))
        self._before = {}
        if len(self._summaries) > _MANY:
            self._summaries = {}
        return changed

    def _change(self, key: int, before: Summary, now: Summary) -> None:
        self._before.setdefault(key, before)
        self._summaries[key] = now

    def _summary(self, key: int) -> Summary:
        found = self._summaries.get(key)
        if found is None:
            firsts: dict[int, int] = {}
            for row in self._of_key(key):
                variant = self._variant_of(row)
                firsts[variant] = min(row, firsts.get(variant, row))
            pairs = sorted((row, variant) for variant, row in firsts.items())
            found = self._summaries[key] = tuple(pairs[: _SHOWN + 1])
        return found

    def _of_key(self, key: int) -> Iterator[int]:
        loose = self._rows.get(key)
        if isinstance(loose, set):
            yield from loose
        elif loose is not None:
            yield loose
        if self._keys is not None and self._sorted is not None:
            exact = self._keys.dtype.type(key)  # as an int it would be compared as a float
            left, right = self._keys.searchsorted(exact), self._keys.searchsorted(exact, "right")
            for row in self._sorted[left:right].tolist():
                if row not in self._gone:
                    yield row

    def _settle(self) -> None:
        """Put rows that wait where they can be found."""
        if not self._waiting:
            if self._loose > _MANY:
                self._sort()
            return
        waiting, self._waiting = self._waiting, []
        if sum(len(keys) for keys, _ in waiting) + self._loose > _MANY:
            self._sort(waiting)
            return
        for keys, rows in waiting:
            for key, row in zip(keys, rows, strict=True):
                self.add(key, row)

    def _sort(self, waiting: list[tuple[array[int], array[int]]] | None = None) -> None:
        import numpy as np

        loose = [
            (key, row)
            for key, rows in self._rows.items()
            for row in (rows if isinstance(rows, set) else (rows,))
        ]
        keys = [np.array([key for key, _ in loose], np.uint64)]
        rows = [np.array([row for _, row in loose], np.int64)]
        new = waiting or []
        keys += [np.frombuffer(each, np.uint64) for each, _ in new]
        rows += [np.frombuffer(each, np.int64) for _, each in new]
        if self._keys is not None and self._sorted is not None:
            stays = ~np.isin(self._sorted, np.fromiter(self._gone, np.int64, len(self._gone)))
            keys.append(self._keys[stays])
            rows.append(self._sorted[stays])
        every, of_rows = np.concatenate(keys), np.concatenate(rows)
        order = np.argsort(every, kind="stable")
        self._keys, self._sorted = every[order], of_rows[order]
        self._rows, self._loose, self._gone = {}, 0, set()
        if new:
            # Whoever asks for changes must look at each key that more than one row has now.
            same = self._keys[1:] == self._keys[:-1]
            self._new_keys += np.unique(self._keys[1:][same]).tolist()
            self._summaries = {}
