"""What kind of container a file is, from its name and its first bytes; reads no rows."""

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tunedesk.errors import UserError

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZIP_MAGIC = b"PK\x03\x04"
_PARQUET_MAGIC = b"PAR1"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
UTF8_BOM = b"\xef\xbb\xbf"
PACKINGS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}


class Kind(StrEnum):
    """The containers. A folder of texts is one, too."""

    LINES = "jsonl"
    ARRAY = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file separates and quotes. encoding: a codec's name, for texts that are not UTF-8."""

    delimiter: str
    quote: str = '"'
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Form:
    """All that must be known to write a container anew in the same way.

    packing: "gzip", "zstd" or "". encoding: of the text, "utf-8" also where a byte order mark stands
    before it. dialect: of a CSV file, None when it is to be found out.
    """

    kind: Kind
    packing: str = ""
    encoding: str = "utf-8"
    dialect: Dialect | None = field(default=None)


def packing_of(name: str) -> tuple[str, str]:
    """The packing that a file's name promises, "" for none, and the name without it."""
    stem, dot, suffix = name.rpartition(".")
    packing = PACKINGS.get((dot + suffix).lower(), "")
    return (packing, stem) if packing and stem else ("", name)


def kind_of_name(name: str) -> Kind:
    """By the suffix; whatever is not known is taken for JSON lines. name: without .gz and .zst."""
    suffixes = {
        ".json": Kind.ARRAY,
        ".csv": Kind.CSV,
        ".tsv": Kind.CSV,
        ".tab": Kind.CSV,
        ".xlsx": Kind.XLSX,
        ".xlsm": Kind.XLSX,
        ".parquet": Kind.PARQUET,
        ".pq": Kind.PARQUET,
    }
    return suffixes.get(Path(name).suffix.lower(), Kind.LINES)


def form_of_name(name: str) -> Form:
    """The container that a new file of this name is to be. A .tsv file is separated by tabs."""
    packing, plain = packing_of(name)
    kind = kind_of_name(plain)
    dialect = None
    if kind is Kind.CSV:
        dialect = Dialect("\t" if Path(plain).suffix.lower() in (".tsv", ".tab") else ",")
    return Form(kind, packing, dialect=dialect)


def text_kind(name: str, head: bytes) -> Kind:
    """The container in a text, by its name and first bytes (UTF-8).

    A .json file may hold JSON lines, one object a line, and a file of lines may hold a list: then its first
    line is an opening bracket alone.
    """
    kind = kind_of_name(name)
    if kind is Kind.LINES:
        first, end, _ = head.removeprefix(UTF8_BOM).partition(b"\n")
        return Kind.ARRAY if end and first.strip() == b"[" and Path(name).suffix else kind
    if kind is Kind.ARRAY:
        start = head.removeprefix(UTF8_BOM).lstrip(b" \t\r\n")
        if start.startswith(b"[") or re.match(WRAPPER, start):
            return kind
        return Kind.LINES if _is_line_of_json(start) else kind
    return kind


WRAPPER = rb'\{\s*"(?:data|rows|examples|items|records|train)"\s*:\s*\['
"""How an object begins that only wraps the list of rows."""


def _is_line_of_json(start: bytes) -> bool:
    line, end, _ = start.partition(b"\n")
    return not start or line.rstrip().endswith(b"}") or not end


def check_packing(name: str, packing: str, head: bytes) -> None:
    """UserError when the first bytes are not those of the packing that the name promises."""
    magic = GZIP_MAGIC if packing == "gzip" else ZSTD_MAGIC
    if head and not head.startswith(magic):
        message = f"{name} is not packed with {packing}, as its name says."
        raise UserError(message, hint="Is it damaged, or does it only have a wrong name?")


def check_magic(name: str, kind: Kind, head: bytes) -> None:
    """UserError when the first bytes are those of another container than the name says."""
    if kind is Kind.XLSX:
        if head.startswith(_OLE_MAGIC):
            message = f"{name} is protected with a password, or a workbook of Excel 2003 or older."
            raise UserError(message, hint="Save it in Excel as .xlsx without a password.")
        if not head.startswith(_ZIP_MAGIC):
            raise UserError(f"{name} is no XLSX workbook.", hint="Is it damaged, or wrongly named?")
    elif kind is Kind.PARQUET:
        if not head.startswith(_PARQUET_MAGIC):
            raise UserError(f"{name} is no Parquet file.", hint="Is it damaged, or wrongly named?")
    else:
        _check_text(name, head)


def _check_text(name: str, head: bytes) -> None:
    if head.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
        suffix = ".gz" if head.startswith(GZIP_MAGIC) else ".zst"
        hint = f"Unpack it first, or let its name end in {suffix}."
        raise UserError(f"{name} is a compressed file.", hint=hint)
    if head.startswith(_ZIP_MAGIC) and b"\x00" in head[:32]:
        raise UserError(f"{name} is a ZIP archive.", hint="Unpack it; a workbook's name ends in .xlsx.")
    if head.startswith(_PARQUET_MAGIC) and b"\x00" in head:
        raise UserError(f"{name} is a Parquet file.", hint="Let its name end in .parquet.")


def encoding_of(name: str, head: bytes) -> str:
    """ "utf-8", or the wide encoding that the first bytes show. UserError when they are no text at all.

    JSON and CSV begin with an ASCII character, so a wide encoding has a zero byte among the first four. A
    single zero byte further on, or a first row that starts with what could be a byte order mark, is a broken
    row and no reason to doubt the file; nor are many zeros (a hole that a power cut left) beside a sound row.
    """
    zeros = head.count(b"\x00")
    if head in (b"\xff\xfe", b"\xfe\xff"):  # no row yet
        return "utf-16-le" if head == b"\xff\xfe" else "utf-16-be"
    if not zeros:
        return "utf-8"
    first = head[:4]
    if first in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"):
        return "utf-32-le" if first.startswith(b"\xff") else "utf-32-be"
    if first.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if first.startswith(b"\xfe\xff"):
        return "utf-16-be"
    patterns = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }
    found = patterns.get(tuple(byte == 0 for byte in first))  # type: ignore[arg-type]  # of any length
    if found is not None and zeros * 5 > len(head):
        return found
    if (zeros > len(head) // 10 or b"\x00" in first) and not _has_sound_row(head):
        message = f"{name} is no text: it holds many zero bytes, and is neither UTF-8 nor UTF-16."
        raise UserError(message, hint="Name a dataset file: JSON lines, JSON, CSV, XLSX or Parquet.")
    return "utf-8"


def _has_sound_row(head: bytes) -> bool:
    lines = (line.strip() for line in head.removeprefix(UTF8_BOM).split(b"\n"))
    return any(line.startswith(b"{") and _is_json(line) for line in lines)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
