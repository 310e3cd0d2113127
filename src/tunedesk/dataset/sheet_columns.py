"""A row as cells of a table and back: turns of a conversation as columns, other rows by their own keys."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tunedesk.dataset.example import Example, Message, RowFormat, example_of
from tunedesk.dataset.json_pointer import pointer_to
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.row_edits import insert_turn, set_at, set_content

TURN_FORMATS = (RowFormat.CHAT, RowFormat.REINFORCEMENT, RowFormat.SHAREGPT)
"""Formats whose rows are shown turn by turn."""
LIST_KEYS = {
    RowFormat.CHAT: "messages",
    RowFormat.REINFORCEMENT: "messages",
    RowFormat.SHAREGPT: "conversations",
}
_FORMULA_SIGNS = ("=", "+", "-", "@")
EXCEL_CELL = 32_767
"""Characters that Excel keeps in a cell, by Microsoft's page on its limits."""
ALIASES = {
    "prompt": "user",
    "question": "user",
    "human": "user",
    "completion": "assistant",
    "answer": "assistant",
    "response": "assistant",
    "gpt": "assistant",
}
"""What a header may call the turns of a conversation."""
_SHAREGPT_ROLES = {"user": "human", "assistant": "gpt", "tool": "observation"}
_TURN_COLUMN = re.compile(r"(system|developer|user|assistant|tool|function)(?: ([1-9][0-9]{0,3}))?")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as a table shows it. cells: by column. turns: the columns of its turns, in their order.

    losses: what the cells do not say of it, one sentence each.
    """

    cells: dict[str, str]
    turns: tuple[str, ...]
    losses: tuple[str, ...]


def sheet_row(value: Row, mapping: ColumnMapping | None = None) -> SheetRow:
    """What is no text is written as JSON; null is an empty cell."""
    example = example_of(value, mapping)
    if example.format not in TURN_FORMATS:
        cells = {key: text_in_cell(item) for key, item in value.items()}
        return SheetRow(cells, (), tuple(_changed_by_excel(cells)))
    turns = tuple(_turn_columns(example))
    cells = {column: turn.content or "" for column, turn in turns}
    losses = [f"{column}: {what}" for column, turn in turns for what in _not_shown(turn)]
    for column, _ in turns:
        if not is_turn_column(column):
            losses.append(f"Pasted as new rows, the turn {column!r} would be a key: its role is not known.")
    for key, item in value.items():
        if key in cells:
            losses.append(f"The key {key!r} has the name of a turn's column.")
        elif key != LIST_KEYS[example.format]:
            cells[key] = text_in_cell(item)
    return SheetRow(cells, tuple(column for column, _ in turns), (*losses, *_changed_by_excel(cells)))


def columns_of(values: Iterable[Row], mapping: ColumnMapping | None = None) -> tuple[str, ...]:
    """The columns that these rows need: for conversations "system", "user", "assistant", "user 2", ...

    Then come the other keys of such rows; other rows have one column for each key. Columns stand in the order
    of their first row, later ones before the column that follows them in their own row.
    """
    return joined_columns(sheet_row(value, mapping).cells for value in values)


def joined_columns(rows: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """The columns of all rows, as `columns_of` orders them."""
    columns: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        own = tuple(row)
        if own in seen:
            continue
        seen.add(own)
        for place, column in enumerate(own):
            if column not in columns:
                following = next((later for later in own[place + 1 :] if later in columns), None)
                columns.insert(len(columns) if following is None else columns.index(following), column)
    return tuple(columns)


def cells_of(value: Row, mapping: ColumnMapping | None = None) -> dict[str, str]:
    """A row's cells by column."""
    return sheet_row(value, mapping).cells


def losses_among(row: SheetRow, columns: Sequence[str]) -> list[str]:
    """What of a row these columns do not show, one sentence each."""
    found = [
        f"The column {column!r} is not among those copied."
        for column, text in row.cells.items()
        if text and column not in columns
    ]
    places = [columns.index(column) for column in row.turns if column in columns]
    if places != sorted(places):
        found.append("The turns stand in another order than the columns.")
    return [*found, *row.losses]


def with_cell(value: Row, column: str, text: str, mapping: ColumnMapping | None = None) -> Row:
    """The row with one cell changed; the same object when the cell says so already.

    A turn that is not there yet is put in where its column belongs. What is no text stays what it is:
    ValueError when a number's new cell is no number. UserError when the format has no place for the turn.
    """
    if cells_of(value, mapping).get(column, "") == text:
        return value
    example = example_of(value, mapping)
    turns = [name for name, _ in _turn_columns(example)] if example.format in TURN_FORMATS else []
    if column in turns:
        return set_content(value, turns.index(column), text, mapping)
    if example.format in TURN_FORMATS and is_turn_column(column):
        return insert_turn(value, _place_for(column, turns), role_of_column(column), text, mapping)
    return set_at(value, pointer_to(column), typed_like(value.get(column), text))


def row_of_turns(kind: RowFormat, turns: Iterable[tuple[str, str]]) -> Row:
    """A new conversation. turns: role and text."""
    if kind is RowFormat.SHAREGPT:
        return {
            "conversations": [
                {"from": _SHAREGPT_ROLES.get(role, role), "value": text} for role, text in turns
            ]
        }
    return {"messages": [{"role": role, "content": text} for role, text in turns]}


def is_turn_column(column: str) -> bool:
    return _TURN_COLUMN.fullmatch(column) is not None


def role_of_column(column: str) -> str:
    return _split(column)[0]


def text_in_cell(item: Any) -> str:
    """A value as a spreadsheet shows it."""
    if isinstance(item, str):
        return item
    return "" if item is None else json.dumps(item, ensure_ascii=False)


def _turn_columns(example: Example) -> Iterator[tuple[str, Message]]:
    """Each turn with its column: the second user turn is "user 2"."""
    seen: Counter[str] = Counter()
    for turn in example.messages:
        seen[turn.role] += 1
        yield turn.role if seen[turn.role] == 1 else f"{turn.role} {seen[turn.role]}", turn


def _changed_by_excel(cells: dict[str, str]) -> Iterator[str]:
    for column, text in cells.items():
        if text[:1] in _FORMULA_SIGNS and _written_number(text) is None:
            yield f"{column}: a spreadsheet takes it for a formula, since it starts with {text[0]}."
        if len(text) > EXCEL_CELL:
            yield f"{column}: Excel keeps {EXCEL_CELL:,} characters only."


def _written_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _not_shown(turn: Message) -> Iterator[str]:
    if turn.weight is not None:
        yield "its weight is not copied."
    if turn.tool_calls or turn.tool_call_id:
        yield "its tool calls are not copied."
    if turn.name:
        yield "its name is not copied."
    if turn.parts:
        yield "its pieces are copied as one text."
    if turn.content is None:
        yield "it has no text to copy."
    elif not turn.content:
        yield "an empty turn looks like no turn."


def typed_like(old: Any, text: str) -> Any:
    """`text` as what the cell held before: a text stays a text, a number a number."""
    if old is None or isinstance(old, str):
        return text
    try:
        new = json.loads(text)
    except (ValueError, RecursionError):
        new = text
    if isinstance(new, str) or isinstance(old, bool) != isinstance(new, bool):
        raise ValueError(
            f"The cell held {json.dumps(old, ensure_ascii=False)[:40]}, and {text[:40]!r} is no such value."
        )
    return new


def _split(column: str) -> tuple[str, int]:
    found = _TURN_COLUMN.fullmatch(column)
    return (found[1], int(found[2] or 1)) if found else (column, 1)


def _place_for(column: str, turns: Sequence[str]) -> int:
    """Where a turn belongs: system first, a user turn before the assistant's of the same number."""
    rank = {"system": 0, "developer": 0, "user": 1}
    role, number = _split(column)
    own = (0 if role in ("system", "developer") else number, rank.get(role, 2))
    for place, other in enumerate(turns):
        their_role, their_number = _split(other)
        if (0 if their_role in ("system", "developer") else their_number, rank.get(their_role, 2)) > own:
            return place
    return len(turns)
