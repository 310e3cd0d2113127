"""Rows as the lines of an Excel sheet below its header; everything else in the workbook stays."""

import datetime
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tunedesk.dataset.containers import working_text
from tunedesk.dataset.containers.handle import Handle
from tunedesk.dataset.containers.layout import Sink, Stretch
from tunedesk.dataset.containers.lines import LineLayout
from tunedesk.dataset.containers.table_rows import columns_of, loaded_row, unique_names
from tunedesk.dataset.line_index import Progress
from tunedesk.errors import UserError

MOST_CHARACTERS = 32_767
"""In a cell; Excel cuts what is longer."""
MOST_ROWS = 1_048_576
"""In a sheet, the header included."""
# Control characters that XML cannot hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class XlsxLayout(LineLayout):
    """A row is an object of a value for each column: texts, numbers, true and false.

    An empty cell is an empty text. Dates are texts such as 2026-11-20 or 2026-11-20T10:30:00, formulas their
    last value. Only cells that were edited are written; a date stays a date.
    """

    def __init__(self, source: Handle, name: str, progress: Progress | None = None) -> None:
        """UserError when the workbook is damaged, or unpacks to too much. Use `text` for the handle."""
        self._source = source
        self._name = name
        self.columns: list[str] = []
        self._sheet = ""
        self._first = 1
        self._full_cells = 0
        self._first_full = (0, "")
        notes: list[str] = []
        self.text = working_text.working_handle(lambda write: self._unpack(write, notes, progress))
        super().__init__(self.text.read, self.text.size)
        self.notes = tuple(notes)

    def _unpack(self, write: Callable[[bytes], object], notes: list[str], progress: Progress | None) -> None:
        """The rows as JSON lines; what is to be said about them goes to `notes`."""
        library = openpyxl_library(self._name)
        try:
            notes += self._look_into_archive()
            book = library.load_workbook(working_text.reader_of(self._source), read_only=True, data_only=True)
            notes += self._choose_sheet(book)
            self._write_rows(book[self._sheet], write, progress)
        except UserError:
            raise
        except Exception as error:  # what openpyxl raises for a damaged workbook has no common base
            raise UserError(
                f"{self._name} could not be read: {error}.", hint="Open it in Excel and save it anew."
            ) from error
        if self._full_cells:
            row, column = self._first_full
            notes.append(
                f"{self._full_cells:,} cells hold {MOST_CHARACTERS:,} characters, the most Excel keeps, so "
                f'their texts may have been cut. The first is in row {row:,}, column "{column}".'
            )

    def _look_into_archive(self) -> Iterator[str]:
        try:
            with zipfile.ZipFile(working_text.reader_of(self._source)) as archive:
                parts = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            message = f"{self._name} is a damaged workbook: {error}."
            raise UserError(message, hint="Save it in Excel anew, or get another copy.") from error
        working_text.refuse_bomb(self._name, self._source.size, sum(part.file_size for part in parts))
        if self._has_formulas([part.filename for part in parts]):
            yield f"{self._name} has formulas. Their values are shown; in a row that moves, the value stays."
        if any(part.filename.startswith(("xl/charts/", "xl/media/", "xl/drawings/")) for part in parts):
            yield f"{self._name} holds pictures or charts, which are not kept when it is saved here."

    def _has_formulas(self, names: Sequence[str]) -> bool:
        with zipfile.ZipFile(working_text.reader_of(self._source)) as archive:
            for name in names:
                if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
                    continue
                with archive.open(name) as part:
                    tail = b""
                    while block := part.read(1 << 20):
                        if b"<f>" in tail + block or b"<f " in tail + block:
                            return True
                        tail = block[-2:]
        return False

    def _choose_sheet(self, book: Any) -> Iterator[str]:
        names = [sheet.title for sheet in book.worksheets]
        if not names:
            raise UserError(f"{self._name} has no sheet with cells.", hint="Add one in Excel.")
        self._sheet = names[0]
        if len(names) > 1:
            sheets = f'{self._name} has {len(names)} sheets; the first one, "{names[0]}", is shown'
            yield f"{sheets}. The others stay as they are."

    def _write_rows(self, sheet: Any, write: Callable[[bytes], object], progress: Progress | None) -> None:
        empty = 0
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            is_empty = all(value is None for value in values)
            if not self.columns:
                if not is_empty:
                    self._first = number + 1
                    self.columns = self._find_columns(sheet, values)
                continue
            if is_empty:
                empty += 1
                continue
            for _ in range(empty):  # blank rows count only when another follows
                write(self._row(()) + b"\n")
            empty = 0
            row = number - self._first + 1
            self._note_full_cells(row, values)
            write(self._row(values) + b"\n")
            if progress is not None and not row % 1000:
                progress(row, max(row, sheet.max_row or 0))

    def _find_columns(self, sheet: Any, header: Sequence[Any]) -> list[str]:
        """A name for each column that holds anything, also where the header has none."""
        widest = max(_width(values) for values in sheet.iter_rows(values_only=True))
        names = [str(_plain(value)) for value in header[:widest]]
        return unique_names([*names, *[""] * (widest - len(names))])[0]

    def _row(self, values: Sequence[Any]) -> bytes:
        count = len(self.columns)
        found = [*map(_plain, values[:count]), *[""] * (count - len(values))]
        return _dumped(dict(zip(self.columns, found, strict=True)))

    def _note_full_cells(self, row: int, values: Sequence[Any]) -> None:
        for place, value in enumerate(values):
            if isinstance(value, str) and len(value) >= MOST_CHARACTERS:
                if not self._full_cells:
                    self._first_full = (row, self.columns[place])
                self._full_cells += 1

    def settled(self, raw: bytes) -> bytes:
        return _dumped(dict(zip(self.columns, self._values(raw), strict=True)))

    def _values(self, raw: bytes) -> list[Any]:
        return cell_values(loaded_row(raw, self._name), self.columns, self._name)

    def write(self, stretches: Iterable[Stretch], count: int, sink: Sink) -> None:
        library = openpyxl_library(self._name)
        keep_vba = self._name.lower().endswith(".xlsm")
        book = library.load_workbook(working_text.reader_of(self._source), keep_vba=keep_vba)
        sheet = book[self._sheet]
        planned = list(self._planned(stretches))
        if planned and all(_is_blank(self._shown(*planned[-1], place)) for place in range(len(self.columns))):
            raise _last_row_is_blank(self._name)
        # Values are looked up before any cell is written: a row may move onto another one's place.
        changes = [
            (self._first + number, place + 1, self._new_value(sheet, line, raw, place))
            for number, (line, raw) in enumerate(planned)
            if raw is not None or line != number
            for place in range(len(self.columns))
        ]
        for row, column, (value, is_text) in changes:
            _put(sheet.cell(row, column), value, is_text, self._name)
        if count < len(self):
            sheet.delete_rows(self._first + count, len(self) - count)
        content = io.BytesIO()
        book.save(content)
        sink.write(content.getvalue())

    def _planned(self, stretches: Iterable[Stretch]) -> Iterator[tuple[int, bytes | None]]:
        """For each row to be written the line it comes from, or -1, and its text if it was edited."""
        for start, stop, raw in stretches:
            if raw is not None:
                yield start, raw
            else:
                yield from ((line, None) for line in range(start, stop))

    def _shown(self, line: int, raw: bytes | None, place: int) -> Any:
        return self._values(self.raw(line) if raw is None else raw)[place]

    def _new_value(self, sheet: Any, line: int, raw: bytes | None, place: int) -> tuple[Any, bool]:
        """What goes into a cell, and whether it is a text whatever it looks like."""
        shown = self._shown(line, raw, place)
        if line >= 0 and (raw is None or _is_same(self._shown(line, None, place), shown)):
            cell = sheet.cell(self._first + line, place + 1)
            if cell.data_type != "f":  # a formula speaks of the place where it stands
                return cell.value, cell.data_type == "s"
        return ("" if shown is None else shown), isinstance(shown, str)


def _is_same(value: Any, other: Any) -> bool:
    """0 and false are equal in Python, but not in a cell."""
    return type(value) is type(other) and value == other


def _width(values: Sequence[Any]) -> int:
    return max((place for place, value in enumerate(values, start=1) if value is not None), default=0)


def _put(cell: Any, value: Any, is_text: bool, name: str) -> None:
    from openpyxl.cell.cell import MergedCell

    if isinstance(cell, MergedCell):
        if _is_blank(value):
            return
        message = f"The cell {cell.coordinate} of {name} is part of a merged one and cannot be written."
        raise UserError(message, hint="Take the merged cells apart in Excel, or save as .jsonl.")
    cell.value = None if value == "" else value
    if is_text and value != "":
        cell.data_type = "s"  # also what begins like a formula


def _last_row_is_blank(name: str) -> UserError:
    message = f"The last row has only empty cells, which {name} cannot keep."
    return UserError(message, hint="Fill it in or delete it, then save.")


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


def _plain(value: Any) -> Any:
    """A cell as JSON knows it."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        is_date = value.time() == datetime.time(0)
        return value.date().isoformat() if is_date else value.isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return value
    return str(value)


def _dumped(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def cell_values(value: Any, columns: Sequence[str], name: str, nested_as_json: bool = False) -> list[Any]:
    """One value for each column. UserError for a key that is no column and what no cell can hold."""
    if not isinstance(value, dict):
        message = f"The row is no object with a value for each column of {name}."
        raise UserError(message, hint='Write it as {"column": "text", ...}.')
    unknown = next((key for key in value if key not in columns), None)
    if unknown is not None:
        hint = f"Its columns are: {', '.join(columns)}. Save as .jsonl to have rows with keys of their own."
        raise UserError(f'{name} has no column "{unknown}".', hint=hint)
    return [_cell_value(value.get(column), column, name, nested_as_json) for column in columns]


def _cell_value(value: Any, column: str, name: str, nested_as_json: bool) -> Any:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        if not nested_as_json:
            kind = "a list" if isinstance(value, list) else "an object"
            message = f'The value of "{column}" is {kind}, and a cell of {name} holds only text or a number.'
            raise UserError(message, hint="Save as .jsonl or .parquet, which keep lists and objects.")
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise UserError(f'"{column}" is {value}, which no cell can hold.', hint="Write a number or a text.")
    if isinstance(value, str):
        if len(value) > MOST_CHARACTERS:
            message = (
                f'"{column}" has {len(value):,} characters, and a cell of {name} holds {MOST_CHARACTERS:,}.'
            )
            raise UserError(message, hint="Shorten it, or save as .jsonl.")
        found = _FORBIDDEN.search(value)
        if found is not None:
            message = f'"{column}" holds the character U+{ord(found.group()):04X}, which {name} cannot store.'
            raise UserError(message, hint="Delete it, or save as .jsonl.")
    return value


def openpyxl_library(name: str) -> Any:
    """The library for workbooks. UserError with a hint where it is not installed."""
    try:
        import openpyxl
    except ImportError as error:
        hint = "Install the Python package openpyxl, or save the sheet as CSV in UTF-8."
        raise UserError(f"{name} is a workbook, which cannot be read here.", hint=hint) from error
    return openpyxl


def write_new_xlsx(
    rows: Iterable[bytes], write: Callable[[bytes], object], name: str, nested_as_json: bool = False
) -> None:
    """Rows as a new workbook with a header: every key that any row has. rows: is read twice."""
    library = openpyxl_library(name)
    from openpyxl.cell import WriteOnlyCell

    names = columns_of(rows, name)
    cell_values(dict(zip(names, names, strict=True)), names, name)
    count, values = 0, [""]
    for count, raw in enumerate(rows, start=1):  # all is looked at before anything is made
        values = _values_of_row(raw, names, count, name, nested_as_json)
    if count >= MOST_ROWS:
        message = f"{count:,} rows are more than the {MOST_ROWS - 1:,} that a sheet can hold."
        raise UserError(message, hint="Save as .csv, .parquet or .jsonl.")
    if count and all(map(_is_blank, values)):
        raise _last_row_is_blank(name)
    book = library.Workbook(write_only=True)
    sheet = book.create_sheet("Rows")
    sheet.append([_text_cell(WriteOnlyCell, sheet, column) for column in names])
    for number, raw in enumerate(rows, start=1):
        values = _values_of_row(raw, names, number, name, nested_as_json)
        sheet.append([_text_cell(WriteOnlyCell, sheet, value) for value in values])
    content = io.BytesIO()
    book.save(content)
    write(content.getvalue())


def _values_of_row(raw: bytes, names: Sequence[str], number: int, name: str, as_json: bool) -> list[Any]:
    try:
        return cell_values(loaded_row(raw, name), names, name, as_json)
    except UserError as error:
        raise UserError(f"Row {number:,}: {error.message}", hint=error.hint) from error


def _text_cell(make: Callable[..., Any], sheet: Any, value: Any) -> Any:
    if not isinstance(value, str) or not value:
        return None if value == "" else value
    cell = make(sheet, value)
    cell.data_type = "s"
    return cell
