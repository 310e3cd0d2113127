"""Packed and wide texts: unpacked once into a private working file, and packed again as they are written."""

import codecs
import gzip
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Protocol, cast

from tunedesk.dataset.containers.form import Form
from tunedesk.dataset.containers.handle import Handle, HandleReader, working_file
from tunedesk.dataset.line_index import Progress
from tunedesk.errors import UserError

_BLOCK = 1 << 20
MOST_UNPACKED = 16 << 30
"""No dataset is bigger when unpacked; what is, was made to fill a disk."""
MOST_RATIO = 300
"""Real rows shrink by 3 to 30 times, the most repetitive ones by 200; a bomb of gzip by 1,000."""
SMALL_UNPACKED = 64 << 20
"""Up to this size no ratio is suspicious."""
_BITE = 4096
_FREE_LEFT = 256 << 20
"""So many bytes stay free on the disk of the working file."""


def unpacked(name: str, source: Handle, packing: str, progress: Progress | None) -> Handle:
    """The text of a packed file. UserError for a damaged archive, and one that unpacks to too much."""
    size = source.size
    limit = _limit(size)

    def blocks() -> Iterator[bytes]:
        done = 0
        for block in _unzstd(name, source) if packing == "zstd" else _gunzip(name, source):
            done += len(block)
            if done > limit:
                raise _too_big(name, size, limit)
            if progress is not None:
                progress(min(done, limit), limit)
            yield block

    return _filled(blocks())


def _gunzip(name: str, source: Handle) -> Iterator[bytes]:
    stream = gzip.GzipFile(fileobj=reader_of(source), mode="rb")
    try:
        while block := stream.read(_BLOCK):
            yield block
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(name, error) from error


def _unzstd(name: str, source: Handle) -> Iterator[bytes]:
    """Frame by frame. In small bites: a few bytes may unpack to megabytes, all at once."""
    library = zstandard_library(name)
    frame: Any = None
    at = 0
    while bite := source.read(at, _BITE):
        at += len(bite)
        while bite:
            frame = frame or library.ZstdDecompressor().decompressobj()
            try:
                block = frame.decompress(bite)
            except library.ZstdError as error:
                raise _damaged(name, error) from error
            bite = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
            yield block
    if frame is not None:
        raise _damaged(name, "it ends too early")


def _damaged(name: str, reason: object) -> UserError:
    message = f"{name} could not be read to its end: {reason}."
    return UserError(message, hint="Is the file damaged?")


def decoded(name: str, source: Handle, encoding: str) -> Handle:
    """The text of a UTF-16 or UTF-32 file as UTF-8, so that it can be encoded back to the same bytes."""
    # Half of a surrogate pair, which UTF-16 can hold, passes through both ways.
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")

    def blocks() -> Iterator[bytes]:
        at = 0
        while True:
            block = source.read(at, _BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                message = f"{name} is not {encoding.upper()} throughout: {error.reason} near byte {at + 1}."
                raise UserError(message, hint="Is the file damaged? Save it as UTF-8.") from error
            if text:
                yield text.encode("utf-8", "surrogatepass")
            if not block:
                return
            at += len(block)

    return _filled(blocks())


def _filled(blocks: Iterator[bytes]) -> Handle:
    file, made = working_file()
    try:
        with file:
            for block in blocks:
                file.write(block)
        return Handle.on_working_file(made)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _limit(size: int) -> int:
    free = shutil.disk_usage(tempfile.gettempdir()).free - _FREE_LEFT
    return max(0, min(MOST_UNPACKED, max(SMALL_UNPACKED, MOST_RATIO * size), free))


def refuse_bomb(name: str, size: int, unpacked_size: int) -> None:
    """UserError when an archive says of itself that it unpacks to too much."""
    limit = _limit(size)
    if unpacked_size > limit:
        raise _too_big(name, size, limit)


def _too_big(name: str, size: int, limit: int) -> UserError:
    message = f"{name} ({size:,} bytes) unpacks to more than {limit:,} bytes, so it was not opened."
    return UserError(message, hint="Unpack it yourself if you trust it, and open the result.")


class Packer(Protocol):
    """What a text is written through."""

    def write(self, data: bytes, /) -> object: ...

    def close(self) -> None: ...


def packer(file: BinaryIO, form: Form, name: str) -> Packer | None:
    """Encodes and packs what is written, into `file`, which stays open; None when the form does neither."""
    outer: Packer | None = None
    if form.packing == "gzip":
        # No name and no time inside: the same rows give the same bytes.
        outer = cast(Packer, gzip.GzipFile("", "wb", 6, fileobj=file, mtime=0))
    elif form.packing == "zstd":
        library = zstandard_library(name)
        compressor = library.ZstdCompressor(level=3, write_checksum=True)
        outer = cast(Packer, compressor.stream_writer(file, closefd=False))
    if form.encoding == "utf-8":
        return outer
    return _Encoder((outer or file).write, outer.close if outer else lambda: None, form.encoding)


class _Encoder:
    """Turns UTF-8 into a wide encoding."""

    def __init__(self, write: Callable[[bytes], object], close: Callable[[], None], encoding: str) -> None:
        self._write = write
        self._close = close
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")

    def write(self, data: bytes) -> None:
        self._write(self._decoder.decode(data).encode(self._encoding, "surrogatepass"))

    def close(self) -> None:
        self._close()


def zstandard_library(name: str) -> Any:
    """The zstd library. UserError with a hint where it is not installed."""
    try:
        import zstandard
    except ImportError as error:
        hint = "Install the Python package zstandard, or unpack the file first."
        raise UserError(f"{name} is packed with zstd, which cannot be read here.", hint=hint) from error
    return zstandard


def working_handle(write_rows: Callable[[Callable[[bytes], object]], None]) -> Handle:
    """A working file that `write_rows` fills."""
    file, made = working_file()
    try:
        with file:
            write_rows(file.write)
        return Handle.on_working_file(made)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def reader_of(source: Handle) -> BinaryIO:
    """The source as a file for other libraries."""
    return cast(BinaryIO, HandleReader(source))
