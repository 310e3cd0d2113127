"""Writing a snapshot to a file: unedited rows byte for byte, beside the old file, and then in its place."""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

from tunedesk.dataset.base import Base
from tunedesk.dataset.containers import folder
from tunedesk.dataset.containers.convert import write_new
from tunedesk.dataset.containers.form import Form, Kind, form_of_name
from tunedesk.dataset.containers.layout import Stretch
from tunedesk.dataset.containers.working_text import Packer, packer
from tunedesk.dataset.snapshot import Snapshot, Untouched
from tunedesk.errors import UserError
from tunedesk.paths import sync_folder

CAN_REPLACE_OPEN_FILES = os.name != "nt"
_NEW, _OLD = ".new", ".old"
_SPLICE_BYTES = 1 << 18
"""Longer stretches are copied by the operating system, shorter ones through memory."""
_SHORT_BYTES = 1 << 14
_BLOCK = 1 << 20


def write_beside(snapshot: Snapshot, path: Path, nested_as_json: bool = False) -> Path:
    """The snapshot in a new file in the folder of `path`, on disk when this returns. UserError when it
    cannot be.

    nested_as_json: lists and objects may become texts of JSON where the container knows only texts.
    """
    if path.is_dir() and form_for(path, snapshot.base).kind is Kind.FOLDER:
        return _write_folder(snapshot, path)
    made = path.with_name(_prefix(path) + secrets.token_hex(4) + _NEW)
    try:
        with made.open("xb", buffering=_BLOCK) as file:
            _write(_SnapshotRows(snapshot), file, form_for(path, snapshot.base), path.name, nested_as_json)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, made)
    except OSError as error:
        made.unlink(missing_ok=True)
        raise _not_saved(path, error) from error
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    return made


def _write_folder(snapshot: Snapshot, path: Path) -> Path:
    try:
        return snapshot.base.write_folder(_stretches(snapshot), path)
    except OSError as error:
        raise _not_saved(path, error) from error


def discard(made: Path) -> None:
    """Delete what `write_beside` wrote, if it is still there."""
    if made.is_dir():
        shutil.rmtree(made, ignore_errors=True)
    else:
        made.unlink(missing_ok=True)


def put_in_place(
    made: Path, path: Path, new: Base, old: Base, can_replace_open: bool = CAN_REPLACE_OPEN_FILES
) -> None:
    """Give the written file the name of the old one. `new` and `old` stay readable.

    Where open files cannot be replaced, the old one gets a second name first, so that no moment is
    without a file.
    """
    try:
        if made.is_dir():
            folder.put_in_place(made, path)
            new.reopen(path)
        elif can_replace_open:
            os.replace(made, path)
        else:
            _replace_closed(made, path, new, old)
    except OSError as error:
        raise _not_saved(path, error) from error
    sync_folder(path.parent)


def _replace_closed(made: Path, path: Path, new: Base, old: Base) -> None:
    old.release()
    new.release()
    kept = made.with_suffix(_OLD)
    if path.exists():
        try:
            os.link(path, kept)
        except OSError:  # a disk without hard links, such as exFAT
            shutil.copyfile(path, kept)
    try:
        os.replace(made, path)
    except OSError:
        old.reopen(path)
        new.reopen(made)
        kept.unlink(missing_ok=True)
        raise
    new.reopen(path)
    if kept.exists():
        old.reopen(kept, delete_at_end=True)


def _prefix(path: Path) -> str:
    """How files beside `path` begin; not with its name, which may be as long as a name can be."""
    return f".tunedesk-{hashlib.blake2b(path.name.encode(), digest_size=6).hexdigest()}-"


def remove_leftovers(path: Path) -> None:
    """Delete what an interrupted save left beside the file. Only the one who may write the file calls
    this.
    """
    # In a folder that cannot be listed or written they stay: they are in nobody's way.
    with contextlib.suppress(OSError):
        if path.is_dir():
            folder.finish_saves(path)
            return
        for leftover in path.parent.iterdir():
            if leftover.name.startswith(_prefix(path)) and leftover.suffix in (_NEW, _OLD):
                leftover.unlink(missing_ok=True)


def form_for(path: Path, base: Base) -> Form:
    """The container that a file of this name is written as: the base's own where the name allows it."""
    if path.name == base.name:
        return base.form
    wanted = form_of_name(path.name)
    if wanted.kind is not base.kind or _wants_other_delimiter(wanted, base.form):
        return wanted
    return replace(base.form, packing=wanted.packing)


def _wants_other_delimiter(wanted: Form, form: Form) -> bool:
    """True from tabs to something else or the other way; .csv says nothing about comma or semicolon."""
    if wanted.dialect is None or form.dialect is None:
        return False
    return (wanted.dialect.delimiter == "\t") != (form.dialect.delimiter == "\t")


def rewritten(base: Base, changes: Mapping[int, bytes | None], path: Path) -> bytes:
    """The content of a file with some rows (by number from 0) replaced, or left out where they are None.

    path: what the file will be called, which decides on its container. UserError when a row cannot stand in
    it.
    """
    file = BytesIO()
    _write(_ChangedRows(base, changes), file, form_for(path, base), path.name, False)
    return file.getvalue()


class _Rows(Protocol):
    """What is written: rows of a base with changes."""

    @property
    def base(self) -> Base: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...

    def stretches(self) -> Iterator[Stretch]: ...


class _SnapshotRows:
    """The rows of a document."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.base = snapshot.base

    def __len__(self) -> int:
        return len(self._snapshot)

    def __iter__(self) -> Iterator[bytes]:
        return (raw for _, raw in self._snapshot.rows())

    def stretches(self) -> Iterator[Stretch]:
        return _stretches(self._snapshot)


class _ChangedRows:
    """The rows of a file with some replaced, or left out."""

    def __init__(self, base: Base, changes: Mapping[int, bytes | None]) -> None:
        self.base = base
        self._changes = {line: raw if raw is None else base.settled(raw) for line, raw in changes.items()}

    def __len__(self) -> int:
        return len(self.base) - sum(raw is None for raw in self._changes.values())

    def __iter__(self) -> Iterator[bytes]:
        for line, raw in enumerate(self.base.rows(0, len(self.base))):
            changed = self._changes.get(line, raw)
            if changed is not None:
                yield changed

    def stretches(self) -> Iterator[Stretch]:
        start = 0
        for line in sorted(self._changes):
            if start < line:
                yield start, line, None
            raw = self._changes[line]
            if raw is not None:
                yield line, line, raw
            start = line + 1
        if start < len(self.base):
            yield start, len(self.base), None


def _write(rows: _Rows, file: BinaryIO, form: Form, name: str, nested_as_json: bool) -> None:
    base = rows.base
    outer = packer(file, form, name)
    if form.kind is not base.kind or form.dialect != base.form.dialect:
        write_new(form, rows, (outer or file).write, name, nested_as_json)
    else:
        sink = _PackedSink(base, outer) if outer is not None else _FileSink(base, file)
        base.write(rows.stretches(), len(rows), sink)
        if isinstance(sink, _FileSink):
            sink.flush()
    if outer is not None:
        outer.close()


class _FileSink:
    """Writes into a file; long stretches go there without passing through memory."""

    def __init__(self, base: Base, file: BinaryIO) -> None:
        self._base = base
        self._file = file
        self._waiting: list[tuple[int, int]] = []
        self._waiting_bytes = 0

    def write(self, data: bytes) -> None:
        self.flush()
        self._file.write(data)

    def flush(self) -> None:
        """Write the short pieces that wait: a sorted file is copied row by row, and reading many at once is
        twice as fast.
        """
        if not self._waiting:
            return
        pieces = self._base.read_many(self._waiting)
        if any(len(piece) < size for piece, (_, size) in zip(pieces, self._waiting, strict=True)):
            raise _shortened()
        self._file.write(b"".join(pieces))
        self._waiting, self._waiting_bytes = [], 0

    def copy(self, start: int, end: int) -> None:
        if end - start < _SHORT_BYTES:
            self._waiting.append((start, end - start))
            self._waiting_bytes += end - start
            if self._waiting_bytes >= _BLOCK:
                self.flush()
            return
        self.flush()
        is_long = end - start >= _SPLICE_BYTES
        if is_long and hasattr(os, "copy_file_range") and not isinstance(self._file, BytesIO):
            self._file.flush()
            start = _splice(self._base, start, end, self._file)
        _pass_through(self._base, start, end, self._file.write)


class _PackedSink:
    """Writes through what packs or encodes."""

    def __init__(self, base: Base, outer: Packer) -> None:
        self._base = base
        self._outer = outer

    def write(self, data: bytes) -> None:
        self._outer.write(data)

    def copy(self, start: int, end: int) -> None:
        _pass_through(self._base, start, end, self._outer.write)


def _stretches(snapshot: Snapshot) -> Iterator[Stretch]:
    """(first line, last line + 1, None) to copy, or (its line or -1, the same, text) of one edited row."""
    start = stop = 0
    for piece in snapshot.pieces():
        if isinstance(piece, Untouched):
            if piece.line == stop and start < stop:
                stop += piece.size
                continue
            if start < stop:
                yield start, stop, None
            start, stop = piece.line, piece.line + piece.size
            continue
        if start < stop:
            yield start, stop, None
        start = stop = 0
        line = -1 if piece.line is None else piece.line
        yield line, line, piece.raw
    if start < stop:
        yield start, stop, None


def _pass_through(base: Base, start: int, end: int, write: Callable[[bytes], object]) -> None:
    """Bytes start..end of the base's text. OSError when they are no longer there."""
    while start < end:
        block = base.read(start, min(_BLOCK, end - start))
        if not block:
            raise _shortened()
        write(block)
        start += len(block)


def _shortened() -> OSError:
    return OSError(errno.EIO, "another program has shortened the file")


def _splice(base: Base, start: int, end: int, file: BinaryIO) -> int:
    """Copy inside the operating system, as far as it can; the byte from which to go on."""
    refusals = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)
    try:
        while start < end:
            done = os.copy_file_range(base.descriptor, file.fileno(), end - start, start)
            if not done:
                break
            start += done
    except OSError as error:
        if error.errno not in refusals:
            raise
    return start


def _not_saved(path: Path, error: OSError) -> UserError:
    reason = error.strerror or str(error)
    message = f"{path} could not be saved: {reason}. The old file is as it was, and your edits are kept."
    hint = "Free some space, check the folder's permissions, or save under another name."
    return UserError(message, hint=hint)
