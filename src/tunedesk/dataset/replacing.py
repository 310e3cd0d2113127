"""Search and replace over rows: every hit with its place and what would stand there; changes no document."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunedesk.dataset.example import example_of
from tunedesk.dataset.left_out import LeftOut, why_not_writable
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.dataset.query import TIMEOUT, Matcher, Query, RowText, compile_query, texts_of
from tunedesk.dataset.row_edits import dump_row, set_at, value_at
from tunedesk.dataset.search import find_rows
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.errors import UserError

if TYPE_CHECKING:
    import regex

CONTEXT = 40
"""Characters shown on each side of a hit."""
LIMIT = 100_000
"""Hits that are kept at the most; more cannot be looked through by anybody."""
SLOW_TEXTS = 20
"""After so many texts that took too long, a pattern is given up."""

Expand = Callable[["regex.Match[str]"], str]
_REFERENCE = re.compile(
    r"\$(?P<dollar>\$)|\\(?P<escape>[nrt\\])"
    r"|\$(?P<number>\d{1,2})|\\(?P<back>\d{1,2})|\$\{(?P<name>\w+)\}|\\g<(?P<group>\w+)>"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that the query found.

    start, end: characters in the string at `pointer`. replacement: what would stand there, None when none
    was asked for. before, after: up to 40 characters around it.
    """

    row: int
    pointer: str
    role: str
    start: int
    end: int
    found: str
    replacement: str | None
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Hits:
    """hits: in the order of rows and texts. rows: how many rows have one. more: the limit cut them off.

    left_out: places that hold the text or may hold it, where nothing can be replaced.
    """

    hits: tuple[Hit, ...]
    rows: int
    left_out: tuple[LeftOut, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Replaced:
    """rows: the new text of each row, for Document.replace_many. replaced: hits that were applied."""

    rows: dict[int, bytes]
    replaced: int
    left_out: tuple[LeftOut, ...] = ()


def find_hits(
    snapshot: Snapshot,
    query: Query,
    replacement: str | None = None,
    *,
    limit: int = LIMIT,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Hits | None:
    """Every hit of a query, with what would replace it; None when cancelled. An empty text has no hits.

    In a regular expression's replacement, $1, ${name}, \\1 and \\g<name> are groups ($0 the whole hit), $$ is
    a dollar sign, and \\n, \\r, \\t and \\\\ are what they are in Python; otherwise it is taken as it stands.
    UserError for a broken pattern, a group that is not there, and a pattern that takes too long again and
    again.
    """
    search = _Search(query, replacement, snapshot.mapping)
    hits: list[Hit] = []
    left_out: list[LeftOut] = []
    rows = 0
    found_rows = find_rows(snapshot, query, progress=progress, cancelled=cancelled) if query.text else ()
    for row in found_rows:
        if cancelled():
            return None
        found = search.in_row(row, snapshot.raw(row))
        hits += found.hits
        left_out += found.left_out
        rows += found.rows
        if len(hits) > limit:
            return Hits(tuple(hits[:limit]), rows, tuple(left_out), more=True)
    if cancelled():
        return None
    progress(len(snapshot), len(snapshot))
    return Hits(tuple(hits), rows, tuple(left_out))


def hits_in_row(
    row: int,
    raw: bytes,
    query: Query,
    replacement: str | None = None,
    mapping: ColumnMapping | None = None,
) -> Hits:
    """The hits in one row, as `find_hits`; for marks in the editor."""
    return _Search(query, replacement, mapping).in_row(row, raw) if query.text else Hits((), 0)


def apply_hits(
    snapshot: Snapshot,
    hits: Iterable[Hit],
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Replaced | None:
    """The rows with these hits replaced; None when cancelled.

    A hit whose text no longer stands in its place is left out and told, so hits may come from an older
    snapshot. ValueError for a hit without a replacement.
    """
    by_row: defaultdict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        by_row[hit.row].append(hit)
    rows: dict[int, bytes] = {}
    left_out: list[LeftOut] = []
    replaced = 0
    for done, (row, wanted) in enumerate(by_row.items()):
        if done % 256 == 0:
            if cancelled():
                return None
            progress(done, len(by_row))
        raw = snapshot.raw(row) if row in snapshot.ids else b""
        applied = _applied(raw, wanted)
        replaced += applied.replaced
        left_out += applied.left_out
        if applied.raw != raw:
            rows[row] = applied.raw
    return Replaced(rows, replaced, tuple(left_out))


class _Search:
    """One query with its replacement, and how often it took too long."""

    def __init__(self, query: Query, replacement: str | None, mapping: ColumnMapping | None) -> None:
        self._query = query
        self._mapping = mapping
        self._matcher: Matcher = compile_query(query)
        self._expand = _expander(self._matcher, query, replacement)
        self._slow = 0

    def in_row(self, row: int, raw: bytes) -> Hits:
        if not self._matcher.may_be_in(raw):
            return Hits((), 0)
        parsed = parse_row(raw)
        hits: list[Hit] = []
        left_out: list[LeftOut] = []
        for text in self._texts(parsed):
            try:
                hits += self._in_text(row, text)
            except TimeoutError:
                left_out.append(self._too_slow(row, text.pointer))
        reason = why_not_writable(parsed)
        if reason and hits:
            return Hits((), 0, (LeftOut(row, "", reason), *left_out))
        return Hits(tuple(hits), 1 if hits else 0, tuple(left_out))

    def _texts(self, parsed: ParsedRow) -> Iterable[RowText]:
        if parsed.value is not None:
            return texts_of(parsed.value, example_of(parsed.value, self._mapping), self._query)
        if self._query.roles or self._query.keys or self._query.where == "turns":
            return ()
        return (RowText("", "", parsed.raw.decode("utf-8", "replace")),)

    def _in_text(self, row: int, there: RowText) -> Iterator[Hit]:
        text = there.text
        for match in self._matcher.matches(text):
            start, end = match.span()
            new = None if self._expand is None else self._expand(match)
            before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
            yield Hit(row, there.pointer, there.role, start, end, match.group(), new, before, after)

    def _too_slow(self, row: int, pointer: str) -> LeftOut:
        self._slow += 1
        if self._slow == SLOW_TEXTS:
            message = (
                f"The pattern took longer than {TIMEOUT:g} seconds in {SLOW_TEXTS} texts and was given up."
            )
            raise UserError(message, hint="Repeats within repeats, such as (a+)+, are slow: make it simpler.")
        reason = (
            f"The pattern took longer than {TIMEOUT:g} seconds in this text, which was not searched whole."
        )
        return LeftOut(row, pointer, reason)


@dataclass(frozen=True, slots=True)
class _Applied:
    raw: bytes
    replaced: int
    left_out: tuple[LeftOut, ...]


def _applied(raw: bytes, hits: Sequence[Hit]) -> _Applied:
    parsed = parse_row(raw)
    if reason := why_not_writable(parsed):
        return _Applied(raw, 0, (LeftOut(hits[0].row, "", reason),))
    by_pointer: defaultdict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        by_pointer[hit.pointer].append(hit)
    value, replaced = parsed.value, 0
    left_out: list[LeftOut] = []
    for pointer, here in by_pointer.items():
        text = _string_at(value, pointer)
        standing = _standing(text, here)
        if len(standing) < len(here):
            left_out.append(LeftOut(here[0].row, pointer, "The text was changed since it was searched."))
        if text is not None and standing:
            value = set_at(value, pointer, _with_hits(text, standing))
            replaced += len(standing)
    if not replaced or value is None:
        return _Applied(raw, 0, tuple(left_out))
    return _Applied(dump_row(value, raw), replaced, tuple(left_out))


def _string_at(value: object, pointer: str) -> str | None:
    try:
        found = value_at(value, pointer)
    except LookupError:
        return None
    return found if isinstance(found, str) else None


def _standing(text: str | None, hits: Iterable[Hit]) -> list[Hit]:
    """The hits whose text is still in its place, from the left, none twice and none inside another."""
    standing: list[Hit] = []
    for hit in sorted(set(hits), key=lambda hit: (hit.start, hit.end)):
        is_free = not standing or hit.start >= standing[-1].end
        if text is not None and is_free and text[hit.start : hit.end] == hit.found and hit.end <= len(text):
            standing.append(hit)
    return standing


def _with_hits(text: str, hits: Iterable[Hit]) -> str:
    parts, at = [], 0
    for hit in hits:
        if hit.replacement is None:
            raise ValueError("A hit has no replacement: find it with one.")
        parts += [text[at : hit.start], hit.replacement]
        at = hit.end
    return "".join([*parts, text[at:]])


def _expander(matcher: Matcher, query: Query, replacement: str | None) -> Expand | None:
    if replacement is None:
        return None
    plain = replacement
    if not query.regex:
        return lambda match: plain
    pieces = list(_pieces(replacement, matcher))
    return lambda match: "".join(
        piece if isinstance(piece, str) else match.group(piece[0]) or "" for piece in pieces
    )


def _pieces(replacement: str, matcher: Matcher) -> Iterator[str | tuple[int | str]]:
    """Plain text, and groups as tuples of one."""
    at = 0
    for found in _REFERENCE.finditer(replacement):
        if found.start() < at:
            continue
        yield replacement[at : found.start()]
        at = found.end()
        digits = found["number"] or found["back"]
        if found["dollar"]:
            yield "$"
        elif found["escape"]:
            yield _ESCAPES[found["escape"]]
        elif digits:
            number, extra = _group_number(digits, matcher, found.start())
            yield (number,)
            yield extra
        else:
            yield (_group_name(found["name"] or found["group"], matcher, found.start()),)
    yield replacement[at:]


def _group_number(digits: str, matcher: Matcher, place: int) -> tuple[int, str]:
    """The group, and a digit that does not belong to it: $10 is group 1 and a zero when there are nine."""
    for length in (2, 1):
        if len(digits) >= length and int(digits[:length]) <= matcher.pattern.groups:
            return int(digits[:length]), digits[length:]
    raise _no_group(digits, place)


def _group_name(name: str, matcher: Matcher, place: int) -> int | str:
    if name.isdecimal() and int(name) <= matcher.pattern.groups:
        return int(name)
    if name not in matcher.pattern.groupindex:
        raise _no_group(name, place)
    return name


def _no_group(name: str, place: int) -> UserError:
    message = (
        f"The replacement names group {name} at character {place + 1}, but the pattern has no such group."
    )
    return UserError(message, hint="Put the part in round brackets, or write $$ for a dollar sign.")
