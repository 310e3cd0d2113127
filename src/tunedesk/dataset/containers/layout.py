"""What every container of rows can do; knows no container."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

Stretch = tuple[int, int, bytes | None]
"""(first line, last line + 1, None): rows as they lie in the file. (line or -1, the same, raw): one row that
was edited, and the line of the file that it takes the place of; -1 for a new row.
"""


_BLOCK_ROWS = 500


class Sink(Protocol):
    """Where a container is written to."""

    def write(self, data: bytes, /) -> object: ...

    def copy(self, start: int, end: int) -> None:
        """Bytes start..end of the text that the rows were read from. OSError when they are gone."""


class Layout(ABC):
    """Where the rows of one state of a text lie, and how they are written back. Rows count from 0.

    A row is one JSON object as bytes without a line feed, whatever it looks like in the file.
    """

    notes: tuple[str, ...] = ()
    """Sentences about what was guessed when the file was opened."""
    has_bom: bool = False

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def raw(self, line: int) -> bytes:
        """Row `line`. Where another program has shortened the file there are fewer bytes, or none."""

    @abstractmethod
    def rows(self, start: int, stop: int) -> Iterator[bytes]:
        """Rows start..stop, read in big pieces; always so many."""

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Rows start..stop as they are searched: the number of the first row of a block, and its rows with
        line ends.
        """
        rows = self.rows(start, stop)
        while block := list(islice(rows, _BLOCK_ROWS)):
            yield start, b"\n".join(block) + b"\n"
            start += len(block)

    @property
    def default_line_end(self) -> bytes:
        """What new rows end with."""
        return b"\n"

    def settled(self, raw: bytes) -> bytes:
        """The row as it would be read back from this container. UserError when it cannot stand in it."""
        return raw

    @abstractmethod
    def write(self, stretches: Iterable[Stretch], count: int, sink: Sink) -> None:
        """Write `count` rows: what nobody touched byte for byte."""
