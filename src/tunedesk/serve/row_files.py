"""Whether a file that was sent is one of training rows: JSON objects, one a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from tunedesk.dataset.parsing import BOM
from tunedesk.errors import UserError
from tunedesk.serve.api_error import ApiError

LONGEST_NAME = 255
LONGEST_ROW = 16_000_000
"""Bytes of one row: more than any model reads at once, and what a server can hold for each of its users."""
_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


class RowTooLong(UserError):
    """A line that nobody wrote as a row."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Line {number} is longer than {LONGEST_ROW:,} bytes.", hint="Shorten or remove it.")


def checked_name(filename: str | None) -> str:
    """The name that a client gave its file, without folders. ApiError 400: it does not end with .jsonl."""
    name = (filename or "").replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not name.lower().endswith(".jsonl") or len(name) > LONGEST_NAME or not name.isprintable():
        raise ApiError(
            400,
            "Files for fine-tuning have a name that ends with .jsonl, one JSON object a line.",
            param="file",
            code="invalid_file_format",
        )
    return name


def refuse_what_is_no_rows(path: Path) -> None:
    """ApiError 400 names the first line that is no JSON object; or that there is no row."""
    number = 0
    try:
        for number, raw in numbered_rows(path):
            _refuse_no_object(number, raw)
    except RowTooLong as error:
        raise ApiError(400, error.sentence, param="file", code="invalid_file_format") from error
    if not number:
        raise ApiError(400, "The file has no rows.", param="file", code="invalid_file_format")


def _refuse_no_object(number: int, raw: bytes) -> None:
    try:
        raw.decode()  # what is skipped inside a row is not looked at by the next line
        _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message = f"Expected one JSON object a line. Line {number} is none: {error}"
        raise ApiError(400, message, param="file", code="invalid_file_format") from error


def numbered_rows(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, from 1, without a byte order mark, line ends and empty lines.

    RowTooLong: before the rest of that line is read.
    """
    most = LONGEST_ROW + len(BOM) + len(b"\r\n")
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(most), b""), 1):
            raw = (line.removeprefix(BOM) if number == 1 else line).rstrip(b"\r\n")
            if len(raw) > LONGEST_ROW:
                raise RowTooLong(number)
            if raw.strip():
                yield number, raw
