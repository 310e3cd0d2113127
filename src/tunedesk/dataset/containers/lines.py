"""Rows as lines of a text, which is what JSON lines are; knows where lines end, not what they hold."""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import chain, islice, repeat
from typing import Protocol

from tunedesk.dataset.containers.layout import Layout, Sink, Stretch
from tunedesk.dataset.line_index import LineIndex, Progress, Read
from tunedesk.dataset.parsing import BOM

_SMALL = 1 << 16
_BLOCK = 1 << 20


class LineLayout(Layout):
    """A row is a line; only line feeds end one, and a carriage return before it belongs to the line end."""

    def __init__(self, read: Read, size: int, progress: Progress | None = None) -> None:
        """`bytes_read` tells if the text really has this size."""
        self._read = read
        self.has_bom = read(0, len(BOM)) == BOM
        self._lines = LineIndex(read, size, len(BOM) if self.has_bom else 0, progress)

    @property
    def bytes_read(self) -> int:
        return self._lines.bytes_read

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def default_line_end(self) -> bytes:
        """The end of the file's first line."""
        return self.line_end(0) or b"\n" if len(self) else b"\n"

    def raw(self, line: int) -> bytes:
        start, end = self.span(line, line + 1)
        if end - start <= _SMALL:
            return without_line_end(self._read(start, end - start))
        # A line of hundreds of megabytes is read once and not copied again to cut its end off.
        return self._read(start, end - start - len(self.line_end(line)))

    def line_end(self, line: int) -> bytes:
        """b"\\n", b"\\r\\n", or b"" for a last line that has none."""
        start, end = self.span(line, line + 1)
        tail = self._read(max(start, end - 2), min(2, end - start))
        if tail == b"\r\n":
            return tail
        return b"\n" if tail.endswith(b"\n") else b""

    def rows(self, start: int, stop: int) -> Iterator[bytes]:
        # If another program has shortened the file, the lines that are gone are empty.
        yield from islice(chain(self._read_rows(*self.span(start, stop)), repeat(b"")), stop - start)

    def _read_rows(self, at: int, end: int) -> Iterator[bytes]:
        begun: list[bytes] = []
        while at < end and (block := self._read(at, min(_BLOCK, end - at))):
            for line in BytesIO(block):
                if not line.endswith(b"\n"):
                    begun.append(line)
                elif begun:
                    yield without_line_end(b"".join([*begun, line]))
                    begun = []
                else:
                    yield without_line_end(line)
            at += len(block)
        if begun:
            yield b"".join(begun)

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        at, end = self.span(start, stop)
        size = _BLOCK
        while at < end and (block := self._read(at, min(size, end - at))):
            if at + len(block) < end:
                whole = block.rfind(b"\n") + 1
                if not whole:  # a line longer than the block
                    size *= 2
                    continue
                block = block[:whole]
            yield self._lines.line_at(at), block
            at += len(block)
            size = _BLOCK

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """The bytes start..end of lines start..stop, line ends included."""
        return self._lines.start(start), self._lines.start(stop)

    def write(self, stretches: Iterable[Stretch], count: int, sink: Sink) -> None:
        if self.has_bom:
            sink.write(BOM)
        write_records(self, stretches, count, sink, lambda raw, line: raw)


class Records(Protocol):
    """What `write_records` asks of a container whose rows follow on each other without anything between."""

    @property
    def default_line_end(self) -> bytes: ...

    def __len__(self) -> int: ...

    def line_end(self, line: int) -> bytes: ...

    def span(self, start: int, stop: int) -> tuple[int, int]: ...


def write_records(
    layout: Records,
    stretches: Iterable[Stretch],
    count: int,
    sink: Sink,
    encode: Callable[[bytes, int], bytes],
) -> None:
    """Rows that follow on each other, each with a line end of its own, the last one perhaps without.

    encode: an edited row's bytes in the file, given the line that it takes the place of.
    """
    default_end = layout.default_line_end
    last_line = len(layout) - 1
    ends_open = last_line >= 0 and not layout.line_end(last_line)
    left = count
    for start, stop, raw in stretches:
        is_last = left == (stop - start or 1)
        left -= stop - start or 1
        if raw is None:
            sink.copy(*layout.span(start, stop))
            if ends_open and stop - 1 == last_line and not is_last:
                sink.write(default_end)
            continue
        record = encode(raw, start)
        sink.write(record)
        keeps_open_end = ends_open and start == last_line and is_last and record
        if not keeps_open_end:
            sink.write((layout.line_end(start) if start >= 0 else b"") or default_end)


def without_line_end(line: bytes) -> bytes:
    """The row in a line: \\n or \\r\\n at its end is taken off, nothing else."""
    if line.endswith(b"\r\n"):
        return line[:-2]
    return line[:-1] if line.endswith(b"\n") else line


def write_new_lines(rows: Iterable[bytes], write: Callable[[bytes], object]) -> None:
    """Rows as a new file of JSON lines."""
    for raw in rows:
        write(raw + b"\n")
