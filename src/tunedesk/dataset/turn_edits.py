"""Edits of turns, in whatever format they lie; a sentence where a format cannot hold them."""

import json
from collections.abc import Callable
from typing import Any

from tunedesk.dataset.example import Example, Message, RowFormat, detect_format, example_of
from tunedesk.dataset.formats.detect import PREFERRED, REFUSED
from tunedesk.dataset.json_pointer import delete_at, pointer_to, set_at, value_at
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.turn_places import (
    ListPlace,
    Place,
    Row,
    checked,
    keys_in,
    list_place,
    main_list,
    name_of,
    refusal,
    turn_at,
)
from tunedesk.errors import UserError

_WEIGHTED = (RowFormat.CHAT, RowFormat.SHAREGPT)


def set_content(value: Row, place: Place, text: str, mapping: ColumnMapping | None = None) -> Row:
    """The row with that turn saying `text`; a pointer may also be that of a text or of a piece of one.

    IndexError or LookupError when there is no such turn; UserError when its text is no single string.
    """
    if isinstance(place, str) and _is_text_pointer(value, place, mapping):
        return _set_text(value, detect_format(value, mapping), place, text)
    example, turn = turn_at(value, place, mapping)
    return _set_text(value, example.format, _text_pointer(value, example, turn, mapping), text)


def set_role(value: Row, place: Place, role: str, mapping: ColumnMapping | None = None) -> Row:
    """role: in OpenAI's words; it is written in the format's own."""
    example, turn = turn_at(value, place, mapping)
    at = list_place(value, example.format, turn.pointer)
    if at is None or at.texts:
        if not isinstance(_value_or_none(value, turn.pointer), dict):
            raise refusal(example.format, "roles to change", "They follow from the place of each text.")
        at = ListPlace(turn.pointer, 0)
    keys = keys_in(value, example.format, at.base, mapping)
    return _set_in_turn(value, turn.pointer, at, keys.role, keys.word(role))


def set_weight(value: Row, place: Place, weight: int | None, mapping: ColumnMapping | None = None) -> Row:
    """weight 0: not trained, 1: trained, None: the key is taken out, which means trained."""
    example, turn = turn_at(value, place, mapping)
    at = list_place(value, example.format, turn.pointer)
    if example.format not in _WEIGHTED or at is None:
        raise refusal(example.format, "weights", "Only turns of chat and ShareGPT rows have them.")
    item = value_at(value, turn.pointer)
    is_flag = isinstance(item, dict) and "weight" not in item and isinstance(item.get("train"), bool)
    key = "train" if is_flag else "weight"
    if weight is not None:
        return _set_in_turn(value, turn.pointer, at, key, bool(weight) if is_flag else weight)
    if isinstance(item, dict) and key in item:
        return _row(delete_at(value, f"{turn.pointer}/{key}"))
    return value


def insert_turn(value: Row, place: Place, role: str, text: str, mapping: ColumnMapping | None = None) -> Row:
    """A new turn before that turn; the number of turns, or a pointer that ends in "/-", puts it last."""
    example = example_of(value, mapping)
    column = _system_column(value, example, mapping) if role == "system" and place == 0 else None
    if column is not None:
        return {**value, column: text}
    at = _place_for_new(value, example, place, mapping)
    if at is None:
        raise refusal(example.format, "more turns", "Its keys hold one text each.")
    keys = keys_in(value, example.format, at.base, mapping)
    new: Any = text if at.texts else {keys.role: keys.word(role), keys.text: text}
    return _change_lists(value, at, lambda items: [*items[: at.index], new, *items[at.index :]])


def delete_turn(value: Row, place: Place, mapping: ColumnMapping | None = None) -> Row:
    """A system text in a column of its own becomes empty; the column stays."""
    example, turn = turn_at(value, place, mapping)
    at = _own_list(value, example.format, turn.pointer)
    if at is None:
        if turn.role == "system" and turn.pointer.count("/") == 1:
            return _row(set_at(value, turn.pointer, ""))
        raise refusal(example.format, "turns to delete", "Its keys hold one text each.")
    return _change_lists(value, at, lambda items: [*items[: at.index], *items[at.index + 1 :]])


def move_turn(value: Row, place: Place, to: int, mapping: ColumnMapping | None = None) -> Row:
    """The turn taken out and put back so that it is turn `to` afterwards: of all turns, or, for a place that
    is a pointer, of its list.
    """
    example, turn = turn_at(value, place, mapping)
    at = _own_list(value, example.format, turn.pointer)
    if at is None:
        raise refusal(example.format, "turns to move", "Its keys hold one text each.")
    target = to
    if isinstance(place, int):
        other = _own_list(value, example.format, example.messages[checked(to, len(example.messages))].pointer)
        if other is None or other.base != at.base:
            raise refusal(example.format, "way to put this turn there", "Move the text by copy and paste.")
        target = other.index
    return _change_lists(value, at, lambda items: _moved(items, at.index, target), moved_to=target)


def swap_preference(value: Row, mapping: ColumnMapping | None = None) -> Row:
    """The better answer becomes the worse one. UserError when the row compares no answers."""
    kind = detect_format(value, mapping)
    first, second = _sides(value, kind, mapping)
    if not first or not second or (first not in value and second not in value):
        raise UserError(f"{name_of(kind)} has no two answers to swap.", hint="Only preferences have.")
    swapped = {first: second, second: first}
    kept = {key: value[swapped.get(key, key)] for key in value if swapped.get(key, key) in value}
    missing = {key: value[swapped[key]] for key in (first, second) if key not in value}
    return {**kept, **missing}


def _sides(value: Row, kind: RowFormat, mapping: ColumnMapping | None) -> tuple[str, str]:
    if kind is RowFormat.PREFERENCE:
        spellings = list(zip(PREFERRED, REFUSED, strict=True))
        return next((pair for pair in spellings if pair[0] in value or pair[1] in value), spellings[0])
    if kind is RowFormat.MAPPED and mapping is not None:
        return mapping.chosen, mapping.rejected
    return "chosen", "rejected"


def _is_text_pointer(value: Row, pointer: str, mapping: ColumnMapping | None) -> bool:
    example = example_of(value, mapping)
    turns = (*example.messages, *example.chosen, *example.rejected)
    parts = (part.pointer for turn in turns for part in turn.parts if part.text is not None)
    return pointer in parts or any(turn.text_pointer == pointer for turn in turns if pointer)


def _text_pointer(value: Row, example: Example, turn: Message, mapping: ColumnMapping | None) -> str:
    """Where a turn's text goes, also when none stands there yet."""
    if turn.text_pointer:
        return turn.text_pointer
    if len(turn.parts) == 1 and turn.parts[0].text is not None:
        return turn.parts[0].pointer
    if turn.parts:
        message = "This turn's text lies in several pieces."
        raise UserError(message, hint="Edit each piece by itself.")
    if not turn.pointer:
        message = "This system text belongs to the mapping of columns, not to the row."
        raise UserError(message, hint="Change it in the mapping.")
    at = list_place(value, example.format, turn.pointer)
    item = _value_or_none(value, turn.pointer)
    if example.format is RowFormat.SHAREGPT and turn.tool_calls:
        raise UserError("This turn is a tool call.", hint="Edit the call, or change the turn's role first.")
    if (at is None or at.texts) and not isinstance(item, dict):
        if example.format is RowFormat.MAPPED and mapping is not None and isinstance(item, str):
            message = f"The turns in the column {mapping.messages} are written as one text."
            raise UserError(message, hint="Edit that text as JSON.")
        return turn.pointer
    keys = keys_in(value, example.format, at.base if at else turn.pointer, mapping)
    return turn.pointer + pointer_to(keys.text)


def _set_text(value: Row, kind: RowFormat, pointer: str, text: str) -> Row:
    """Also in the other side's copy of a turn that both sides of a preference begin with."""
    new = _set_making_turns(value, pointer, _like(_value_or_none(value, pointer), text))
    turn = pointer.rpartition("/content")[0]
    at = list_place(value, kind, turn) if turn else None
    if at is not None and at.twin:
        new = _set_making_turns(new, at.twin + pointer[len(at.base) :], text)
    return new


def _like(old: Any, text: str) -> Any:
    """A number stays a number where the new text is one, so that a column keeps its type."""
    if isinstance(old, (bool, int, float)):
        try:
            new = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return (
            new if isinstance(new, bool) is isinstance(old, bool) and isinstance(new, (int, float)) else text
        )
    return text


def _set_making_turns(value: Row, pointer: str, new: Any) -> Row:
    """What stands where a turn belongs and is no object becomes one."""
    above = pointer.rpartition("/")[0]
    if above and not isinstance(_value_or_none(value, above), (dict, list)):
        value = _row(set_at(value, above, {}))
    return _row(set_at(value, pointer, new))


def _set_in_turn(value: Row, pointer: str, at: ListPlace, key: str, new: Any) -> Row:
    edited = _set_making_turns(value, pointer + pointer_to(key), new)
    if at.twin:
        edited = _set_making_turns(edited, f"{at.twin}/{at.index}" + pointer_to(key), new)
    return edited


def _own_list(value: Row, kind: RowFormat, pointer: str) -> ListPlace | None:
    """The list from which the turn at the pointer can be taken; Alpaca's history holds pairs, not turns."""
    at = list_place(value, kind, pointer)
    return None if at is None or at.base.startswith("/history") else at


def _place_for_new(
    value: Row, example: Example, place: Place, mapping: ColumnMapping | None
) -> ListPlace | None:
    if isinstance(place, str):
        return _own_list(value, example.format, place)
    turns = example.messages
    checked(place, len(turns) + 1)
    if place < len(turns):
        at = _own_list(value, example.format, turns[place].pointer)
        if at is None and turns[place].role == "system":  # in a column of its own, before the list
            base = main_list(example.format, mapping)
            return ListPlace(base, 0) if base and len(turns) > 1 else None
        return at
    if turns:
        at = _own_list(value, example.format, turns[-1].pointer)
        if at is not None:
            return ListPlace(at.base, at.index + 1, at.twin, at.texts)
    base = main_list(example.format, mapping)
    return ListPlace(base, 0, "", base == "/completions") if base else None


def _system_column(value: Row, example: Example, mapping: ColumnMapping | None) -> str | None:
    """The column that a system text goes to in rows without a list of turns."""
    if any(turn.role == "system" for turn in example.messages):
        return None
    if example.format is RowFormat.ALPACA:
        return "system"
    is_table = example.format is RowFormat.MAPPED and mapping is not None and not mapping.messages
    return (mapping.system or None) if is_table and mapping is not None else None


def _change_lists(
    value: Row, at: ListPlace, change: Callable[[list[Any]], list[Any]], moved_to: int = -1
) -> Row:
    """The list changed, and what goes along with it: its twin, and the labels of steps."""
    old = _value_or_none(value, at.base)
    items = old if isinstance(old, list) else []
    new = _row(set_at(value, at.base, change(items)))
    if at.twin:
        new = _row(set_at(new, at.twin, change(value_at(value, at.twin))))
    labels = value.get("labels")
    if at.base == "/completions" and isinstance(labels, list) and len(labels) == len(items):
        new["labels"] = _with_labels(labels, at.index, len(new["completions"]) - len(items), moved_to)
    return new


def _with_labels(labels: list[Any], index: int, grown: int, moved_to: int) -> list[Any]:
    if grown > 0:
        return [*labels[:index], True, *labels[index:]]
    return [*labels[:index], *labels[index + 1 :]] if grown < 0 else _moved(labels, index, moved_to)


def _moved(items: list[Any], index: int, to: int) -> list[Any]:
    rest = [*items[:index], *items[index + 1 :]]
    checked(to, len(rest) + 1)
    return [*rest[:to], items[index], *rest[to:]]


def _value_or_none(value: Row, pointer: str) -> Any:
    try:
        return value_at(value, pointer)
    except LookupError:
        return None


def _row(value: Any) -> Row:
    """A copy of a row is a row; set_at cannot know."""
    assert isinstance(value, dict)
    return value
