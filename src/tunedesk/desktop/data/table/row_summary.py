"""What the table shows of a row; made from its bytes, knows no widget."""

from dataclasses import dataclass

from tunedesk.dataset.example import example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row

SHOWN_CHARACTERS = 200
TOO_LONG_TO_READ = 2_000_000
"""Bytes; parsing more than this for one line of a table would be felt."""


@dataclass(frozen=True, slots=True)
class RowSummary:
    """is_broken: the row cannot be read, `user` is then its bytes as text."""

    user: str
    answer: str
    is_broken: bool = False


def summary_of(raw: bytes, mapping: ColumnMapping | None = None) -> RowSummary:
    """mapping: what the columns mean when the keys are nobody's format."""
    if len(raw) > TOO_LONG_TO_READ:
        start = raw[:SHOWN_CHARACTERS].decode("utf-8", "replace")
        return RowSummary(_one_line(start), f"(a row of {len(raw) / 1e6:,.1f} MB)")
    parsed = parse_row(raw)
    if parsed.value is None:
        return RowSummary(
            _one_line(raw[: 4 * SHOWN_CHARACTERS].decode("utf-8", "replace")), "", is_broken=True
        )
    example = example_of(parsed.value, mapping)
    return RowSummary(_one_line(example.first_user), _one_line(example.last_assistant))


def _one_line(text: str) -> str:
    """Cut and without line ends, so that a cell stays one line; halves of surrogate pairs cannot be drawn."""
    short = " ".join(text[: 2 * SHOWN_CHARACTERS].split())[:SHOWN_CHARACTERS]
    return short.encode("utf-8", "replace").decode("utf-8")
