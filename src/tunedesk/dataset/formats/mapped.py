"""Rows of nobody's format, seen through a ColumnMapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tunedesk.dataset.formats.instructions import SHAREGPT_ROLES
from tunedesk.dataset.formats.model import Example, Message, Part, RowFormat
from tunedesk.dataset.formats.turns import parsed, plain_turn, read_tools, shown, written
from tunedesk.dataset.json_pointer import pointer_to

if TYPE_CHECKING:  # a mapping shows examples, so it knows this package
    from tunedesk.dataset.mapping import ColumnMapping

Row = dict[str, Any]


def read_mapped(value: Row, mapping: ColumnMapping) -> Example:
    """The fixed system text comes first and stands in no row; an empty system cell is no turn."""
    listed = _listed(value, mapping) if mapping.messages else ()
    turns = _system(value, mapping) if not (listed and listed[0].role == "system") else []
    turns += listed
    if mapping.user or mapping.context:
        turns.append(_question(value, mapping))
    if mapping.assistant:
        turns.append(_cell(value, mapping.assistant, "assistant"))
    chosen = (_cell(value, mapping.chosen, "assistant"),) if mapping.chosen else ()
    rejected = (_cell(value, mapping.rejected, "assistant"),) if mapping.rejected else ()
    label = _judgement(value.get(mapping.label)) if mapping.label else None
    return Example(RowFormat.MAPPED, tuple(turns), read_tools(value), chosen, rejected, label)


def _system(value: Row, mapping: ColumnMapping) -> list[Message]:
    if mapping.system and value.get(mapping.system) not in (None, ""):
        return [_cell(value, mapping.system, "system")]
    return [Message("system", mapping.system_text, None, "")] if mapping.system_text else []


def _cell(value: Row, column: str, role: str) -> Message:
    """A number or a truth value in a table is an answer too: it is shown as it would be written."""
    pointer = pointer_to(column)
    cell = value.get(column)
    if isinstance(cell, (bool, int, float)):
        return Message(role, written(cell) or None, None, pointer, pointer)
    return plain_turn(cell, pointer, role)


def _question(value: Row, mapping: ColumnMapping) -> Message:
    """The context stands before the question; an empty cell of either leaves the other alone."""
    if not mapping.user or not mapping.context or value.get(mapping.context) in (None, ""):
        return _cell(value, mapping.user or mapping.context, "user")
    context, asked = _cell(value, mapping.context, "user"), _cell(value, mapping.user, "user")
    if value.get(mapping.user) in (None, ""):
        return context
    texts = [cell.content for cell in (context, asked) if cell.content is not None]
    parts = (Part(context.content, context.pointer), Part(asked.content, asked.pointer))
    content = "\n\n".join(texts) if len(texts) == 2 else None
    return Message("user", content, None, asked.pointer, parts=parts)


def _listed(value: Row, mapping: ColumnMapping) -> tuple[Message, ...]:
    """The turns of a column of messages; a table without lists holds them as JSON text."""
    base = pointer_to(mapping.messages)
    turns = value.get(mapping.messages)
    if isinstance(turns, str):
        turns = parsed(turns)
        if not isinstance(turns, list):
            return ()
        return tuple(_turn(turn, base, mapping, is_text=True) for turn in turns)
    if not isinstance(turns, list):
        return ()
    return tuple(_turn(turn, f"{base}/{index}", mapping, is_text=False) for index, turn in enumerate(turns))


def _turn(turn: Any, pointer: str, mapping: ColumnMapping, *, is_text: bool) -> Message:
    """is_text: the turn lies inside a string, so that no pointer reaches its parts."""
    if not isinstance(turn, dict):
        return Message("", None, None, pointer)
    text, role = turn.get(mapping.text_key), turn.get(mapping.role_key, "")
    role = role if isinstance(role, str) else shown(role)
    reachable = not is_text
    return Message(
        role=SHAREGPT_ROLES.get(role.lower(), role),
        content=text if isinstance(text, str) else None,
        weight=None,
        pointer=pointer,
        text_pointer=pointer + pointer_to(mapping.text_key) if reachable and isinstance(text, str) else "",
        role_pointer=pointer + pointer_to(mapping.role_key) if reachable and mapping.role_key in turn else "",
    )


def _judgement(cell: Any) -> bool | None:
    """Good or bad, as tables write it: true/false, 1/0, yes/no."""
    if isinstance(cell, (bool, int)) and cell in (0, 1):
        return bool(cell)
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return words.get(cell.strip().lower()) if isinstance(cell, str) else None
