"""Files made from a fuzzer's bytes, of which one row is edited: no byte of any other row may change.

What the file should be is known from how it was made here, not from how TuneDesk reads it.
"""

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import zstandard

from tunedesk.dataset.document import Document
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError

NEW = {"prompt": "How many?", "completion": "Four."}
NEW_ROW = json.dumps(NEW).encode()
MOST_ROWS = 6
_UTF16 = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


@dataclass(frozen=True)
class Made:
    """A file's name, and what stands before, in and behind the row that is edited, before packing.

    rows: how many there are. pack, unpack: of the whole file. is_sure: whether every reader has to see just
    these rows, so that one row more or less is a crash as well.
    """

    name: str
    before: bytes
    edited: bytes
    behind: bytes
    rows: int
    at: int
    is_sure: bool = False
    pack: Callable[[bytes], bytes] = bytes
    unpack: Callable[[bytes], bytes] = bytes

    @property
    def content(self) -> bytes:
        return self.pack(self.before + self.edited + self.behind)


def edit_one_row(data: bytes) -> None:
    made = file_of(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / made.name
        path.write_bytes(made.content)
        state = StateDb.open(Path(folder) / "state.db")
        try:
            _edit(path, state, made)
        finally:
            state.close()


def _edit(path: Path, state: StateDb, made: Made) -> None:
    try:
        document = Document.open(path, state)
        document.save()
    except UserError:
        assert path.read_bytes() == made.content, "a refused file was changed"
        return
    assert path.read_bytes() == made.content, "saving without an edit changed bytes"
    assert not made.is_sure or len(document) == made.rows, f"{len(document)} rows, not {made.rows}"
    if len(document) != made.rows:
        return  # a damaged row may be read as several, or as none
    shown = [document.raw_at(at) for at in range(made.rows)]
    try:
        document.replace(document.id_at(made.at), NEW_ROW, "Edit")
        document.save()
    except UserError:
        assert path.read_bytes() == made.content, "a refused save changed bytes"
        return
    _check_bytes(made, made.unpack(path.read_bytes()))
    again = Document.open(path, state)
    expected = [*shown[: made.at], document.raw_at(made.at), *shown[made.at + 1 :]]
    assert [again.raw_at(at) for at in range(len(again))] == expected, "another row is read otherwise"
    document.undo()
    document.save()
    _check_bytes(made, made.unpack(path.read_bytes()))
    assert [document.raw_at(at) for at in range(made.rows)] == shown, "undo left a trace"
    if b"\n" not in made.edited:  # a row of a list is read on one line, however many it stood on
        assert made.unpack(path.read_bytes()) == made.before + made.edited + made.behind, "undo is not exact"


def _check_bytes(made: Made, now: bytes) -> None:
    assert now.startswith(made.before), "a byte before the edited row changed"
    assert now.endswith(made.behind), "a byte behind the edited row changed"
    assert len(now) >= len(made.before) + len(made.behind), "bytes of other rows are gone"


def file_of(data: bytes) -> Made:
    """The first three bytes: the container; flags for byte order mark, Windows' line ends and a last line
    end; which row is edited.
    """
    kind, flags, which = (*data[:3], 0, 0, 0)[:3]
    pieces = data[3:].split(b"\xff")[:MOST_ROWS]
    at = which % len(pieces)
    line_end = b"\r\n" if flags & 2 else b"\n"
    mark = b"\xef\xbb\xbf" if flags & 1 else b""
    make = _MAKERS[kind % len(_MAKERS)]
    return make(pieces, at, mark, line_end, bool(flags & 4))


def _lines(pieces: list[bytes], at: int, mark: bytes, line_end: bytes, has_end: bool) -> Made:
    """Lines of any bytes: rows of JSON, damaged rows, blank lines."""
    rows = [piece.replace(b"\n", b" ").replace(b"\r", b" ") for piece in pieces]
    before = mark + b"".join(row + line_end for row in rows[:at])
    behind = b"".join(line_end + row for row in rows[at + 1 :]) + line_end * has_end
    return Made("rows.jsonl", before, rows[at], behind, len(rows), at)


def _objects(pieces: list[bytes], at: int, mark: bytes, line_end: bytes, has_end: bool) -> Made:
    """The same of objects that are sound JSON."""
    made = _lines([_object(piece) for piece in pieces], at, mark, line_end, has_end)
    return Made(made.name, made.before, made.edited, made.behind, made.rows, at, is_sure=True)


def _object(piece: bytes) -> bytes:
    text = piece.decode("utf-8", "replace")
    return json.dumps({"prompt": text[::2], "completion": text}, ensure_ascii=len(piece) % 2 == 0).encode()


def _packed(
    suffix: str, pack: Callable[[bytes], bytes], unpack: Callable[[bytes], bytes]
) -> Callable[[list[bytes], int, bytes, bytes, bool], Made]:
    def make(pieces: list[bytes], at: int, mark: bytes, line_end: bytes, has_end: bool) -> Made:
        made = _lines(pieces, at, mark, line_end, has_end)
        parts = (made.before, made.edited, made.behind, made.rows, at)
        return Made(f"rows.jsonl{suffix}", *parts, pack=pack, unpack=unpack)

    return make


def _utf16(encoding: str) -> Callable[[list[bytes], int, bytes, bytes, bool], Made]:
    def make(pieces: list[bytes], at: int, mark: bytes, line_end: bytes, has_end: bool) -> Made:
        made = _objects(pieces, at, b"", line_end, has_end)
        before, edited, behind = (
            part.decode().encode(encoding) for part in (made.before, made.edited, made.behind)
        )
        return Made(made.name, _UTF16[encoding] + before, edited, behind, made.rows, at, is_sure=True)

    return make


def _array(pieces: list[bytes], at: int, mark: bytes, line_end: bytes, has_end: bool) -> Made:
    """A JSON array with white space of all kinds between its rows."""
    rows = [_object(piece) for piece in pieces]
    spaces = [(b"", b" ", b"\t", line_end)[len(piece) % 4] for piece in pieces]
    parts = [space + row + space[::-1] for space, row in zip(spaces, rows, strict=True)]
    before = mark + b"[" + b"".join(part + b"," for part in parts[:at]) + spaces[at]
    behind = spaces[at][::-1] + b"".join(b"," + part for part in parts[at + 1 :]) + b"]" + line_end * has_end
    return Made("rows.json", before, rows[at], behind, len(rows), at, is_sure=b"\r\n" not in spaces)


def _damaged_array(pieces: list[bytes], at: int, mark: bytes, line_end: bytes, has_end: bool) -> Made:
    made = _array(pieces, at, mark, line_end, has_end)
    return Made(made.name, made.before, pieces[at], made.behind, made.rows, at)


def _table(delimiter: str, quoting: int) -> Callable[[list[bytes], int, bytes, bytes, bool], Made]:
    def make(pieces: list[bytes], at: int, mark: bytes, line_end: bytes, has_end: bool) -> Made:
        texts = [piece.decode("utf-8", "replace").replace("\0", "") for piece in pieces]
        records = [_record([text[::2], text], delimiter, quoting, line_end) for text in texts]
        before = mark + _record(list(NEW), delimiter, quoting, line_end) + b"".join(records[:at])
        return Made("rows.csv", before, records[at], b"".join(records[at + 1 :]), len(records), at)

    return make


def _record(cells: list[str], delimiter: str, quoting: int, line_end: bytes) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, quoting=quoting, lineterminator=line_end.decode()).writerow(
        cells
    )
    return written.getvalue().encode("utf-8")


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)  # the same bytes each time


def _unzstd(data: bytes) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True) as reader:
        return reader.read()


def _torn(data: bytes) -> bytes:
    """A packed file whose end is missing."""
    return _gzip(data)[:-9]


_MAKERS = (
    _lines,
    _objects,
    _packed(".gz", _gzip, gzip.decompress),
    _packed(".gz", _torn, bytes),
    _packed(".zst", zstandard.ZstdCompressor().compress, _unzstd),
    _utf16("utf-16-le"),
    _utf16("utf-16-be"),
    _array,
    _damaged_array,
    _table(",", csv.QUOTE_MINIMAL),
    _table(";", csv.QUOTE_ALL),
    _table("\t", csv.QUOTE_MINIMAL),
)
