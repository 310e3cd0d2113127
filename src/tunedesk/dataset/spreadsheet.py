"""Copying rows to a spreadsheet and pasting from one; what does not fit is told, never dropped in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tunedesk.dataset.cells import Cells, parse_cells, write_cells
from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.left_out import LeftOut, why_not_writable
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_edits import dump_row
from tunedesk.dataset.sheet_columns import (
    ALIASES,
    TURN_FORMATS,
    Row,
    SheetRow,
    columns_of,
    is_turn_column,
    joined_columns,
    losses_among,
    role_of_column,
    row_of_turns,
    sheet_row,
    typed_like,
    with_cell,
)
from tunedesk.errors import UserError

TURN_COLUMNS = {1: ("user",), 2: ("user", "assistant"), 3: ("system", "user", "assistant")}
"""What columns without a header mean where rows are conversations."""


@dataclass(frozen=True, slots=True)
class Copied:
    """text: for the clipboard, with a header. left_out: by row number within what was copied, from 1."""

    text: str
    columns: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Pasted:
    """raws: new rows. had_header: the first line named the columns. left_out: by line of the table, from
    1.
    """

    raws: tuple[bytes, ...]
    columns: tuple[str, ...]
    had_header: bool
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class PastedOver:
    """rows: new texts by row id. cells: how many changed. left_out: by line of the table, from 1."""

    rows: dict[int, bytes]
    cells: int
    left_out: tuple[LeftOut, ...]


def copy_rows(
    raws: Iterable[bytes],
    columns: Sequence[str] | None = None,
    *,
    header: bool = True,
    mapping: ColumnMapping | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Copied | None:
    """Rows as a table; None when cancelled. columns: those to copy, all that the rows need when None.

    Rows that are no JSON are left out; what a table cannot show of a row (weights, tool calls) is told.
    """
    rows: list[tuple[int, SheetRow]] = []
    left_out: list[LeftOut] = []
    for number, raw in enumerate(raws, start=1):
        if number % 256 == 0 and cancelled():
            return None
        value = parse_row(raw).value
        if value is None:
            left_out.append(LeftOut(number, "", "The row is not JSON and was not copied."))
        else:
            rows.append((number, sheet_row(value, mapping)))
    chosen = tuple(columns) if columns is not None else joined_columns(row.cells for _, row in rows)
    lines = [chosen] if header else []
    for number, row in rows:
        lines.append(tuple(row.cells.get(column, "") for column in chosen))
        left_out += (LeftOut(number, "", what) for what in losses_among(row, chosen))
    return Copied(write_cells(lines), chosen, tuple(left_out))


def paste_new(
    text: str,
    samples: Sequence[bytes] = (),
    *,
    columns: Sequence[str] | None = None,
    mapping: ColumnMapping | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Pasted | None:
    """A table as new rows in the format of `samples` (some rows of the document; conversations when none).

    A first line that names columns is a header: "user", "assistant 2", "prompt", the rows' own keys. Without
    one, `columns` says what stands where; else the rows' own columns in their order, and for conversations
    user, assistant; system, user, assistant. An empty cell is no turn. Numbers stay numbers where the samples
    have numbers. None when cancelled.
    """
    values = [value for raw in samples if (value := parse_row(raw).value) is not None]
    kind = detect_format(values[0], mapping) if values else RowFormat.CHAT
    known = columns_of(values, mapping)
    cells = parse_cells(text)
    names, lines = _named(cells, known, kind)
    had_header = lines is not cells
    if not had_header:
        names = tuple(columns) if columns is not None else _by_place(cells, known, kind)
    raws: list[bytes] = []
    left_out: list[LeftOut] = []
    like = samples[0] if samples else b""
    for number, line in enumerate(lines, start=2 if had_header else 1):
        if number % 256 == 0 and cancelled():
            return None
        if not any(line):
            continue
        left_out += _beyond(line, names, number)
        row, reasons = _new_row(dict(zip(names, line, strict=False)), kind, values)
        left_out += (LeftOut(number, "", reason) for reason in reasons)
        if row:
            raws.append(dump_row(row, like))
    return Pasted(tuple(raws), names, had_header, tuple(left_out))


def paste_over(
    rows: Sequence[tuple[int, bytes]],
    columns: Sequence[str],
    text: str,
    *,
    mapping: ColumnMapping | None = None,
) -> PastedOver:
    """A table put over rows, its first cell over the first row and the first of `columns`.

    rows: id and text. columns: those to the right of the place, as the pane shows them. A header among the
    columns' names moves cells to their columns. A single cell goes into every row's first column. Cells
    beyond the last row or column are left out and told.
    """
    cells = parse_cells(text)
    if len(cells) == 1 and len(cells[0]) == 1:
        cells = cells * len(rows)
        names, lines = tuple(columns[:1]), cells
    else:
        names, lines = _named(cells, columns, RowFormat.UNKNOWN)
        names = tuple(columns) if lines is cells else names
    first = 1 + len(cells) - len(lines)
    made: dict[int, bytes] = {}
    left_out: list[LeftOut] = []
    count = 0
    for number, (line, (row, raw)) in enumerate(zip(lines, rows, strict=False), start=first):
        left_out += _beyond(line, names, number)
        new, changed, reasons = _overwritten(raw, dict(zip(names, line, strict=False)), mapping)
        left_out += (LeftOut(number, "", reason) for reason in reasons)
        count += changed
        if new != raw:
            made[row] = new
    for number in range(first + len(rows), first + len(lines)):
        left_out.append(LeftOut(number, "", "There is no row left for this line."))
    return PastedOver(made, count, tuple(left_out))


def _named(cells: Cells, known: Sequence[str], kind: RowFormat) -> tuple[tuple[str, ...], Cells]:
    """The names in a header and the lines below it; the same `cells` when there is no header.

    It is one when its cells differ and half of them at least are columns.
    """
    if not cells:
        return (), cells
    names = tuple(_canonical(cell, known, kind) for cell in cells[0])
    given = [name for name in names if name]
    hits = sum(1 for name in given if name in known or _is_turn(name, kind))
    if not hits or hits * 2 < len(given) or len(set(given)) < len(given):
        return (), cells
    return names, cells[1:]


def _canonical(cell: str, known: Sequence[str], kind: RowFormat) -> str:
    """The column that a header's cell names, with or without case and blanks; else the name as it is."""
    if cell in known:
        return cell
    name = cell.strip()
    low = name.casefold()
    if (same := next((column for column in known if column.strip().casefold() == low), None)) is not None:
        return same
    if kind in TURN_FORMATS:
        return low if is_turn_column(low) else ALIASES.get(low, name)
    return name


def _is_turn(name: str, kind: RowFormat) -> bool:
    return kind in TURN_FORMATS and is_turn_column(name)


def _by_place(cells: Cells, known: Sequence[str], kind: RowFormat) -> tuple[str, ...]:
    width = max((len(line) for line in cells), default=0)
    if kind in TURN_FORMATS:
        turns = tuple(column for column in known if is_turn_column(column))
        return TURN_COLUMNS.get(width, turns if len(turns) >= width else ("system", *_turns(width - 1)))
    return tuple(known)


def _turns(count: int) -> tuple[str, ...]:
    names = [(role, number) for number in range(1, count // 2 + 2) for role in ("user", "assistant")]
    return tuple(role if number == 1 else f"{role} {number}" for role, number in names[:count])


def _beyond(line: Sequence[str], names: Sequence[str], number: int) -> list[LeftOut]:
    extra = [cell for place, cell in enumerate(line) if cell and (place >= len(names) or not names[place])]
    return [LeftOut(number, "", f"There is no column for {cell[:40]!r}.") for cell in extra]


def _new_row(cells: dict[str, str], kind: RowFormat, samples: Sequence[Row]) -> tuple[Row, list[str]]:
    cells.pop("", None)
    if kind not in TURN_FORMATS:
        return _typed_row(cells, samples)
    turns = [(role_of_column(name), text) for name, text in cells.items() if is_turn_column(name) and text]
    others = {name: text for name, text in cells.items() if not is_turn_column(name) and text}
    if not turns:
        return {}, ["The line says nothing in any turn."]
    extra, reasons = _typed_row(others, samples)
    return row_of_turns(kind, turns) | extra, reasons


def _typed_row(cells: dict[str, str], samples: Sequence[Row]) -> tuple[Row, list[str]]:
    """Cells as values, each of the kind that stands in this column of the samples."""
    row: Row = {}
    reasons = []
    for name, text in cells.items():
        sample = next((value[name] for value in samples if value.get(name) is not None), None)
        if sample is not None and not isinstance(sample, str) and not text:
            row[name] = None
            continue
        try:
            row[name] = typed_like(sample, text)
        except ValueError as error:
            row[name] = text
            reasons.append(f"{name}: {error} It was pasted as text.")
    return row, reasons


def _overwritten(
    raw: bytes, cells: dict[str, str], mapping: ColumnMapping | None
) -> tuple[bytes, int, list[str]]:
    parsed = parse_row(raw)
    if (reason := why_not_writable(parsed)) or parsed.value is None:
        return raw, 0, [reason]
    value, changed = parsed.value, 0
    reasons = []
    for name, text in cells.items():
        if not name:
            continue
        try:
            new = with_cell(value, name, text, mapping)
        except (ValueError, LookupError) as error:
            reasons.append(f"{name}: {error}")
        except UserError as error:
            reasons.append(f"{name}: {error.message}")
        else:
            changed += new is not value
            value = new
    return (raw if value is parsed.value else dump_row(value, raw)), changed, reasons
