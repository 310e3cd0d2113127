"""What rules about a file as such need to know of it, and the file written anew; knows no rule."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tunedesk.dataset.parsing import BOM
from tunedesk.errors import UserError
from tunedesk.lint.edits import RewriteFile

_CHUNK = 1 << 20
_OTHER_CONTAINERS = {".csv": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".parquet": "parquet"}
_WIDE = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


@dataclass(frozen=True, slots=True)
class FileFacts:
    """size: bytes, unpacked. encoding: "utf-8", "utf-16", "utf-32" (with a byte order mark), "utf-16-le" and
    the like (without), or "nul" for text with zero bytes. crlf: number of lines that end in CRLF. container:
    "jsonl", "json-array", "json-pretty" (one object over several lines), "csv", "xlsx",
    "parquet", "folder". rows and
    characters: None when nobody counted; characters are those of all texts, for an estimate of tokens.
    """

    size: int = 0
    has_bom: bool = False
    encoding: str = "utf-8"
    crlf: int = 0
    container: str = "jsonl"
    rows: int | None = None
    characters: int | None = None


def file_facts(path: Path, rows: int | None = None, characters: int | None = None) -> FileFacts:
    """Reads the file once, piece by piece. UserError when it cannot be read."""
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    container = _OTHER_CONTAINERS.get(plain.suffix.lower())
    if path.is_dir():
        return FileFacts(container="folder", rows=rows, characters=characters)
    try:
        if path.suffix in (".zst", ".zstd"):
            return FileFacts(path.stat().st_size, rows=rows, characters=characters)
        if container is not None:
            return FileFacts(path.stat().st_size, container=container, rows=rows, characters=characters)
        with _opened(path) as file:
            return _facts_of(iter(lambda: file.read(_CHUNK), b""), rows, characters)
    except (OSError, EOFError) as error:
        raise UserError(f"{path} cannot be read: {error}.", hint="Is it damaged, or in use?") from error


def facts_of_content(content: bytes, rows: int | None = None, characters: int | None = None) -> FileFacts:
    return _facts_of(iter((content,)), rows, characters)


def rewrite(content: bytes, edit: RewriteFile) -> bytes:
    """The file's new content. UserError when it cannot be decoded, or is no JSON where it should be."""
    facts = facts_of_content(content)
    had_bom = facts.has_bom
    if edit.as_utf8 and facts.encoding != "utf-8":
        content = _decoded(content, facts.encoding).encode("utf-8")
    body = content.removeprefix(BOM)
    if edit.as_lines and facts_of_content(body).container != "jsonl":
        body = _as_lines(body)
    if edit.unix_newlines:
        body = body.replace(b"\r\n", b"\n")
    wants_bom = had_bom and facts.encoding == "utf-8" if edit.has_bom is None else edit.has_bom
    return (BOM if wants_bom else b"") + body


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]  # typeshed: GzipFile is no BinaryIO
    return path.open("rb")


def _facts_of(pieces: Iterator[bytes], rows: int | None, characters: int | None) -> FileFacts:
    first = next(pieces, b"")
    size = crlf = zeros = 0
    tail = b""
    lines = 0
    for piece in _chained(first, pieces):
        size += len(piece)
        crlf += piece.count(b"\r\n") + (tail == b"\r" and piece[:1] == b"\n")
        zeros += piece.count(b"\x00")
        lines += piece.count(b"\n")
        tail = piece[-1:]
    encoding = _encoding(first, zeros)
    has_bom = first.startswith(BOM)
    container = _container(first.removeprefix(BOM), lines) if encoding == "utf-8" else "jsonl"
    if encoding != "utf-8":
        crlf = 0
    return FileFacts(size, has_bom, encoding, crlf, container, rows, characters)


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _encoding(head: bytes, zeros: int) -> str:
    """By the mark at the beginning, or by the zero bytes that ASCII has in wide encodings."""
    for mark, name in _WIDE.items():
        if head.startswith(mark):
            return name
    if not zeros:
        return "utf-8"
    patterns = {"utf-32-le": (1, 2, 3), "utf-32-be": (0, 1, 2), "utf-16-le": (1,), "utf-16-be": (0,)}
    for name, places in patterns.items():
        if len(head) >= 4 and all(head[place] == 0 for place in places):
            return name
    return "nul"


def _container(head: bytes, lines: int) -> str:
    start = head.lstrip(b" \t\r\n")
    first = start.partition(b"\n")[0].strip()
    if start.startswith(b"["):
        is_row = first.endswith(b"]") and lines > 1
        return "jsonl" if is_row else "json-array"
    return "json-pretty" if first == b"{" else "jsonl"


def _decoded(content: bytes, encoding: str) -> str:
    if encoding == "nul":
        return content.replace(b"\x00", b"").decode("utf-8", "strict")
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"The file is not the {encoding.upper()} text that it looks like: {error.reason}."
        raise UserError(message, hint="Open it in the program it comes from and save it as UTF-8.") from error


def _as_lines(body: bytes) -> bytes:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UserError(f"The file is not JSON: {error}.", hint="Mend it in a text editor first.") from error
    items = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(item, ensure_ascii=False).encode("utf-8") + b"\n" for item in items)
