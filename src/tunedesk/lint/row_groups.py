"""Rows that share a key, each with a variant (its answer); says who is first and who differs, without
rescanning.
"""

from collections.abc import Iterator

_SHOWN = 5  # rows that a finding names as related


class RowGroups:
    """key -> rows. A key with one row, the usual case, costs one dict entry and no group."""

    def __init__(self) -> None:
        self._single: dict[int, tuple[int, int]] = {}
        self._groups: dict[int, _Group] = {}
        self._changed: set[int] = set()

    def add(self, key: int, row: int, variant: int) -> None:
        group = self._groups.get(key)
        if group is None and key not in self._single:
            self._single[key] = (row, variant)
            return
        if group is None:
            group = self._groups[key] = _Group(dict([self._single.pop(key)]))
        group.variants[row] = variant
        group.summary = None
        self._changed.add(key)

    def discard(self, key: int, row: int) -> None:
        """Take a row out of a key that it was added to."""
        group = self._groups.get(key)
        if group is None:
            self._single.pop(key, None)
            return
        del group.variants[row]
        group.summary = None
        self._changed.add(key)
        if len(group.variants) == 1:
            self._single[key] = next(iter(group.variants.items()))
            del self._groups[key]

    def first(self, key: int) -> int:
        """The smallest row of a key. KeyError when it has none."""
        group = self._groups.get(key)
        return group.summarised()[0][0] if group is not None else self._single[key][0]

    def others(self, key: int, variant: int) -> tuple[int, ...]:
        """The first rows of the key's other variants, five at most; empty when all rows have the same."""
        group = self._groups.get(key)
        if group is None:
            return ()
        return tuple(row for row, other in group.summarised() if other != variant)[:_SHOWN]

    def take_changed(self) -> set[int]:
        """Rows of all keys that changed since this was asked before."""
        rows = set(self._rows_of_changed())
        self._changed = set()
        return rows

    def _rows_of_changed(self) -> Iterator[int]:
        for key in self._changed:
            if key in self._groups:
                yield from self._groups[key].variants
            elif key in self._single:
                yield self._single[key][0]


class _Group:
    """Two rows or more. summary: the first row of each variant, smallest first, as many as are ever
    asked for.
    """

    __slots__ = ("summary", "variants")

    def __init__(self, variants: dict[int, int]) -> None:
        self.variants = variants
        self.summary: list[tuple[int, int]] | None = None

    def summarised(self) -> list[tuple[int, int]]:
        if self.summary is None:
            firsts: dict[int, int] = {}
            for row, variant in self.variants.items():
                firsts[variant] = min(row, firsts.get(variant, row))
            self.summary = sorted((row, variant) for variant, row in firsts.items())[: _SHOWN + 1]
        return self.summary
