"""Reading a dataset file row by row, and refusing what is no such file; knows bytes, not JSON."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tunedesk.dataset.parsing import BOM
from tunedesk.errors import UserError

HEAD = 65536
"""Bytes that are looked at to tell text from anything else."""
GZIP_MAGIC = b"\x1f\x8b"


def read_rows(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each row's number, from 1, and its bytes without the line end; a name that ends in .gz is unpacked.

    A byte order mark belongs to the file, not to its first row. Raises UserError for a missing or unreadable
    file, a folder, a damaged archive, and UTF-16 or binary content; a broken row is not looked at.
    """
    with open_for_reading(path) as file:
        try:
            yield from _numbered(path, file)
        except (OSError, EOFError, zlib.error) as error:
            message = f"{path.name} could not be read to its end: {error}."
            raise UserError(message, hint="Is the file damaged?") from error


def _numbered(path: Path, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    first = file.readline()
    check_head(path, first[:HEAD])
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


def open_for_reading(path: Path) -> BinaryIO:
    """The file opened in binary, unpacked when its name ends in .gz. UserError when it cannot be."""
    refuse_what_is_no_file(path)
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rb")  # type: ignore[return-value]  # typeshed: GzipFile is no BinaryIO
        return path.open("rb", buffering=1 << 18)
    except OSError as error:
        raise unreadable(path, error) from error


def refuse_what_is_no_file(path: Path) -> None:
    """UserError when there is nothing at the path, or something that is no ordinary file."""
    try:
        path.stat()
    except FileNotFoundError as error:
        hint = "Check the name, or whether it was moved."
        raise UserError(f"{path} does not exist.", hint=hint) from error
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a dataset file.", hint="Name a .jsonl file inside it.")
    if not path.is_file():
        raise UserError(f"{path} is not an ordinary file.", hint="Copy its content to a .jsonl file first.")


def unreadable(path: Path, error: OSError | ValueError) -> UserError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return UserError(f"{path} cannot be read: {reason}.", hint="Check its permissions, or copy it elsewhere.")


def check_head(path: Path, head: bytes) -> None:
    """Raise UserError when the first bytes show that the file is not UTF-8 text.

    JSON in UTF-16 or UTF-32 has a zero byte in its first character. A single zero byte further on, or a first
    row that starts with what could be a byte order mark, is a broken row and no reason to refuse the file.
    """
    zeros = head.count(b"\x00")
    if head.startswith(GZIP_MAGIC):
        raise UserError(f"{path.name} is a compressed file.", hint="Unpack it first and open the result.")
    if zeros and (head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head[:4]):
        encoding = "UTF-16 or UTF-32"
    elif zeros > len(head) // 10:
        encoding = "no text at all, with many zero bytes"
    else:
        return
    message = f"{path.name} is not UTF-8 text: it looks like {encoding}."
    raise UserError(message, hint="Save it as UTF-8 and open it again.")


def without_line_end(line: bytes) -> bytes:
    """The row in a line: \\n or \\r\\n at its end is taken off, nothing else."""
    if line.endswith(b"\r\n"):
        return line[:-2]
    return line[:-1] if line.endswith(b"\n") else line
