"""How commands print: JSON in one piece, tables with aligned columns, progress on standard error."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from typing import Any


def print_json(value: dict[str, Any]) -> None:
    """One object on one line, in ASCII: the edge where typed values become what a script reads, in any
    encoding.
    """
    print(json.dumps(value, allow_nan=False), flush=True)


def print_what_the_terminal_lacks_as_escapes() -> None:
    """A name may hold half a character, and a Windows pipe knows few characters; neither ends a command."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def print_table(rows: Sequence[tuple[str, ...]], *, numbers: bool = True) -> None:
    """Columns as wide as their widest cell; with `numbers` all but the first stand to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if numbers and column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def progress(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Like 42 s, 3 min 05 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
