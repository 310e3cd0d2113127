"""Tables as spreadsheets put them on the clipboard: tab separated text, read and written; knows no rows."""

import re
from collections.abc import Iterable, Sequence

Cells = tuple[tuple[str, ...], ...]

_LINE_END = r"\r\n|\n|\r"
_QUOTED = re.compile(rf'"((?:[^"]++|"")*+)"(?=\t|{_LINE_END}|\Z)')
_PLAIN = re.compile(r"[^\t\r\n]*+")
_END = re.compile(rf"\t|{_LINE_END}|\Z")
_NEEDS_QUOTES = re.compile(r'[\t\r\n]|\A"')


def parse_cells(text: str) -> Cells:
    """The rows of a table. The last row may end in a line break or not; an empty text has no rows.

    Excel and LibreOffice put a cell in quotes when it holds a tab or a line break, and double the quotes
    inside. Quotes around anything else are the cell's own: Excel copies a cell that says "yes" as it is.
    """
    rows: list[tuple[str, ...]] = []
    row: list[str] = []
    at = 0
    while at < len(text) or row:
        cell, at = _cell(text, at)
        row.append(cell)
        end = _END.match(text, at)
        assert end is not None  # a cell ends before one of these
        at = end.end()
        if end.group() != "\t":
            rows.append(tuple(row))
            row = []
    return tuple(rows)


def write_cells(rows: Iterable[Sequence[str]]) -> str:
    """A table with a line feed after each row; `parse_cells` reads the same table from it."""
    return "".join("\t".join(map(_written, row)) + "\n" for row in rows)


def _cell(text: str, at: int) -> tuple[str, int]:
    quoted = _QUOTED.match(text, at)
    if quoted is not None and _NEEDS_QUOTES.search(content := quoted[1].replace('""', '"')):
        return content, quoted.end()
    if quoted is not None and '""' in quoted[1]:
        return quoted[1].replace('""', '"'), quoted.end()
    plain = _PLAIN.match(text, at)
    assert plain is not None  # it matches nothing as well
    return plain.group(), plain.end()


def _written(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell
