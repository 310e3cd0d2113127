"""The dataset file as it is on disk: where its rows are, their bytes, and whether it is still the same
file.
"""

import hashlib
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from tunedesk.dataset.containers import working_text
from tunedesk.dataset.containers.csv_records import CsvLayout
from tunedesk.dataset.containers.folder import FolderLayout, FolderSource, write_beside
from tunedesk.dataset.containers.form import (
    Form,
    Kind,
    check_magic,
    check_packing,
    encoding_of,
    form_of_name,
    kind_of_name,
    packing_of,
    text_kind,
)
from tunedesk.dataset.containers.handle import Handle
from tunedesk.dataset.containers.json_array import ArrayLayout
from tunedesk.dataset.containers.layout import Layout, Sink, Stretch
from tunedesk.dataset.containers.lines import LineLayout
from tunedesk.dataset.containers.parquet import ParquetLayout
from tunedesk.dataset.containers.xlsx import XlsxLayout
from tunedesk.dataset.files import HEAD, refuse_what_is_no_file, unreadable
from tunedesk.dataset.line_index import Progress
from tunedesk.errors import UserError

WHOLE_BYTES = 1 << 20
"""Up to this size a signature covers every byte."""
_SAMPLES = 32
_SAMPLE_BYTES = 4096


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


Source = Handle | FolderSource


class Base:
    """One state of the file. It stays readable, also after the file was replaced, as long as someone
    holds it.
    """

    def __init__(
        self, name: str, source: Source, text: Handle, signature: Signature, form: Form, layout: Layout
    ) -> None:
        """Use `open`. source: the file itself. text: its rows, the source or a working file of ours."""
        self.name = name
        self.signature = signature
        self.form = form
        self._layout = layout
        self._source = source
        self._text = text
        self._last_stamp: object = (signature.size, signature.mtime_ns)
        weakref.finalize(self, source.close)
        if text is not source:
            weakref.finalize(self, text.close)

    @classmethod
    def open(
        cls, path: Path, progress: Progress | None = None, form: Form | None = None, name: str = ""
    ) -> "Base":
        """Find the rows of a file. UserError when it is missing, unreadable, damaged or no dataset.

        form: it was just written here in this form, so whatever its rows hold is not doubted. name: what
        people know it by, if that is not its name yet.
        """
        if path.is_dir():
            return cls._of_folder(path, progress, name or path.name)
        refuse_what_is_no_file(path)
        try:
            source = Handle(path)
        except OSError as error:
            raise unreadable(path, error) from error
        try:
            return cls._scanned(name or path.name, source, progress, form)
        except OSError as error:
            source.close()
            raise unreadable(path, error) from error
        except BaseException:
            source.close()
            raise

    @classmethod
    def _scanned(cls, name: str, source: Handle, progress: Progress | None, form: Form | None) -> "Base":
        for _ in range(3):
            signature = _signature(source)
            text, found, layout = _layout_of(name, source, progress, form)
            if _signature(source) == signature and _is_whole(layout, text):
                return cls(name, source, text, signature, found, layout)
            if text is not source:
                text.close()
        message = f"{name} is being written by another program."
        raise UserError(message, hint="Open it again when that program has finished.")

    @classmethod
    def _of_folder(cls, path: Path, progress: Progress | None, name: str) -> "Base":
        source = FolderSource(path)
        stamp = source.stamp()
        try:
            files = source.files()
            layout = FolderLayout(files, name, progress)
        except OSError as error:
            raise unreadable(path, error) from error
        signature = Signature(files.size, 0, files.digest)
        base = cls(name, source, layout.text, signature, Form(Kind.FOLDER), layout)
        base._last_stamp = stamp
        return base

    def __len__(self) -> int:
        return len(self._layout)

    @property
    def kind(self) -> Kind:
        return self.form.kind

    @property
    def encoding(self) -> str:
        """Of the file's text, by Python's name of the codec; "utf-8-sig" with a byte order mark."""
        if self.form.encoding == "utf-8" and self.form.dialect is not None:
            return self.form.dialect.encoding
        return "utf-8-sig" if self.has_bom and self.form.encoding == "utf-8" else self.form.encoding

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was guessed when the file was opened."""
        return self._layout.notes

    @property
    def has_bom(self) -> bool:
        return self._layout.has_bom

    @property
    def default_line_end(self) -> bytes:
        """What new rows end with."""
        return self._layout.default_line_end

    def raw(self, line: int) -> bytes:
        """Row `line` (from 0) as one line of JSON."""
        return self._layout.raw(line)

    def rows(self, start: int, stop: int) -> Iterator[bytes]:
        """Rows start..stop, read in big pieces."""
        return self._layout.rows(start, stop)

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Rows start..stop in big pieces of whole lines, each with the number of its first row."""
        return self._layout.blocks(start, stop)

    def settled(self, raw: bytes) -> bytes:
        """The row as it would be read back from this container. UserError when it cannot stand in it."""
        if self.form.encoding != "utf-8":
            self._refuse_what_is_no_text(raw)
        return self._layout.settled(raw)

    def _refuse_what_is_no_text(self, raw: bytes) -> None:
        try:
            raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            message = f"Byte {error.start + 1} of the row is no UTF-8, so {self.name}, which is "
            message += f"{self.form.encoding.upper()}, cannot hold it."
            raise UserError(message, hint="Take the broken character out.") from error

    def write(self, stretches: Iterable[Stretch], count: int, sink: Sink) -> None:
        """Write rows in this container's own form."""
        self._layout.write(stretches, count, sink)

    def read(self, start: int, size: int) -> bytes:
        """Bytes of the text that the rows lie in."""
        return self._text.read(start, size)

    def read_many(self, spans: Iterable[tuple[int, int]]) -> list[bytes]:
        """Many short pieces of that text, given as (start, size)."""
        return self._text.read_many(spans)

    @property
    def descriptor(self) -> int:
        """The open file of that text."""
        return self._text.descriptor

    def is_stale(self) -> bool:
        """True when the very file was written to since it was scanned: its rows are no longer where
        they were.
        """
        stamp = _stamp(self._source)
        if stamp is not None and stamp == self._last_stamp:
            return False
        if not _signature(self._source).matches(self.signature):
            return True
        self._last_stamp = stamp
        return False

    def write_folder(self, stretches: Iterable[Stretch], folder: Path) -> Path:
        """The changes of a folder of texts, ready to be put in place. OSError when they cannot be written."""
        if not isinstance(self._layout, FolderLayout):
            raise TypeError(self.kind)
        return write_beside(self._layout, stretches, folder)

    def release(self) -> None:
        """Close the file, so that Windows lets it be moved or replaced; `reopen` must follow."""
        self._source.close()

    def reopen(self, path: Path, delete_at_end: bool = False) -> None:
        """Go on reading under another name; delete_at_end: the file goes when nobody holds this base any
        more.
        """
        self._source.reopen(path, delete_at_end)


def signature_of(path: Path) -> Signature:
    """The signature of the file as it is now. OSError when it cannot be read."""
    if path.is_dir():
        return _signature(FolderSource(path))
    handle = Handle(path)
    try:
        return _signature(handle)
    finally:
        handle.close()


def _layout_of(
    name: str, source: Handle, progress: Progress | None, form: Form | None
) -> tuple[Handle, Form, Layout]:
    """The text that the rows lie in, what form it has, and where each row is."""
    packing, plain = (form.packing, name) if form else packing_of(name)
    head = source.read(0, HEAD)
    text = source
    try:
        if packing:
            check_packing(name, packing, head)
            text = working_text.unpacked(name, source, packing, progress)
            head = text.read(0, HEAD)
        kind = form.kind if form else kind_of_name(plain)
        if form is None:
            check_magic(name, kind, head)
        if kind in (Kind.XLSX, Kind.PARQUET):
            if packing:
                hint = "Unpack it first: such files are packed already."
                raise UserError(f"{name} is a packed {kind.value} file, which cannot be opened.", hint=hint)
            table = (XlsxLayout if kind is Kind.XLSX else ParquetLayout)(source, name, progress)
            return table.text, Form(kind), table
        encoding = form.encoding if form else encoding_of(name, head)
        if encoding != "utf-8":
            wide, text = text, working_text.decoded(name, text, encoding)
            if wide is not source:
                wide.close()
            head = text.read(0, HEAD)
        found = form or Form(text_kind(plain, head), packing, encoding)
        layout = _text_layout(name, plain, text, found, progress)
        if isinstance(layout, CsvLayout):
            found = replace(found, dialect=layout.dialect)
        return text, found, layout
    except BaseException:
        if text is not source:
            text.close()
        raise


def _text_layout(name: str, plain: str, text: Handle, form: Form, progress: Progress | None) -> Layout:
    if form.kind is Kind.ARRAY:
        return ArrayLayout(text.read, text.size, name, progress)
    if form.kind is Kind.CSV:
        suggested = form_of_name(plain).dialect
        wanted = suggested.delimiter if suggested is not None else ","
        return CsvLayout(text.read, text.size, name, form.dialect, progress, wanted)
    return LineLayout(text.read, text.size, progress)


def _is_whole(layout: Layout, text: Handle) -> bool:
    """False when the text grew or shrank while it was looked at."""
    return not isinstance(layout, LineLayout) or layout.bytes_read == text.size


def _stamp(source: Source) -> object:
    """What is looked at first to see whether a file was written to; costs next to nothing."""
    if isinstance(source, FolderSource):
        return source.stamp()
    stat = source.stat()
    return stat.st_size, stat.st_mtime_ns


def _signature(source: Source) -> Signature:
    if isinstance(source, FolderSource):
        try:
            files = source.files()
        except OSError:
            return Signature(-1, 0, "")
        return Signature(files.size, 0, files.digest)
    return _signature_of_file(source)


def _signature_of_file(handle: Handle) -> Signature:
    stat = handle.stat()
    digest = hashlib.blake2b(digest_size=16)
    if stat.st_size <= WHOLE_BYTES:
        digest.update(handle.read(0, stat.st_size))
    else:
        last = stat.st_size - _SAMPLE_BYTES
        for number in range(_SAMPLES):
            digest.update(handle.read(last * number // (_SAMPLES - 1), _SAMPLE_BYTES))
    return Signature(stat.st_size, stat.st_mtime_ns, digest.hexdigest())
