"""Reading a dataset file row by row, and refusing what is no such file; knows bytes, not JSON."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from tunedesk.dataset.containers.folder import TEXT_SUFFIXES
from tunedesk.dataset.containers.form import (
    Kind,
    check_magic,
    check_packing,
    encoding_of,
    packing_of,
    text_kind,
)
from tunedesk.dataset.containers.lines import without_line_end
from tunedesk.dataset.parsing import BOM
from tunedesk.errors import UserError

HEAD = 65536
"""Bytes that are looked at to tell text from anything else."""


def read_rows(path: Path, tell: Callable[[str], object] | None = None) -> Iterator[tuple[int, bytes]]:
    """Each row's number, from 1, and its bytes as one line of JSON; of every container that can be opened.

    tell: is given sentences about what was guessed on the way. A byte order mark belongs to the file, not to
    its first row. Raises UserError for a missing or unreadable file, a damaged one, and binary content; a
    broken row is not looked at.
    """
    refuse_what_is_no_dataset(path)
    packing, name = packing_of(path.name)
    if path.is_dir() or packing == "zstd" or not _is_plain_lines(path, packing, name):
        yield from _by_base(path, tell)
        return
    with _opened(path, packing) as file:
        try:
            yield from _numbered(path, file)
        except (OSError, EOFError, zlib.error) as error:
            raise damaged(path, error) from error


def _by_base(path: Path, tell: Callable[[str], object] | None) -> Iterator[tuple[int, bytes]]:
    from tunedesk.dataset.base import Base

    base = Base.open(path)
    for note in base.notes:
        if tell is not None:
            tell(note)
    yield from enumerate(base.rows(0, len(base)), start=1)


def _is_plain_lines(path: Path, packing: str, name: str) -> bool:
    """True for JSON lines in UTF-8, which can be read as they come."""
    with _opened(path, packing) as file:
        try:
            head = file.read(HEAD)
        except (OSError, EOFError, zlib.error) as error:
            raise damaged(path, error) from error
    kind = text_kind(name, head)
    check_magic(path.name, kind, head)
    if kind in (Kind.XLSX, Kind.PARQUET):
        return False
    return encoding_of(path.name, head) == "utf-8" and kind is Kind.LINES


def _numbered(path: Path, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    first = file.readline()
    if first.startswith(BOM):
        first = first[len(BOM) :]
        if not first:
            return
    number = 1
    if first:
        yield number, without_line_end(first)
    for line in file:
        number += 1
        yield number, without_line_end(line)


def _opened(path: Path, packing: str) -> BinaryIO:
    try:
        file = path.open("rb", buffering=1 << 18)
        if not packing:
            return file
        check_packing(path.name, packing, file.read(4))
        file.seek(0)
        return gzip.GzipFile(fileobj=file, mode="rb")  # type: ignore[return-value]  # typeshed: no BinaryIO
    except OSError as error:
        raise unreadable(path, error) from error


def refuse_what_is_no_dataset(path: Path) -> None:
    """UserError when nothing is at the path, or something that is neither a file nor a folder of texts."""
    _refuse_what_is_not_there(path)
    if path.is_dir():
        try:
            if any(child.suffix.lower() in TEXT_SUFFIXES for child in path.iterdir()):
                return
        except OSError as error:
            raise unreadable(path, error) from error
        message = f"{path} is a folder, not a dataset file."
        raise UserError(message, hint="Name a file inside it, or a folder with .txt or .md files.")
    _refuse_what_is_not_ordinary(path)


def refuse_what_is_no_file(path: Path) -> None:
    """UserError when there is nothing at the path, or something that is no ordinary file."""
    _refuse_what_is_not_there(path)
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a dataset file.", hint="Name a .jsonl file inside it.")
    _refuse_what_is_not_ordinary(path)


def _refuse_what_is_not_there(path: Path) -> None:
    try:
        path.stat()
    except FileNotFoundError as error:
        hint = "Check the name, or whether it was moved."
        raise UserError(f"{path} does not exist.", hint=hint) from error
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def _refuse_what_is_not_ordinary(path: Path) -> None:
    if not path.is_file():
        raise UserError(f"{path} is not an ordinary file.", hint="Copy its content to a .jsonl file first.")


def unreadable(path: Path, error: OSError | ValueError) -> UserError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return UserError(f"{path} cannot be read: {reason}.", hint="Check its permissions, or copy it elsewhere.")


def damaged(path: Path, error: Exception) -> UserError:
    message = f"{path.name} could not be read to its end: {error}."
    return UserError(message, hint="Is the file damaged?")
