"""Finding text in rows as people read it: without JSON's escapes, and not in keys or role names."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tunedesk.dataset.example import example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.query import Matcher, Query, compile_query, texts_of
from tunedesk.dataset.sieve import Sieve, required_text
from tunedesk.dataset.snapshot import Snapshot, Untouched, Written

MANY_PIECES = 5000
"""From so many pieces on, as after sorting, the file is read from start to end and not row by row."""
_ROLE_KEYS = ("role", "from")


def find_rows(
    snapshot: Snapshot,
    wanted: str | Query,
    *,
    regex: bool = False,
    case: bool = False,
    whole_word: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[int]:
    """The ids of the rows that hold a text, in order, as they are found.

    wanted: a query, or a text to make one of. All texts of a row are searched except its keys and the roles
    of its turns; of a line that is not JSON, the line itself. An empty text is in every row. UserError for a
    regular expression that is none. A row for which a pattern needs too long counts as found, so that nobody
    takes it for looked through. progress: how many of the file's lines were read, of how many.
    """
    query = Query(wanted, regex, case, whole_word) if isinstance(wanted, str) else wanted
    if not query.text and not (query.keys or query.roles):
        return _until(cancelled, iter(snapshot.ids))
    holds = _Confirmation(query, snapshot.mapping)
    sieve = Sieve(required_text(query.text) if query.regex else query.text, case=query.case)
    pieces = list(snapshot.pieces())
    if len(pieces) >= MANY_PIECES:
        return _in_file_order(snapshot, pieces, sieve, holds, progress, cancelled)
    return _until(cancelled, _found(snapshot, pieces, sieve, holds, progress, cancelled))


def _until(cancelled: Callable[[], bool], rows: Iterator[int]) -> Iterator[int]:
    for row in rows:
        if cancelled():
            return
        yield row


def _found(
    snapshot: Snapshot,
    pieces: list[Untouched | Written],
    sieve: Sieve,
    holds: "_Confirmation",
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Iterator[int]:
    for piece in pieces:
        if cancelled():
            return
        if isinstance(piece, Written):
            if holds(piece.raw):
                yield piece.row
        else:
            stop = piece.line + piece.size
            for line in _lines(snapshot, piece.line, stop, sieve, holds, progress, cancelled):
                yield piece.first + line - piece.line


def _lines(
    snapshot: Snapshot,
    start: int,
    stop: int,
    sieve: Sieve,
    holds: "_Confirmation",
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Iterator[int]:
    """The file's lines that hold it."""
    for first, block in snapshot.base.blocks(start, stop):
        if cancelled():
            return
        progress(first, len(snapshot.base))
        line, counted = first, 0
        for begin, end in sieve.lines(block):
            if holds(block[begin:end]):
                line += block.count(b"\n", counted, begin)
                counted = begin
                yield line


def _in_file_order(
    snapshot: Snapshot,
    pieces: list[Untouched | Written],
    sieve: Sieve,
    holds: "_Confirmation",
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Iterator[int]:
    """Rows in an order of their own are read as they lie in the file, and told in their order at the end."""
    lines = set(_lines(snapshot, 0, len(snapshot.base), sieve, holds, progress, cancelled))
    for piece in pieces:
        if cancelled():
            return
        if isinstance(piece, Written):
            if holds(piece.raw):
                yield piece.row
        else:
            found = (at for at in range(piece.size) if piece.line + at in lines)
            yield from (piece.first + at for at in found)


class _Confirmation:
    """Says of a row whether it really holds what is searched."""

    def __init__(self, query: Query, mapping: ColumnMapping | None) -> None:
        self._query = query
        self._mapping = mapping
        self._matcher: Matcher = compile_query(query)
        self._is_plain = query.case and not (query.regex or query.whole_word)
        self._is_everywhere = query.where == "texts" and not (query.roles or query.keys)

    def __call__(self, raw: bytes) -> bool:
        try:
            return self._is_in(raw)
        except TimeoutError:
            return True

    def _is_in(self, raw: bytes) -> bool:
        value = _value(raw)
        if value is None:
            return self._is_everywhere and self._matches(raw.decode("utf-8", "replace"))
        if self._is_everywhere:
            keys = [key for key, text in _strings(value) if self._matches(text)]
            if not keys or (self._mapping is None and any(key not in _ROLE_KEYS for key in keys)):
                return bool(keys)
        example = example_of(value, self._mapping)
        return any(self._matches(there.text) for there in texts_of(value, example, self._query))

    def _matches(self, text: str) -> bool:
        return self._query.text in text if self._is_plain else self._matcher.is_in(text)


def _value(raw: bytes) -> dict[str, Any] | None:
    """The row's value, None when it is not JSON or no object."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return parse_row(raw).value
    return value if isinstance(value, dict) else parse_row(raw).value


def _strings(value: Any) -> Iterator[tuple[str, str]]:
    """Key ("" in a list) and text of every string."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        key, part = waiting.pop()
        if isinstance(part, str):
            yield key, part
        elif isinstance(part, list):
            waiting.extend(("", item) for item in part)
        elif isinstance(part, dict):
            waiting.extend(part.items())
