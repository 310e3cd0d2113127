"""Where rows stand, as lists of places that stay small in memory also when a sort moves a million rows."""

import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MANY = 2000
"""From so many pieces on numpy is worth its import."""


class Place(NamedTuple):
    """`size` consecutive ids from `first` on that stand at `position` (from 0) and after."""

    position: int
    first: int
    size: int


class Places(Sequence[Place]):
    """Places sorted by position, neighbours joined; three columns of numbers. Never changed once made."""

    __slots__ = ("firsts", "positions", "sizes")

    def __init__(self, positions: "array[int]", firsts: "array[int]", sizes: "array[int]") -> None:
        """Use `joined`, `of_ids` or `unpack`."""
        self.positions = positions
        self.firsts = firsts
        self.sizes = sizes

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, number: int) -> Place: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Place]: ...
    def __getitem__(self, number: int | slice) -> Place | Sequence[Place]:
        if isinstance(number, slice):
            return [self[at] for at in range(*number.indices(len(self)))]
        return Place(self.positions[number], self.firsts[number], self.sizes[number])

    def __iter__(self) -> Iterator[Place]:
        return map(Place, self.positions, self.firsts, self.sizes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Places):
            return NotImplemented
        return self._columns() == other._columns()

    def __hash__(self) -> int:
        return hash((len(self), self[0] if self else None))

    def __repr__(self) -> str:
        return f"Places({list(self[:5])}{', ...' if len(self) > 5 else ''})"

    @property
    def rows(self) -> int:
        """How many rows stand at these places."""
        return sum(self.sizes)

    def ids(self) -> Iterator[int]:
        for first, size in zip(self.firsts, self.sizes, strict=True):
            yield from range(first, first + size)

    def pack(self) -> bytes:
        """For the journal: each column as differences of neighbours, compressed."""
        columns = b"".join(_little_endian(_differences(column)) for column in self._columns())
        return zlib.compress(columns, 1)

    @classmethod
    def unpack(cls, packed: bytes) -> "Places":
        numbers = array("q")
        numbers.frombytes(zlib.decompress(packed) if packed else b"")
        if sys.byteorder == "big":
            numbers.byteswap()
        count = len(numbers) // 3
        columns = (_sums(numbers[start : start + count]) for start in (0, count, 2 * count))
        return cls(*columns)

    def _columns(self) -> tuple["array[int]", "array[int]", "array[int]"]:
        return self.positions, self.firsts, self.sizes


def only_in(places: Places, others: Places) -> list[int]:
    """The ids that stand at `places` and at none of `others`, in their order."""
    if len(places) < MANY and len(others) < MANY:
        known = set(others.ids())
        return [row for row in places.ids() if row not in known]
    import numpy as np

    ids = expanded(places.firsts, places.sizes)
    only: list[int] = ids[~np.isin(ids, expanded(others.firsts, others.sizes))].tolist()
    return only


def joined(places: Iterable[tuple[int, int, int]]) -> Places:
    """(position, first id, size), sorted by position, with neighbours made one and empty ones dropped."""
    made = Places(array("q"), array("q"), array("q"))
    next_position = next_id = -1
    for position, first, size in places:
        if not size:
            continue
        if (position, first) == (next_position, next_id):
            made.sizes[-1] += size
        else:
            made.positions.append(position)
            made.firsts.append(first)
            made.sizes.append(size)
        next_position, next_id = position + size, first + size
    return made


def of_ids(start: int, row_ids: Sequence[int]) -> Places:
    """These rows, in this order, at the positions from `start` on."""
    if len(row_ids) < MANY:
        return joined((start + number, row, 1) for number, row in enumerate(row_ids))
    import numpy as np

    ids = np.fromiter(row_ids, np.int64, len(row_ids))
    return of_pairs(np.arange(start, start + len(ids)), ids)


def of_pairs(positions: "NDArray[np.int64]", ids: "NDArray[np.int64]") -> Places:
    """Row ids[n] at positions[n], sorted by position."""
    import numpy as np

    starts = np.flatnonzero(np.concatenate(([True], (np.diff(positions) != 1) | (np.diff(ids) != 1))))
    starts = starts[: len(ids)]  # an empty list has no first piece
    sizes = np.diff(np.append(starts, len(ids)))
    return Places(to_array(positions[starts]), to_array(ids[starts]), to_array(sizes))


def expanded(firsts: "array[int]", sizes: "array[int]") -> "NDArray[np.int64]":
    """Every number of the runs first, first + 1, ... as one flat array."""
    import numpy as np

    counts = np.frombuffer(sizes, np.int64)
    ends = np.cumsum(counts)
    shift = np.frombuffer(firsts, np.int64) - (ends - counts)
    return np.repeat(shift, counts) + np.arange(ends[-1] if len(ends) else 0)


def to_array(numbers: "NDArray[np.int64]") -> "array[int]":
    made = array("q")
    made.frombytes(numbers.astype("int64", copy=False).tobytes())
    return made


def _differences(column: "array[int]") -> "array[int]":
    if len(column) >= MANY:
        import numpy as np

        numbers = np.frombuffer(column, np.int64)
        return to_array(numbers - np.concatenate((numbers[:1] * 0, numbers[:-1])))
    return array("q", (this - before for before, this in zip((0, *column), column, strict=False)))


def _sums(column: "array[int]") -> "array[int]":
    return array("q", accumulate(column))


def _little_endian(numbers: "array[int]") -> bytes:
    if sys.byteorder == "big":
        numbers = array("q", numbers)
        numbers.byteswap()
    return numbers.tobytes()
