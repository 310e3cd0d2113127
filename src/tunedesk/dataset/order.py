"""Which rows stand where: an immutable list of row ids that copies no text and shares what did not change."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, overload


class Run(NamedTuple):
    """`size` consecutive ids from `first` on."""

    first: int
    size: int


class Place(NamedTuple):
    """`size` consecutive ids from `first` on that stand at `position` (from 0) and after."""

    position: int
    first: int
    size: int


class Located(NamedTuple):
    """Ids from `first` on that stand together at `position`, or nowhere (None)."""

    first: int
    position: int | None
    size: int


class Order(Sequence[int]):
    """A list of distinct ids, kept as runs of consecutive ids: an untouched file of any size is one run.

    Every change makes a new Order in time proportional to the number of runs. Safe to share between threads.
    """

    __slots__ = ("_by_id", "_firsts", "_starts")

    def __init__(self, runs: Iterable[tuple[int, int]] = ()) -> None:
        """Runs that follow on each other are joined; empty ones are dropped."""
        self._firsts = array("q")
        self._starts = array("q", [0])
        self._by_id: tuple[array[int], array[int]] | None = None
        next_id = -1
        for first, count in runs:
            if not count:
                continue
            if first == next_id:
                self._starts[-1] += count
            else:
                self._firsts.append(first)
                self._starts.append(self._starts[-1] + count)
            next_id = first + count

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, position: int) -> int: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[int]: ...
    def __getitem__(self, position: int | slice) -> int | Sequence[int]:
        if isinstance(position, slice):
            start, stop, step = position.indices(len(self))
            if step == 1:
                return list(_ids(self.slice_runs(start, stop)))
            return [self[place] for place in range(start, stop, step)]
        if position < 0:
            position += len(self)
        if not 0 <= position < len(self):
            raise IndexError(position)
        run = bisect_right(self._starts, position) - 1
        return self._firsts[run] + position - self._starts[run]

    def __iter__(self) -> Iterator[int]:
        return _ids(self.runs())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Order):
            return NotImplemented
        return self._firsts == other._firsts and self._starts == other._starts

    __hash__ = None  # type: ignore[assignment]  # as long as a list, and as little meant for keys

    def __contains__(self, row_id: object) -> bool:
        return isinstance(row_id, int) and self._position(row_id) is not None

    def index(self, row_id: int, start: int = 0, stop: int | None = None) -> int:
        """The position of an id; ValueError when it is not here."""
        position = self._position(row_id)
        if position is None or not start <= position < (len(self) if stop is None else stop):
            raise ValueError(f"There is no row with the id {row_id}.")
        return position

    def runs(self) -> Iterator[Run]:
        for run, first in enumerate(self._firsts):
            yield Run(first, self._starts[run + 1] - self._starts[run])

    def slice_runs(self, start: int, stop: int) -> Iterator[Run]:
        """The runs of positions start..stop."""
        run = bisect_right(self._starts, start) - 1
        while start < stop:
            end = min(self._starts[run + 1], stop)
            yield Run(self._firsts[run] + start - self._starts[run], end - start)
            start = end
            run += 1

    def locate(self, first: int, count: int) -> Iterator[Located]:
        """Where the ids first..first+count stand here, in ascending id order, in as few pieces as
        possible.
        """
        firsts, runs = self._index()
        wanted, end = first, first + count
        at = bisect_right(firsts, wanted) - 1
        while wanted < end:
            run = runs[at] if at >= 0 else None
            length = 0 if run is None else self._starts[run + 1] - self._starts[run]
            if run is not None and wanted < firsts[at] + length:
                piece = min(end, firsts[at] + length) - wanted
                yield Located(wanted, self._starts[run] + wanted - firsts[at], piece)
            else:
                following = firsts[at + 1] if at + 1 < len(firsts) else end
                piece = min(end, following) - wanted
                if piece:
                    yield Located(wanted, None, piece)
                at += 1
            wanted += piece

    def places_of(self, row_ids: Iterable[int]) -> tuple[Place, ...]:
        """Where these ids stand, sorted by position and joined. ValueError for an id that is not here."""
        return joined(Place(position, self[position], 1) for position in sorted(map(self.index, row_ids)))

    def without(self, places: Iterable[Place]) -> "Order":
        """The ids at these places (sorted, of this order) taken out."""

        def kept() -> Iterator[Run]:
            at = 0
            for place in places:
                yield from self.slice_runs(at, place.position)
                at = place.position + place.size
            yield from self.slice_runs(at, len(self))

        return Order(kept())

    def with_added(self, places: Iterable[Place]) -> "Order":
        """Ids put in so that they stand at these places (sorted, of the order that results)."""

        def mixed() -> Iterator[Run]:
            at = made = 0
            for place in places:
                take = place.position - made
                yield from self.slice_runs(at, at + take)
                yield Run(place.first, place.size)
                at += take
                made = place.position + place.size
            yield from self.slice_runs(at, len(self))

        return Order(mixed())

    def _position(self, row_id: int) -> int | None:
        firsts, runs = self._index()
        at = bisect_right(firsts, row_id) - 1
        if at < 0:
            return None
        position = self._starts[runs[at]] + row_id - firsts[at]
        return position if position < self._starts[runs[at] + 1] else None

    def _index(self) -> tuple["array[int]", "array[int]"]:
        """The runs' first ids, sorted, and the number of the run of each; made when first asked for."""
        if self._by_id is None:
            runs = array("q", sorted(range(len(self._firsts)), key=self._firsts.__getitem__))
            self._by_id = array("q", map(self._firsts.__getitem__, runs)), runs
        return self._by_id


def joined(places: Iterable[Place]) -> tuple[Place, ...]:
    """Places sorted by position with neighbours made one."""
    made: list[Place] = []
    for place in places:
        last = made[-1] if made else None
        if last and last.position + last.size == place.position and last.first + last.size == place.first:
            made[-1] = last._replace(size=last.size + place.size)
        else:
            made.append(place)
    return tuple(made)


def _ids(runs: Iterable[Run]) -> Iterator[int]:
    return chain.from_iterable(range(first, first + count) for first, count in runs)
