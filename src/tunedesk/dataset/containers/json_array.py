"""Rows as the elements of a JSON list, on one line or laid out over many; knows brackets and texts only."""

import re
from array import array
from collections.abc import Callable, Iterable, Iterator

from tunedesk.dataset.containers.form import UTF8_BOM, WRAPPER
from tunedesk.dataset.containers.json_text import (
    Indentation,
    indentation_of,
    indented,
    on_one_line,
)
from tunedesk.dataset.containers.layout import Layout, Sink, Stretch
from tunedesk.dataset.line_index import Progress, Read
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError

_WINDOW = 1 << 20
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_BLANKS = re.compile(rb"[ \t\r\n]*")
_GAP = re.compile(rb"[ \t\r\n]*+([,\]])[ \t\r\n]*+")
_SCALAR = re.compile(rb'[^\s,\[\]{}"]++')
_TEXT = re.compile(_STRING.encode(), re.DOTALL)
# To the next bracket, over whole strings. Brackets are counted one by one, so that any depth will do.
_TO_BRACKET = re.compile(rf'[^"\[\]{{}}]*+(?:{_STRING}[^"\[\]{{}}]*+)*+'.encode(), re.DOTALL)


def _flat_object(levels: int) -> "re.Pattern[bytes]":
    """A whole object or list of at most so many levels in one match: ten times as fast as counting."""
    inner = rf'(?:[^"\[\]{{}}]++|{_STRING})*+'
    for _ in range(levels):
        inner = rf'(?:[^"\[\]{{}}]++|{_STRING}|\{{{inner}\}}|\[{inner}\])*+'
    return re.compile(rf"\{{{inner}\}}".encode(), re.DOTALL)


_OBJECT = _flat_object(4)


class ArrayLayout(Layout):
    """A row is an element of the list. Between elements, and around them, everything is kept as it is."""

    def __init__(self, read: Read, size: int, name: str, progress: Progress | None = None) -> None:
        """UserError with line and column where the brackets of the list are not right."""
        self._read = read
        self._size = size
        self.has_bom = read(0, len(UTF8_BOM)) == UTF8_BOM
        self._starts = array("Q")
        self._ends = array("Q")
        _Scanner(read, size, name, progress).find(self._starts, self._ends, self._note_head)
        self._habit = self._find_habit()

    def _note_head(self, end: int, tail: int) -> None:
        """Where the first element begins, or would, and where what follows the last one begins."""
        self._head_end = end
        self._tail_start = tail

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def default_line_end(self) -> bytes:
        head = self._read(max(0, self._head_end - 200), min(200, self._head_end))
        return b"\r\n" if b"\r\n" in head else b"\n"

    def raw(self, line: int) -> bytes:
        return on_one_line(self._read(self._starts[line], self._ends[line] - self._starts[line]))

    def rows(self, start: int, stop: int) -> Iterator[bytes]:
        line = start
        while line < stop:
            at = self._starts[line]
            last = line + 1
            while last < stop and self._ends[last] - at < _WINDOW:
                last += 1
            block = self._read(at, self._ends[last - 1] - at)
            for number in range(line, last):
                yield on_one_line(block[self._starts[number] - at : self._ends[number] - at])
            line = last

    def settled(self, raw: bytes) -> bytes:
        parsed = parse_row(raw)
        broken = next((found for found in parsed.problems if found.code in _UNWRITABLE), None)
        if broken is not None:
            message = f"The row cannot stand in a JSON list: {broken.message}"
            raise UserError(message, hint="Mend the row first, or save the file as .jsonl.")
        return on_one_line(self._encoded(raw.strip(b" \t\r")))

    def _encoded(self, raw: bytes) -> bytes:
        return raw if self._habit is None else indented(raw, self._habit)

    def write(self, stretches: Iterable[Stretch], count: int, sink: Sink) -> None:
        sink.copy(0, self._head_end)
        last = -2  # the element written before, -1 where it is of no use
        for start, stop, raw in stretches:
            if last != -2:
                self._write_gap(last, start, sink)
            if raw is None:
                sink.copy(self._starts[start], self._ends[stop - 1])
                last = stop - 1
            else:
                sink.write(self._encoded(raw))
                last = start
        sink.copy(self._tail_start, self._size)

    def _write_gap(self, before: int, after: int, sink: Sink) -> None:
        """The comma with its blanks: the file's own between neighbours, else as between the first two."""
        if before >= 0 and after == before + 1:
            sink.copy(self._ends[before], self._starts[after])
        elif len(self) > 1:
            sink.copy(self._ends[0], self._starts[1])
        else:
            sink.write(b"," + (self._blanks_before_first() or b" "))

    def _blanks_before_first(self) -> bytes:
        head = self._read(max(0, self._head_end - 200), min(200, self._head_end))
        return head[len(head.rstrip(b" \t\r\n")) :]

    def _find_habit(self) -> Indentation | None:
        """From the first of the first rows that stands on several lines."""
        base = self._blanks_before_first().rpartition(b"\n")[2]
        for line in range(min(len(self), 20)):
            size = min(self._ends[line] - self._starts[line], _WINDOW)
            habit = indentation_of(self._read(self._starts[line], size), base)
            if habit is not None:
                return habit
        return None


_UNWRITABLE = ("ENC001", "ENC005", "JSN001")


class _Scanner:
    """Walks through the list once, in windows."""

    def __init__(self, read: Read, size: int, name: str, progress: Progress | None) -> None:
        self._read = read
        self._size = size
        self._name = name
        self._progress = progress
        self._at = 0  # where the window begins in the text
        self._window = b""
        self._grown = _WINDOW
        self._load(0)

    def find(self, starts: "array[int]", ends: "array[int]", note_head: Callable[[int, int], None]) -> None:
        """Fill in where elements begin and end; note_head: where the first begins, and the tail."""
        at = self._opening()
        start = self._skip_blanks(at)
        if self._byte(start) == b"]":
            self._check_tail(start + 1)
            note_head(at, at)
            return
        head, at = start, start
        while True:
            end = self._element_end(at)
            starts.append(at)
            ends.append(end)
            found = self._match(_GAP, end)
            if found is None:
                raise self._wrong(self._skip_blanks(end), "A comma or the list's closing bracket is missing")
            if found.group(1) == b"]":
                break
            at = self._at + found.end()
        self._check_tail(self._at + found.end())
        note_head(head, end)

    def _opening(self) -> int:
        """After the bracket that opens the list."""
        start = self._skip_blanks(len(UTF8_BOM) if self._window.startswith(UTF8_BOM) else 0)
        self._wrapped = False
        if self._byte(start) == b"[":
            return start + 1
        wrapper = re.compile(WRAPPER).match(self._window, start)
        if wrapper is None:
            message = f"{self._name} holds neither a list of rows nor a row on each line."
            hint = 'Write the rows as a list, [{...}, {...}], as {"data": [...]}, or one on each line.'
            raise UserError(message, hint=hint)
        self._wrapped = True
        return wrapper.end()

    def _check_tail(self, at: int) -> None:
        rest = self._skip_blanks(at)
        if self._wrapped:
            if self._byte(rest) != b"}":
                raise self._wrong(rest, "Beside the list of rows the object holds more, which cannot be kept")
            rest = self._skip_blanks(rest + 1)
        if rest < self._size:
            raise self._wrong(rest, "Something stands after the end of the list")

    def _element_end(self, at: int) -> int:
        """After the element that begins at `at`."""
        self._progress_to(at)
        while True:
            found = self._match_in_window(at)
            if found is not None:
                return found
            if self._at + len(self._window) >= self._size:
                raise self._wrong(at, "The row that begins here is never closed, or no row stands here")
            self._grow(at)

    def _match_in_window(self, at: int) -> int | None:
        """The element's end; None when it is not whole in the window."""
        place = at - self._at
        first = self._window[place : place + 1]
        found = _OBJECT.match(self._window, place) if first == b"{" else None
        if found is not None:
            return self._at + found.end()
        if first in (b"{", b"["):
            return self._count_brackets(place)
        found = (_TEXT if first == b'"' else _SCALAR).match(self._window, place)
        # At the window's edge a number may go on beyond it.
        is_cut = (
            found is not None and self._at + found.end() < self._size and found.end() == len(self._window)
        )
        return None if found is None or is_cut else self._at + found.end()

    def _count_brackets(self, place: int) -> int | None:
        level = 0
        while place < len(self._window):
            bracket = self._window[place : place + 1]
            if bracket in (b"{", b"["):
                level += 1
            elif bracket in (b"}", b"]"):
                level -= 1
                if not level:
                    return self._at + place + 1
            else:
                return None  # a text that is not closed
            found = _TO_BRACKET.match(self._window, place + 1)
            place = found.end() if found is not None else len(self._window)
        return None

    def _match(self, pattern: "re.Pattern[bytes]", at: int) -> "re.Match[bytes] | None":
        """A match that does not touch the window's edge, unless the text ends there."""
        while True:
            found = pattern.match(self._window, at - self._at)
            end = self._at + (found.end() if found is not None else len(self._window))
            if end < self._at + len(self._window) or self._at + len(self._window) >= self._size:
                return found
            self._grow(at)

    def _skip_blanks(self, at: int) -> int:
        found = self._match(_BLANKS, at)
        return self._at + found.end() if found is not None else at

    def _byte(self, at: int) -> bytes:
        if not self._at <= at < self._at + len(self._window):
            self._load(at)
        return self._window[at - self._at : at - self._at + 1]

    def _grow(self, at: int) -> None:
        """A window that begins at `at`, and is bigger than the last one when that began there already."""
        self._grown = self._grown * 4 if at == self._at else _WINDOW
        self._load(at)

    def _load(self, at: int) -> None:
        self._at = at
        self._window = self._read(at, self._grown)

    def _progress_to(self, at: int) -> None:
        if self._progress is not None and at - self._at < 1000:
            self._progress(at, self._size)

    def _wrong(self, at: int, what: str) -> UserError:
        line, column = _place(self._read, at)
        message = f"{self._name} is no list of rows: {what} (line {line:,}, column {column:,})."
        return UserError(message, hint="Mend it in a text editor, or write the rows one on each line.")


def _place(read: Read, at: int) -> tuple[int, int]:
    """Line and column, from 1, of a byte."""
    line, column, done = 1, at + 1, 0
    while done < at and (block := read(done, min(_WINDOW, at - done))):
        if b"\n" in block:
            line += block.count(b"\n")
            column = at - (done + block.rindex(b"\n"))
        done += len(block)
    return line, column


def write_new_array(rows: Iterable[bytes], write: Callable[[bytes], object]) -> None:
    """Rows as a new JSON list, one on each line. UserError for a row that is not JSON."""
    before = b"[\n"
    for number, raw in enumerate(rows, start=1):
        parsed = parse_row(raw)
        broken = next((found for found in parsed.problems if found.code in _UNWRITABLE), None)
        if broken is not None:
            message = f"Row {number:,} cannot stand in a JSON list: {broken.message}"
            raise UserError(message, hint="Mend or delete the row first, or save as .jsonl.")
        write(before + raw)
        before = b",\n"
    write(b"[]\n" if before == b"[\n" else b"\n]\n")
