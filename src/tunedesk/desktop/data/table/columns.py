"""The columns of the table: their names, what they sort by, how wide they are at first. Knows no widget."""

from dataclasses import dataclass
from enum import IntEnum

from tunedesk.dataset.sort_keys import Column as SortColumn
from tunedesk.dataset.sort_keys import ColumnKind


class Column(IntEnum):
    """Columns that every dataset has; those for keys of its rows come after them."""

    NUMBER = 0
    FINDINGS = 1
    STAR = 2
    REVIEWED = 3
    USER = 4
    ANSWER = 5
    SYSTEM = 6
    TAGS = 7
    NOTE = 8
    TURNS = 9
    LENGTH = 10
    TOKENS = 11


@dataclass(frozen=True, slots=True)
class ColumnLook:
    """heading: what its head shows, "" where an icon does. said: its whole name. width: pixels at first, 0:
    it takes its share of what is left. is_default: shown when nobody has chosen. is_number: set to the right.
    """

    heading: str
    said: str
    sort: SortColumn
    width: int
    is_default: bool = True
    is_number: bool = False
    icon: str = ""


ICON_WIDTH = 30
SHORTEST_SHARE = 110
"""Pixels that a column which takes its share has at least; below that the table scrolls sideways."""
KEY_WIDTH = 120

LOOKS = {
    Column.NUMBER: ColumnLook("Row", "Row", SortColumn(ColumnKind.NUMBER), 56, is_number=True),
    Column.FINDINGS: ColumnLook("", "Findings", SortColumn(ColumnKind.FINDINGS), 46, icon="warning"),
    Column.STAR: ColumnLook("", "Star", SortColumn(ColumnKind.STAR), ICON_WIDTH, icon="star"),
    Column.REVIEWED: ColumnLook("", "Reviewed", SortColumn(ColumnKind.REVIEWED), ICON_WIDTH, icon="check"),
    Column.USER: ColumnLook("First user turn", "First user turn", SortColumn(ColumnKind.QUESTION), 0),
    Column.ANSWER: ColumnLook("Answer", "Answer", SortColumn(ColumnKind.ANSWER), 0),
    Column.SYSTEM: ColumnLook(
        "System prompt", "System prompt", SortColumn(ColumnKind.SYSTEM), 160, is_default=False
    ),
    Column.TAGS: ColumnLook("Tags", "Tags", SortColumn(ColumnKind.TAGS), 110, is_default=False),
    Column.NOTE: ColumnLook("Note", "Note", SortColumn(ColumnKind.NOTE), 110, is_default=False),
    Column.TURNS: ColumnLook(
        "Turns", "Turns", SortColumn(ColumnKind.TURNS), 56, is_default=False, is_number=True
    ),
    Column.LENGTH: ColumnLook(
        "Length", "Length in characters", SortColumn(ColumnKind.LENGTH), 68, is_default=False, is_number=True
    ),
    Column.TOKENS: ColumnLook("Tokens", "Tokens", SortColumn(ColumnKind.TOKENS), 66, is_number=True),
}
WHEN_USED = (Column.TAGS, Column.NOTE)
"""Shown without being asked for as soon as a row has one."""
OF_MARKS = (Column.STAR, Column.REVIEWED, Column.TAGS, Column.NOTE)
OF_TEXT = (Column.USER, Column.ANSWER, Column.SYSTEM, Column.TURNS, Column.LENGTH)


def key_look(key: str) -> ColumnLook:
    """The column of a top-level key of the rows."""
    return ColumnLook(key, f"Key {key}", SortColumn(ColumnKind.KEY, key), KEY_WIDTH, is_default=False)
