"""What the table shows of a row; made from its bytes, knows no widget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.sort_keys import Column, ColumnKind, RowView, text_of, value_of

SHOWN_CHARACTERS = 200
TOO_LONG_TO_READ = 2_000_000
"""Bytes; parsing more than this for one line of a table would be felt."""


@dataclass(frozen=True, slots=True)
class RowSummary:
    """is_broken: the row cannot be read, `user` is then its bytes as text. keys: of the keys asked for."""

    user: str
    answer: str
    is_broken: bool = False
    system: str = ""
    turns: int = 0
    length: int = 0
    keys: Mapping[str, str] = field(default_factory=dict)


def summary_of(raw: bytes, mapping: ColumnMapping | None = None, keys: Sequence[str] = ()) -> RowSummary:
    """mapping: what the columns mean when the keys are nobody's format. keys: top-level keys to show."""
    if len(raw) > TOO_LONG_TO_READ:
        start = raw[:SHOWN_CHARACTERS].decode("utf-8", "replace")
        return RowSummary(_one_line(start), f"(a row of {len(raw) / 1e6:,.1f} MB)")
    view = RowView(0, lambda: raw, mapping=mapping)
    if view.value is None:
        return RowSummary(
            _one_line(raw[: 4 * SHOWN_CHARACTERS].decode("utf-8", "replace")), "", is_broken=True
        )
    return RowSummary(
        _one_line(view.example.first_user),
        _one_line(view.example.answer),
        system=_one_line(text_of(Column(ColumnKind.SYSTEM), view)),
        turns=len(view.example.messages),
        length=int(value_of(Column(ColumnKind.LENGTH), view) or 0),
        keys={key: _one_line(text_of(Column(ColumnKind.KEY, key), view)) for key in keys},
    )


def _one_line(text: str) -> str:
    """Cut and without line ends, so that a cell stays one line; halves of surrogate pairs cannot be drawn."""
    short = " ".join(text[: 2 * SHOWN_CHARACTERS].split())[:SHOWN_CHARACTERS]
    return short.encode("utf-8", "replace").decode("utf-8")
