"""An open file that is read at given places; knows bytes only."""

import io
import os
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

_BINARY = getattr(os, "O_BINARY", 0)  # Windows only; elsewhere every file is binary


class Handle:
    """An open file that is read at given places, from any thread, and may move to another name while in use.

    Plain reads, no memory map: a program that shortens a mapped file kills every process that looks at it.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._unlink_at_close: Path | None = None
        self.descriptor = os.open(path, os.O_RDONLY | _BINARY)

    @classmethod
    def on_working_file(cls, made: Path) -> "Handle":
        """A file of our own that goes when the handle does; at once where an open file may be deleted."""
        handle = cls(made)
        if os.name == "nt":
            handle._unlink_at_close = made
        else:
            made.unlink()
        return handle

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

    def read_many(self, spans: Iterable[tuple[int, int]]) -> list[bytes]:
        """The bytes of many short (start, size), as `read` for each."""
        with self._lock:
            return [self._read_once(start, size) for start, size in spans]

    def _read_once(self, start: int, size: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self.descriptor, size, start)
        os.lseek(self.descriptor, start, os.SEEK_SET)
        return os.read(self.descriptor, size)

    def stat(self) -> os.stat_result:
        with self._lock:
            return os.fstat(self.descriptor)

    @property
    def size(self) -> int:
        return self.stat().st_size

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


class HandleReader(io.RawIOBase):
    """A handle as the seekable file that other libraries ask for; closing it leaves the handle open."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._handle.size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]  # any writable buffer is given
        data = self._handle.read(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def working_file() -> tuple[BinaryIO, Path]:
    """A new private file for text that a packed dataset unpacks to. OSError when there is no room for it."""
    descriptor, name = tempfile.mkstemp(prefix="tunedesk-", suffix=".rows")
    return os.fdopen(descriptor, "wb", buffering=1 << 20), Path(name)
