"""Rows that share a key; says which is first and which differ in their variant, without looking at
all rows again.
"""

from collections.abc import Callable, Iterator

_SHOWN = 5  # rows that a finding names as related


class RowGroups:
    """key -> rows. A key with one row, the usual case, costs one dict entry and no group.

    variant_of: what distinguishes the rows of a key (the answer to a question); it must know every row of a
    group.
    """

    def __init__(self, variant_of: Callable[[int], int]) -> None:
        self._variant_of = variant_of
        self._single: dict[int, int] = {}
        self._groups: dict[int, set[int]] = {}
        self._summaries: dict[int, list[tuple[int, int]]] = {}
        self._changed: set[int] = set()

    def add(self, key: int, row: int) -> None:
        if key in self._groups:
            self._groups[key].add(row)
        elif key in self._single:
            self._groups[key] = {self._single.pop(key), row}
        else:
            self._single[key] = row
            return
        self._touch(key)

    def discard(self, key: int, row: int) -> None:
        """Take a row out of a key that it was added to."""
        group = self._groups.get(key)
        if group is None:
            self._single.pop(key, None)
            return
        group.discard(row)
        self._touch(key)
        if len(group) == 1:
            self._single[key] = group.pop()
            del self._groups[key]

    def first(self, key: int) -> int:
        """The smallest row of a key. KeyError when it has none."""
        return self._summary(key)[0][0] if key in self._groups else self._single[key]

    def others(self, key: int, variant: int) -> tuple[int, ...]:
        """The first rows of the key's other variants, five at most; empty when all rows have the same."""
        if key not in self._groups:
            return ()
        return tuple(row for row, other in self._summary(key) if other != variant)[:_SHOWN]

    def take_changed(self) -> set[int]:
        """Rows of all keys that changed since this was asked before."""
        rows = set(self._rows_of_changed())
        self._changed = set()
        return rows

    def _touch(self, key: int) -> None:
        self._changed.add(key)
        self._summaries.pop(key, None)

    def _summary(self, key: int) -> list[tuple[int, int]]:
        """The first row of each variant, smallest first, as many as are ever asked for."""
        if key not in self._summaries:
            firsts: dict[int, int] = {}
            for row in self._groups[key]:
                variant = self._variant_of(row)
                firsts[variant] = min(row, firsts.get(variant, row))
            self._summaries[key] = sorted((row, variant) for variant, row in firsts.items())[: _SHOWN + 1]
        return self._summaries[key]

    def _rows_of_changed(self) -> Iterator[int]:
        for key in self._changed:
            if key in self._groups:
                yield from self._groups[key]
            elif key in self._single:
                yield self._single[key]
