"""Which rows stand where: an immutable list of row ids that copies no text and shares what did not change."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import TYPE_CHECKING, NamedTuple, overload

from tunedesk.dataset.places import MANY, Places, expanded, joined, of_pairs, to_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_FEW_LOOKUPS = 20


class Run(NamedTuple):
    """`size` consecutive ids from `first` on."""

    first: int
    size: int


class Located(NamedTuple):
    """Ids from `first` on that stand together at `position`, or nowhere (None)."""

    first: int
    position: int | None
    size: int


class Order(Sequence[int]):
    """A list of distinct ids, kept as runs of consecutive ids: an untouched file of any size is one run.

    A sorted file may have as many runs as rows; what is done to all of them is then done by numpy. Safe to
    share between threads.
    """

    __slots__ = ("_by_id", "_firsts", "_lookups", "_sizes", "_starts", "_table")

    def __init__(self, runs: Iterable[tuple[int, int]] = ()) -> None:
        """Runs that follow on each other are joined; empty ones are dropped."""
        firsts, sizes = array("q"), array("q")
        next_id = -1
        for first, count in runs:
            if not count:
                continue
            if first == next_id:
                sizes[-1] += count
            else:
                firsts.append(first)
                sizes.append(count)
            next_id = first + count
        self._set(firsts, sizes)

    def _set(self, firsts: "array[int]", sizes: "array[int]") -> None:
        self._firsts = firsts
        self._sizes = sizes
        self._starts: array[int] | None = None
        self._by_id: tuple[array[int], array[int]] | None = None
        self._table: tuple[int, array[int]] | None = None
        self._lookups = 0

    @classmethod
    def of_columns(cls, firsts: "array[int]", sizes: "array[int]") -> "Order":
        """The runs' first ids and sizes, joined already."""
        order = cls.__new__(cls)
        order._set(firsts, sizes)
        return order

    @classmethod
    def of_ids(cls, row_ids: Sequence[int]) -> "Order":
        if len(row_ids) < MANY:
            return cls((row, 1) for row in row_ids)
        import numpy as np

        return cls._of_flat(np.fromiter(row_ids, np.int64, len(row_ids)))

    @classmethod
    def _of_flat(cls, ids: "NDArray[np.int64]") -> "Order":
        import numpy as np

        places = of_pairs(np.arange(len(ids)), ids)
        return cls.of_columns(places.firsts, places.sizes)

    def __len__(self) -> int:
        return self._ends()[-1]

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
        starts = self._ends()
        run = bisect_right(starts, position) - 1
        return self._firsts[run] + position - starts[run]

    def __iter__(self) -> Iterator[int]:
        if len(self._firsts) < MANY:
            return _ids(self.runs())
        return iter(self.flat().tolist())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Order):
            return NotImplemented
        return self._firsts == other._firsts and self._sizes == other._sizes

    __hash__ = None  # type: ignore[assignment]  # as long as a list, and as little meant for keys

    def __contains__(self, row_id: object) -> bool:
        return isinstance(row_id, int) and self._position(row_id) is not None

    def index(self, row_id: int, start: int = 0, stop: int | None = None) -> int:
        """The position of an id; ValueError when it is not here."""
        position = self._position(row_id)
        if position is None or not start <= position < (len(self) if stop is None else stop):
            raise ValueError(f"There is no row with the id {row_id}.")
        return position

    @property
    def columns(self) -> tuple["array[int]", "array[int]"]:
        """The runs' first ids and sizes; not to be changed."""
        return self._firsts, self._sizes

    def flat(self) -> "NDArray[np.int64]":
        """All ids as a numpy array."""
        return expanded(self._firsts, self._sizes)

    def runs(self) -> Iterator[Run]:
        return map(Run, self._firsts, self._sizes)

    def slice_runs(self, start: int, stop: int) -> Iterator[Run]:
        """The runs of positions start..stop."""
        starts = self._ends()
        run = bisect_right(starts, start) - 1
        while start < stop:
            end = min(starts[run + 1], stop)
            yield Run(self._firsts[run] + start - starts[run], end - start)
            start = end
            run += 1

    def locate(self, first: int, count: int) -> Iterator[Located]:
        """Where the ids first..first+count stand here, in ascending id order, in as few pieces as
        possible.
        """
        if count == 1:
            yield Located(first, self._position(first), 1)
            return
        firsts, runs = self._index()
        starts = self._ends()
        wanted, end = first, first + count
        at = bisect_right(firsts, wanted) - 1
        while wanted < end:
            run = runs[at] if at >= 0 else None
            length = 0 if run is None else self._sizes[run]
            if run is not None and wanted < firsts[at] + length:
                piece = min(end, firsts[at] + length) - wanted
                yield Located(wanted, starts[run] + wanted - firsts[at], piece)
            else:
                following = firsts[at + 1] if at + 1 < len(firsts) else end
                piece = min(end, following) - wanted
                if piece:
                    yield Located(wanted, None, piece)
                at += 1
            wanted += piece

    def found_at(self, ids: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """The position of each id, -1 for those that are not here."""
        import numpy as np

        lowest, table = self._positions_by_id()
        wanted = ids - lowest
        inside = (wanted >= 0) & (wanted < len(table))
        return np.where(inside, np.frombuffer(table, np.int64)[np.where(inside, wanted, 0)], -1)

    def positions_of(self, row_ids: Sequence[int]) -> "NDArray[np.int64]":
        """The position of each of many ids. ValueError for one that is not here."""
        import numpy as np

        ids = np.fromiter(row_ids, np.int64, len(row_ids))
        positions = self.found_at(ids)
        missing = np.flatnonzero(positions < 0)
        if len(missing):
            raise ValueError(f"There is no row with the id {int(ids[missing[0]])}.")
        return positions

    def sorted_by(self, keys: Sequence[float], *, descending: bool = False) -> "Order":
        """The same ids, by the key of each position; equal keys stay as they stood. Numbers in an array, such
        as token counts, are taken as they are.
        """
        import numpy as np

        numbers = np.asarray(keys)
        if descending:
            backwards = np.argsort(numbers[::-1], kind="stable")[::-1]
            return self._of_flat(self.flat()[len(self) - 1 - backwards])
        return self._of_flat(self.flat()[np.argsort(numbers, kind="stable")])

    def places_of(self, row_ids: Iterable[int]) -> Places:
        """Where these ids stand. ValueError for an id that is not here."""
        wanted = row_ids if isinstance(row_ids, Sequence) else list(row_ids)
        if len(wanted) < MANY:
            return joined((position, self[position], 1) for position in sorted(set(map(self.index, wanted))))
        import numpy as np

        positions = np.unique(self.positions_of(wanted))
        return of_pairs(positions, self.flat()[positions])

    def holds(self, places: Places) -> bool:
        """True when the ids stand at these places here."""
        if not places or places[-1].position + places[-1].size > len(self):
            return not places
        if len(places) < MANY:
            ends = ((place, place.position + place.size) for place in places)
            return all(list(self.slice_runs(p.position, end)) == [Run(p.first, p.size)] for p, end in ends)
        there = self.flat()[expanded(places.positions, places.sizes)]
        return bool((there == expanded(places.firsts, places.sizes)).all())

    def without(self, places: Places) -> "Order":
        """The ids at these places (of this order) taken out."""
        if len(places) <= 1:
            return (
                self._spliced(places[0].position, places[0].position + places.rows, None) if places else self
            )
        if self._is_small(places):
            return Order(self._kept(places))
        import numpy as np

        kept = np.ones(len(self), bool)
        kept[expanded(places.positions, places.sizes)] = False
        return self._of_flat(self.flat()[kept])

    def with_added(self, places: Places) -> "Order":
        """Ids put in so that they stand at these places (of the order that results)."""
        if len(places) <= 1:
            return (
                self._spliced(places[0].position, places[0].position, Run(*places[0][1:])) if places else self
            )
        if self._is_small(places):
            return Order(self._mixed(places))
        import numpy as np

        come = expanded(places.positions, places.sizes)
        result = np.empty(len(self) + len(come), np.int64)
        kept = np.ones(len(result), bool)
        kept[come] = False
        result[come] = expanded(places.firsts, places.sizes)
        result[kept] = self.flat()
        return self._of_flat(result)

    def _is_small(self, places: Places) -> bool:
        return len(places) < MANY and len(self._firsts) < MANY

    def _kept(self, places: Places) -> Iterator[Run]:
        at = 0
        for place in places:
            yield from self.slice_runs(at, place.position)
            at = place.position + place.size
        yield from self.slice_runs(at, len(self))

    def _mixed(self, places: Places) -> Iterator[Run]:
        at = made = 0
        for place in places:
            take = place.position - made
            yield from self.slice_runs(at, at + take)
            yield Run(place.first, place.size)
            at += take
            made = place.position + place.size
        yield from self.slice_runs(at, len(self))

    def _spliced(self, start: int, stop: int, new: Run | None) -> "Order":
        """`new` in the place of the positions start..stop; columns are copied whole, at memory's speed."""
        starts = self._ends()
        if not 0 <= start <= stop <= len(self):
            raise IndexError(start)
        left = max(0, bisect_right(starts, start) - 1)
        right = max(left, bisect_right(starts, stop) - 1)
        edge: list[Run] = []
        low = max(0, left - 1)  # a neighbour more on each side, since the pieces may join
        high = min(right + 2, len(self._firsts))
        edge += self.slice_runs(starts[low], start)
        if new is not None:
            edge.append(new)
        edge += self.slice_runs(stop, starts[high])
        middle = Order(edge)
        made = Order.of_columns(
            self._firsts[:low] + middle._firsts + self._firsts[high:],
            self._sizes[:low] + middle._sizes + self._sizes[high:],
        )
        if len(made._firsts) >= MANY:
            # What follows is only shifted; adding all sizes up again would take longer than the edit.
            shift = (new.size if new is not None else 0) - (stop - start)
            inside = accumulate(middle._sizes, initial=starts[low])
            made._starts = starts[:low] + array("q", inside)[:-1] + _shifted(starts[high:], shift)
        return made

    def _ends(self) -> "array[int]":
        """The position of each run, and the number of ids."""
        if self._starts is None:
            self._starts = array("q", accumulate(self._sizes, initial=0))
        return self._starts

    def _position(self, row_id: int) -> int | None:
        if len(self._firsts) >= MANY:
            return self._position_among_many(row_id)
        firsts, runs = self._index()
        at = bisect_right(firsts, row_id) - 1
        if at < 0:
            return None
        run = runs[at]
        return self._ends()[run] + row_id - firsts[at] if row_id < firsts[at] + self._sizes[run] else None

    def _position_among_many(self, row_id: int) -> int | None:
        if self._table is None and self._lookups < _FEW_LOOKUPS:
            # Most orders live for one edit, and an index costs more than going through all runs some times.
            import numpy as np

            self._lookups += 1
            distance = row_id - np.frombuffer(self._firsts, np.int64)
            found = np.flatnonzero((distance >= 0) & (distance < np.frombuffer(self._sizes, np.int64)))
            return self._ends()[found[0]] + int(distance[found[0]]) if len(found) else None
        lowest, table = self._positions_by_id()
        at = row_id - lowest
        return table[at] if 0 <= at < len(table) and table[at] >= 0 else None

    def _index(self) -> tuple["array[int]", "array[int]"]:
        """The runs' first ids, sorted, and the number of the run of each; made when first asked for."""
        if self._by_id is None:
            if len(self._firsts) >= MANY:
                import numpy as np

                firsts = np.frombuffer(self._firsts, np.int64)
                order = np.argsort(firsts)
                self._by_id = to_array(firsts[order]), to_array(order)
                return self._by_id
            runs = array("q", sorted(range(len(self._firsts)), key=self._firsts.__getitem__))
            self._by_id = array("q", map(self._firsts.__getitem__, runs)), runs
        return self._by_id

    def _positions_by_id(self) -> tuple[int, "array[int]"]:
        """(lowest id, position of each id from it on, -1 for none): where runs are many, looking up beats
        searching.
        """
        if self._table is None:
            import numpy as np

            ids = self.flat()
            lowest = int(ids.min()) if len(ids) else 0
            table = np.full(int(ids.max()) - lowest + 1 if len(ids) else 1, -1, np.int64)
            table[ids - lowest] = np.arange(len(ids))
            self._table = lowest, to_array(table)
        return self._table


def _shifted(numbers: "array[int]", by: int) -> "array[int]":
    import numpy as np

    return to_array(np.frombuffer(numbers, np.int64) + by)


def _ids(runs: Iterable[Run]) -> Iterator[int]:
    return chain.from_iterable(range(first, first + count) for first, count in runs)
