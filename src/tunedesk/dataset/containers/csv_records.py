"""Rows as the records of a CSV file with a header; knows separators and quotes, not what a column means."""

import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tunedesk.dataset.containers.csv_dialect import (
    field_pattern,
    fields_of,
    find_dialect,
    find_encoding,
)
from tunedesk.dataset.containers.form import UTF8_BOM, Dialect
from tunedesk.dataset.containers.layout import Layout, Sink, Stretch
from tunedesk.dataset.containers.lines import without_line_end, write_records
from tunedesk.dataset.containers.table_rows import columns_of, loaded, row_texts, unique_names
from tunedesk.dataset.line_index import Progress, Read
from tunedesk.errors import UserError

_WINDOW = 1 << 20
_MOST_WINDOW = 64 << 20
"""A quoted field is at most so long; an opening quote that is not closed by then is taken as a plain sign."""


class CsvLayout(Layout):
    """A row is a record after the header: an object of texts, one for each column.

    A record with too many or too few fields is a list of its texts, which no reader takes for a row: it is
    found by the linter, kept as it is, and can be mended. A blank line is a blank row.
    """

    def __init__(
        self,
        read: Read,
        size: int,
        name: str,
        dialect: Dialect | None,
        progress: Progress | None = None,
        wanted: str = ",",
    ) -> None:
        """dialect: how the file was written, None to find out. wanted: the delimiter by the name."""
        self._read = read
        self._size = size
        self._name = name
        self.has_bom = read(0, len(UTF8_BOM)) == UTF8_BOM
        first = len(UTF8_BOM) if self.has_bom else 0
        said = re.match(rb"sep=([,;|\t])\r?\n", read(first, 8))
        if said is not None:  # what Excel writes before the header of a file for other countries
            first += said.end()
        if dialect is None:
            encoding = "utf-8" if self.has_bom else find_encoding(read, first, size)
            dialect = find_dialect(read, first, wanted, encoding)
            if said is not None:
                dialect = replace(dialect, delimiter=said.group(1).decode())
        self.dialect = dialect
        self._delimiter = dialect.delimiter.encode()
        self._quote = dialect.quote.encode()
        self._starts = array("Q", [first])
        self._odd: list[int] = []
        """Rows with a quote that is never closed; -1 is the header."""
        self._find_records(first, progress)
        header = (
            self._read(self._starts[0], self._starts[1] - self._starts[0]) if len(self._starts) > 1 else b""
        )
        if len(self._starts) == 2 and b"\r" in header.rstrip(b"\r\n"):
            message = f"The lines of {name} end in carriage returns alone, as those of old Macs did."
            raise UserError(message, hint="Save it with other line ends (CSV UTF-8 in Excel).")
        self._header_fields = self._fields(without_line_end(header))
        self.columns, renamed = unique_names(self._texts(self._header_fields) if header else [])
        self.notes = tuple(self._found_out(renamed))

    def __len__(self) -> int:
        return max(0, len(self._starts) - 2)

    @property
    def default_line_end(self) -> bytes:
        return self._line_end_at(1) or b"\n" if len(self._starts) > 1 else b"\n"

    def line_end(self, line: int) -> bytes:
        return self._line_end_at(line + 2)

    def span(self, start: int, stop: int) -> tuple[int, int]:
        return self._starts[start + 1], self._starts[stop + 1]

    def raw(self, line: int) -> bytes:
        return self._decoded(self._record(line))

    def rows(self, start: int, stop: int) -> Iterator[bytes]:
        line = start
        while line < stop:
            at, last = self._starts[line + 1], line + 1
            while last < stop and self._starts[last + 2] - at <= _WINDOW:
                last += 1
            block = self._read(at, self._starts[last + 1] - at)
            for number in range(line, last):
                record = block[self._starts[number + 1] - at : self._starts[number + 2] - at]
                yield self._decoded(without_line_end(record))
            line = last

    def settled(self, raw: bytes) -> bytes:
        return self._decoded(self._encoded(raw, -1))

    def write(self, stretches: Iterable[Stretch], count: int, sink: Sink) -> None:
        sink.copy(0, self._starts[min(1, len(self._starts) - 1)])
        if count and not self._line_end_at(1):
            sink.write(b"\n")
        write_records(self, self._unambiguous(stretches), count, sink, self._encoded)

    def _unambiguous(self, stretches: Iterable[Stretch]) -> Iterator[Stretch]:
        """UserError where a quote that is never closed would be closed by one that is written after it."""
        is_open = -1 in self._odd
        for start, stop, raw in stretches:
            comes_later = start < self._odd[0] if raw is None and self._odd else raw is not None
            if is_open and comes_later and (raw is None or self._quote in self._encoded(raw, start)):
                row = self._odd[0] + 1
                where = f"row {row:,} (as the file was read)" if row else "the header line"
                message = f"In {self._name} {where} has an opening quote that is never closed."
                raise UserError(message, hint="Mend or delete that row first; rows after it would join it.")
            is_open = is_open or (raw is None and any(start <= odd < stop for odd in self._odd))
            yield start, stop, raw

    def _find_records(self, at: int, progress: Progress | None) -> None:
        """Fill in where each record begins, the header's first, and the end."""
        loose, strict = (self._record_pattern(closed_only) for closed_only in (False, True))
        grown = _WINDOW
        while at < self._size and (window := self._read(at, grown)):
            is_last = at + len(window) >= self._size
            done = self._take_records(strict, window, at, is_last)
            if not done:
                done = self._take_odd_record(loose, window, at, is_last, grown >= _MOST_WINDOW)
            grown = _WINDOW if done else grown * 4
            at += done
            if progress is not None:
                progress(at, self._size)

    def _take_records(self, pattern: "re.Pattern[bytes]", window: bytes, at: int, is_last: bool) -> int:
        """The records that are whole in the window; how many bytes they take."""
        done = 0
        for found in pattern.finditer(window):
            end = found.end()
            if found.start() != done or end == done or (end == len(window) and not is_last):
                break
            done = end
            self._starts.append(at + done)
        return done

    def _take_odd_record(
        self, pattern: "re.Pattern[bytes]", window: bytes, at: int, is_last: bool, is_long: bool
    ) -> int:
        """A record with a quote that is never closed: it ends with its line. 0 to look further first."""
        found = pattern.match(window)
        done = found.end() if found is not None else 0
        if not is_last and (done == len(window) or not is_long):
            return 0
        self._odd.append(len(self._starts) - 2)
        self._starts.append(at + done)
        return done

    def _record_pattern(self, closed_only: bool) -> "re.Pattern[bytes]":
        field = field_pattern(self._delimiter, self._quote, closed_only)
        stop = re.escape(self._delimiter.decode())
        end = r"(?:\n|\Z)" if closed_only else r"\n?+"
        return re.compile(f"{field}(?:{stop}{field})*+{end}".encode(), re.DOTALL)

    def _line_end_at(self, place: int) -> bytes:
        """What stands before the start of record `place`, if it is a line end."""
        start, end = self._starts[place - 1], self._starts[place]
        tail = self._read(max(start, end - 2), min(2, end - start))
        return tail if tail == b"\r\n" else b"\n" if tail.endswith(b"\n") else b""

    def _record(self, line: int) -> bytes:
        start, end = self.span(line, line + 1)
        return without_line_end(self._read(start, end - start))

    def _fields(self, record: bytes) -> list[bytes]:
        return fields_of(record, self._delimiter, self._quote)

    def _texts(self, fields: Sequence[bytes]) -> list[str]:
        return [self._text(field) for field in fields]

    def _text(self, field: bytes) -> str:
        """What a field says. Bytes that are not of the encoding pass through."""
        return unquoted(field, self._quote).decode(self.dialect.encoding, "surrogateescape")

    def _decoded(self, record: bytes) -> bytes:
        if not record:
            return b""
        texts = self._texts(self._fields(record))
        value = dict(zip(self.columns, texts, strict=True)) if len(texts) == len(self.columns) else texts
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogateescape")

    def _encoded(self, raw: bytes, line: int) -> bytes:
        """A row's record; fields that the file's own record has as well are written as they stand there."""
        if not raw.strip():
            return b""
        texts = self._texts_of(raw)
        # Bytes that are no text stay what they are; half of a character that was escaped cannot be written.
        errors = "strict" if _is_utf8(raw) else "surrogateescape"
        old = self._fields(self._record(line)) if 0 <= line < len(self) else []
        quoted = [self._is_quoted(field) for field in old or self._model()]
        fields = []
        for place, text in enumerate(texts):
            if place < len(old) and self._text(old[place]) == text and not self._is_odd(old[place]):
                fields.append(old[place])
            else:
                fields.append(self._field(text, errors, place < len(quoted) and quoted[place]))
        record = self._delimiter.join(fields)
        return record or self._quote * 2

    def _is_quoted(self, field: bytes) -> bool:
        return field.lstrip(b" ").startswith(self._quote) and not self._is_odd(field)

    def _is_odd(self, field: bytes) -> bool:
        return field.lstrip(b" ").startswith(self._quote) and unquoted(field, self._quote) == field

    def _model(self) -> list[bytes]:
        """A record whose habit of quoting new rows follow: the first one if it quotes everything."""
        fields = self._fields(self._record(0)) if len(self) else self._header_fields
        return fields if all(field.startswith(self._quote) for field in fields) else []

    def _field(self, text: str, errors: str, quoted: bool) -> bytes:
        try:
            plain = text.encode(self.dialect.encoding, errors)
        except UnicodeEncodeError as error:
            sign = text[error.start]
            shown = f"U+{ord(sign):04X}" if "\ud800" <= sign <= "\udfff" else f'"{sign}"'
            message = f"{shown} cannot be written in {self._name}, whose encoding is {self.dialect.encoding}."
            raise UserError(message, hint="Use another sign, or save as .jsonl, which is UTF-8.") from error
        return quoted_field(plain, self._delimiter, self._quote, always=quoted)

    def _texts_of(self, raw: bytes) -> list[str]:
        value = loaded(raw, self._name)
        if isinstance(value, list) and all(isinstance(item, str) for item in value) and value:
            return value
        return row_texts(value, self.columns, self._name)

    def _found_out(self, renamed: Mapping[str, str]) -> Iterator[str]:
        if self.dialect.encoding != "utf-8":
            yield (
                f"{self._name} is not UTF-8. It was read as {self.dialect.encoding}, which is a guess: "
                "look at letters beyond English before you save."
            )
        for row in self._odd[:3]:
            where = f"Row {row + 1:,}" if row >= 0 else "The header line"
            yield f"{where} of {self._name} has an opening quote that is never closed; it ends with its line."
        for new, old in renamed.items():
            what = f'Another column is called "{old}"' if old else "A column has no name"
            yield f'{what}; it is shown as "{new}".'


def unquoted(field: bytes, quote: bytes) -> bytes:
    """A field's text. A quote that is not closed is a plain sign."""
    if quote not in field or not field.lstrip(b" ").startswith(quote):
        return field
    mark = re.escape(quote)
    found = re.fullmatch(
        b" *+" + mark + b"((?:[^" + mark + b"]++|" + mark * 2 + b")*+)" + mark + b"(.*)", field, re.DOTALL
    )
    return field if found is None else found.group(1).replace(quote * 2, quote) + found.group(2)


def quoted_field(text: bytes, delimiter: bytes, quote: bytes, *, always: bool = False) -> bytes:
    """A text as a field, quoted where it must be."""
    needs = always or any(sign in text for sign in (delimiter, quote, b"\n", b"\r"))
    return quote + text.replace(quote, quote * 2) + quote if needs else text


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def write_new_csv(
    rows: Iterable[bytes],
    write: Callable[[bytes], object],
    delimiter: str,
    name: str,
    nested_as_json: bool = False,
) -> None:
    """Rows as a new CSV file in UTF-8 with a header: every key that any row has. rows: is read twice."""
    names = columns_of(rows, name)
    sign = delimiter.encode()
    header = [quoted_field(column.encode("utf-8", "replace"), sign, b'"') for column in names]
    write(sign.join(header) + (b"\r\n" if header else b""))
    for number, raw in enumerate(rows, start=1):
        try:
            texts = row_texts(loaded(raw, name, not nested_as_json), names, name, nested_as_json)
            fields = [quoted_field(text.encode("utf-8"), sign, b'"') for text in texts]
        except UserError as error:
            raise UserError(f"Row {number:,}: {error.message}", hint=error.hint) from error
        except UnicodeEncodeError as error:
            message = f"Row {number:,} holds half of a character, which {name} cannot store."
            raise UserError(message, hint="Mend it first; see the findings of the row.") from error
        write((sign.join(fields) or b'""') + b"\r\n")
