"""The rows as they stand at one moment: immutable, cheap to take, and readable from any thread."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tunedesk.dataset.base import Base
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.marks import NO_MARKS, RowMarks
from tunedesk.dataset.order import Order
from tunedesk.dataset.places import MANY


@dataclass(frozen=True, slots=True)
class Untouched:
    """Rows first, first + 1, ... as they stand in the file's lines from `line` on."""

    first: int
    line: int
    size: int


@dataclass(frozen=True, slots=True)
class Written:
    """A row whose text is not the file's; line: where its predecessor stands in the file, None for a new
    row.
    """

    row: int
    raw: bytes
    line: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of a document.

    base, base_order: the file and the row id of each of its lines. order: which rows stand where.
    texts: the rows whose text differs from the file's. version: the document's at that moment.
    marks_by_row: the marks of each row that has some. mapping: what the rows' keys mean when they are
    nobody's format.
    """

    base: Base
    base_order: Order
    order: Order
    texts: Mapping[int, bytes]
    version: int
    marks_by_row: Mapping[int, RowMarks] = field(default_factory=dict)
    mapping: ColumnMapping | None = None

    def __len__(self) -> int:
        return len(self.order)

    @property
    def ids(self) -> Order:
        return self.order

    def raw(self, row_id: int) -> bytes:
        """The row without its line end. ValueError when there is no such row."""
        if row_id not in self.order:
            raise ValueError(f"There is no row with the id {row_id}.")
        text = self.texts.get(row_id)
        return self.base.raw(self.base_order.index(row_id)) if text is None else text

    def raw_at(self, position: int) -> bytes:
        """The row at a position from 0 on. IndexError when there is none."""
        return self.raw(self.order[position])

    def is_edited(self, row_id: int) -> bool:
        """True when the row is new, or its text differs from the file's. ValueError when there is no
        such row.
        """
        if row_id not in self.order:
            raise ValueError(f"There is no row with the id {row_id}.")
        return row_id in self.texts

    def marks(self, row_id: int) -> RowMarks:
        """`NO_MARKS` for a row that has none, or is not there."""
        return self.marks_by_row.get(row_id, NO_MARKS)

    def marked_rows(self) -> Mapping[int, RowMarks]:
        """Every row that has marks, in no order."""
        return self.marks_by_row

    def texts_of(self, row_ids: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """Many rows with their texts, in the order in which they are read fastest. ValueError when one is
        not there.
        """
        lines: list[tuple[int, int]] = []
        for row in row_ids:
            if row not in self.order:
                raise ValueError(f"There is no row with the id {row}.")
            if (text := self.texts.get(row)) is not None:
                yield row, text
            else:
                lines.append((self.base_order.index(row), row))
        lines.sort()
        at = 0
        while at < len(lines):
            end = at + 1
            while end < len(lines) and lines[end][0] == lines[end - 1][0] + 1:
                end += 1
            raws = self.base.rows(lines[at][0], lines[at][0] + end - at)
            yield from zip((row for _, row in lines[at:end]), raws, strict=True)
            at = end

    def rows(self) -> Iterator[tuple[int, bytes]]:
        """Every row's id and text, in order."""
        for piece in self.pieces():
            if isinstance(piece, Written):
                yield piece.row, piece.raw
            else:
                raws = self.base.rows(piece.line, piece.line + piece.size)
                yield from enumerate(raws, start=piece.first)

    def pieces(self) -> Iterator[Untouched | Written]:
        """All rows in order, in pieces as big as possible."""
        if len(self.order.columns[0]) >= MANY:
            yield from self._many_pieces()
            return
        edited = sorted(self.texts)
        for first, count in self.order.runs():
            for located in self.base_order.locate(first, count):
                line = located.position
                if line is None:
                    for row in range(located.first, located.first + located.size):
                        yield Written(row, self.texts[row], None)
                else:
                    yield from self._split(located.first, line, located.size, edited)

    def _many_pieces(self) -> Iterator[Untouched | Written]:
        """The same for an order of many runs, such as a sorted file's, by numpy."""
        import numpy as np

        ids = self.order.flat()
        lines = self.base_order.found_at(ids)
        is_text = np.isin(ids, np.fromiter(self.texts, np.int64, len(self.texts)))
        starts = np.ones(len(ids), bool)
        starts[1:] = (np.diff(ids) != 1) | (np.diff(lines) != 1) | is_text[1:] | is_text[:-1]
        first = np.flatnonzero(starts)
        sizes = np.diff(np.append(first, len(ids))).tolist()
        columns = ids[first].tolist(), lines[first].tolist(), sizes, is_text[first].tolist()
        for row, line, size, is_written in zip(*columns, strict=True):
            if is_written:
                yield Written(row, self.texts[row], line if line >= 0 else None)
            else:
                yield Untouched(row, line, size)

    def _split(self, first: int, line: int, count: int, edited: list[int]) -> Iterator[Untouched | Written]:
        """A run of file lines with the edited rows among them taken apart."""
        inside = edited[bisect_left(edited, first) : bisect_left(edited, first + count)]
        for left, right in pairwise([first - 1, *inside, first + count]):
            if right - left > 1:
                yield Untouched(left + 1, line + left + 1 - first, right - left - 1)
            if right < first + count:
                yield Written(right, self.texts[right], line + right - first)
