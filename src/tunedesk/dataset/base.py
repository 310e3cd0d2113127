"""The dataset file as it is on disk: where its lines are, their bytes, and whether it is still the same
file.
"""

import hashlib
import os
import threading
import weakref
from collections.abc import Iterator
from io import BytesIO
from itertools import chain, islice, repeat
from pathlib import Path

import msgspec

from tunedesk.dataset.files import (
    HEAD,
    check_head,
    refuse_what_is_no_file,
    unreadable,
    without_line_end,
)
from tunedesk.dataset.line_index import LineIndex, Progress
from tunedesk.dataset.parsing import BOM
from tunedesk.errors import UserError

WHOLE_BYTES = 1 << 20
"""Up to this size a signature covers every byte."""
_SAMPLES = 32
_SAMPLE_BYTES = 4096
_BINARY = getattr(os, "O_BINARY", 0)  # Windows only; elsewhere every file is binary


class Signature(msgspec.Struct, frozen=True):
    """What tells one state of a file from another without reading all of it."""

    size: int
    mtime_ns: int
    sample: str

    def matches(self, other: "Signature") -> bool:
        """Small files are compared by content alone, so that a mere touch is no change."""
        if (self.size, self.sample) != (other.size, other.sample):
            return False
        return self.mtime_ns == other.mtime_ns or self.size <= WHOLE_BYTES


class _Handle:
    """An open file that is read at given places, from any thread, and may move to another name while in use.

    Plain reads, no memory map: a program that shortens a mapped file kills every process that looks at it.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._unlink_at_close: Path | None = None
        self.descriptor = os.open(path, os.O_RDONLY | _BINARY)

    def read(self, start: int, size: int) -> bytes:
        """The bytes at start; fewer only at the end of the file."""
        with self._lock:
            first = self._read_once(start, size)
            if len(first) == size or not first:
                return first
            parts = [first]
            done = len(first)
            while done < size and (part := self._read_once(start + done, size - done)):
                parts.append(part)
                done += len(part)
            return b"".join(parts)

    def _read_once(self, start: int, size: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self.descriptor, size, start)
        os.lseek(self.descriptor, start, os.SEEK_SET)
        return os.read(self.descriptor, size)

    def stat(self) -> os.stat_result:
        with self._lock:
            return os.fstat(self.descriptor)

    def close(self) -> None:
        with self._lock:
            if self.descriptor >= 0:
                os.close(self.descriptor)
            self.descriptor = -1
            if self._unlink_at_close is not None:
                self._unlink_at_close.unlink(missing_ok=True)

    def reopen(self, path: Path, delete_at_end: bool) -> None:
        with self._lock:
            self.descriptor = os.open(path, os.O_RDONLY | _BINARY)
            self._unlink_at_close = path if delete_at_end else None


class Base:
    """One state of the file. It stays readable, also after the file was replaced, as long as someone
    holds it.
    """

    def __init__(self, handle: _Handle, signature: Signature, lines: LineIndex, has_bom: bool) -> None:
        """Use `open`."""
        self.signature = signature
        self.has_bom = has_bom
        self._lines = lines
        self._handle = handle
        self._last_stat = (signature.size, signature.mtime_ns)
        weakref.finalize(self, handle.close)

    @classmethod
    def open(cls, path: Path, progress: Progress | None = None, is_ours: bool = False) -> "Base":
        """Find the lines of a file. UserError when it is missing, a folder, unreadable or not UTF-8 text.

        is_ours: it was just written here, so whatever its rows hold is not doubted.
        """
        refuse_what_is_no_file(path)
        try:
            handle = _Handle(path)
        except OSError as error:
            raise unreadable(path, error) from error
        try:
            if not is_ours:
                check_head(path, handle.read(0, HEAD))
            return cls._scanned(path, handle, progress)
        except OSError as error:
            handle.close()
            raise unreadable(path, error) from error
        except BaseException:
            handle.close()
            raise

    @classmethod
    def _scanned(cls, path: Path, handle: _Handle, progress: Progress | None) -> "Base":
        for _ in range(3):
            signature = _signature(handle)
            first = len(BOM) if handle.read(0, len(BOM)) == BOM else 0
            lines = LineIndex(handle.read, signature.size, first, progress)
            if lines.bytes_read == signature.size and _signature(handle) == signature:
                return cls(handle, signature, lines, bool(first))
        message = f"{path.name} is being written by another program."
        raise UserError(message, hint="Open it again when that program has finished.")

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def default_line_end(self) -> bytes:
        """What new rows end with: the end of the file's first line."""
        return self.line_end(0) or b"\n" if len(self) else b"\n"

    def raw(self, line: int) -> bytes:
        """Line `line` (from 0) without its line end."""
        start, end = self.span(line, line + 1)
        if end - start <= HEAD:
            return without_line_end(self._handle.read(start, end - start))
        # A line of hundreds of megabytes is read once and not copied again to cut its end off.
        return self._handle.read(start, end - start - len(self.line_end(line)))

    def line_end(self, line: int) -> bytes:
        """b"\\n", b"\\r\\n", or b"" for a last line that has none."""
        start, end = self.span(line, line + 1)
        tail = self._handle.read(max(start, end - 2), min(2, end - start))
        if tail == b"\r\n":
            return tail
        return b"\n" if tail.endswith(b"\n") else b""

    def rows(self, start: int, stop: int) -> Iterator[bytes]:
        """Lines start..stop without their line ends, read in big pieces."""
        # If another program has shortened the file, the lines that are gone are empty.
        yield from islice(chain(self._read_rows(*self.span(start, stop)), repeat(b"")), stop - start)

    def _read_rows(self, at: int, end: int) -> Iterator[bytes]:
        begun: list[bytes] = []
        while at < end and (block := self._handle.read(at, min(WHOLE_BYTES, end - at))):
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

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """The bytes start..end of lines start..stop, line ends included."""
        return self._lines.start(start), self._lines.start(stop)

    def read(self, start: int, size: int) -> bytes:
        return self._handle.read(start, size)

    @property
    def descriptor(self) -> int:
        return self._handle.descriptor

    def is_stale(self) -> bool:
        """True when the very file was written to since it was scanned: its lines are no longer where
        they were.
        """
        stat = self._handle.stat()
        if (stat.st_size, stat.st_mtime_ns) == self._last_stat:
            return False
        if not _signature(self._handle).matches(self.signature):
            return True
        self._last_stat = (stat.st_size, stat.st_mtime_ns)
        return False

    def release(self) -> None:
        """Close the file, so that Windows lets it be moved or replaced; `reopen` must follow."""
        self._handle.close()

    def reopen(self, path: Path, delete_at_end: bool = False) -> None:
        """Go on reading under another name; delete_at_end: the file goes when nobody holds this base any
        more.
        """
        self._handle.reopen(path, delete_at_end)


def signature_of(path: Path) -> Signature:
    """The signature of the file as it is now. OSError when it cannot be read."""
    handle = _Handle(path)
    try:
        return _signature(handle)
    finally:
        handle.close()


def _signature(handle: _Handle) -> Signature:
    stat = handle.stat()
    digest = hashlib.blake2b(digest_size=16)
    if stat.st_size <= WHOLE_BYTES:
        digest.update(handle.read(0, stat.st_size))
    else:
        last = stat.st_size - _SAMPLE_BYTES
        for number in range(_SAMPLES):
            digest.update(handle.read(last * number // (_SAMPLES - 1), _SAMPLE_BYTES))
    return Signature(stat.st_size, stat.st_mtime_ns, digest.hexdigest())
