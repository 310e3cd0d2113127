"""Edits of one row's value, each a pure function to a new value; unknown keys survive all of them."""

import json
import re
from typing import Any

from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.json_tokens import tokens
from tunedesk.errors import UserError

Row = dict[str, Any]
_PROMPT_KEYS = ("prompt", "completion")
# Separators that readers which use str.splitlines() take for line ends.
_LINE_SEPARATORS = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_SURROGATE = re.compile("[\ud800-\udfff]")


def set_content(value: Row, index: int, text: str) -> Row:
    """The row with turn `index` (from 0) saying `text`. IndexError when there is no such turn."""
    if detect_format(value) is RowFormat.PROMPT_COMPLETION:
        return {**value, _PROMPT_KEYS[_checked(index, 2)]: text}
    return _with_turn_key(value, index, "content", text)


def set_role(value: Row, index: int, role: str) -> Row:
    _refuse_without_turns(value, "roles")
    return _with_turn_key(value, index, "role", role)


def set_weight(value: Row, index: int, weight: int | None) -> Row:
    """weight 0: not trained, 1: trained, None: the key is taken out, which means trained."""
    _refuse_without_turns(value, "weights")
    if weight is not None:
        return _with_turn_key(value, index, "weight", weight)
    turns = _turns(value)
    turn = _turn(turns, index)
    turns[index] = {key: item for key, item in turn.items() if key != "weight"}
    return {**value, "messages": turns}


def insert_turn(value: Row, index: int, role: str, text: str) -> Row:
    """A new turn before turn `index`; an index equal to the number of turns puts it last."""
    _refuse_without_turns(value, "more turns")
    turns = _turns(value)
    turns.insert(_checked(index, len(turns) + 1), {"role": role, "content": text})
    return {**value, "messages": turns}


def delete_turn(value: Row, index: int) -> Row:
    _refuse_without_turns(value, "turns to delete")
    turns = _turns(value)
    del turns[_checked(index, len(turns))]
    return {**value, "messages": turns}


def move_turn(value: Row, index: int, to: int) -> Row:
    """Turn `index` taken out and put back so that it is turn `to` afterwards."""
    _refuse_without_turns(value, "turns to move")
    turns = _turns(value)
    turn = turns.pop(_checked(index, len(turns)))
    turns.insert(_checked(to, len(turns) + 1), turn)
    return {**value, "messages": turns}


def value_at(value: Any, pointer: str) -> Any:
    """What stands at an RFC 6901 JSON pointer; "" is the whole. LookupError when nothing stands there."""
    for key in _keys(pointer):
        value = value[_list_index(key, len(value))] if isinstance(value, list) else _member(value, key)
    return value


def set_at(value: Any, pointer: str, new: Any) -> Any:
    """A copy with `new` at the pointer; a last key that is absent is added, "-" appends to a list."""
    return _set(value, _keys(pointer), new)


def delete_at(value: Any, pointer: str) -> Any:
    """A copy without what stands at the pointer. LookupError when nothing stands there, and for the whole."""
    value_at(value, pointer)
    if not pointer:
        raise LookupError(pointer)
    above, _, _ = pointer.rpartition("/")
    last = _keys(pointer)[-1]
    parent = value_at(value, above)
    if isinstance(parent, list):
        return set_at(value, above, [item for place, item in enumerate(parent) if place != int(last)])
    return set_at(value, above, {key: item for key, item in parent.items() if key != last})


def dump_row(value: Row, like: bytes = b"") -> bytes:
    """The value as one line of JSON in the habit of `like`: its separators, and whether it escapes non-ASCII.

    U+0085, U+2028 and U+2029 are escaped unless `like` holds them plain, and lone surrogates always.
    """
    habit = like.decode("utf-8", "replace")
    comma, colon = _separators(habit)
    escapes = habit.isascii() and re.search(r"\\u(?!00[0-7])[0-9a-fA-F]{4}", habit) is not None
    text = json.dumps(value, ensure_ascii=escapes, separators=(comma, colon))
    for separator, escaped in _LINE_SEPARATORS.items():
        if separator in text and separator not in habit:
            text = text.replace(separator, escaped)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text).encode("utf-8")


def new_row(format: RowFormat, system: str = "") -> bytes:
    """An empty example to write into. ValueError for the unknown format."""
    if format is RowFormat.PROMPT_COMPLETION:
        return dump_row({"prompt": "", "completion": ""})
    if format is not RowFormat.CHAT:
        raise ValueError(format)
    first = [{"role": "system", "content": system}] if system else []
    turns = [*first, {"role": "user", "content": ""}, {"role": "assistant", "content": ""}]
    return dump_row({"messages": turns})


def _separators(habit: str) -> tuple[str, str]:
    """The first comma and colon outside of strings, with the blanks around them."""
    found = {",": ", ", ":": ": "}
    missing = set(found)
    for token in tokens(habit):
        if token.text in missing:
            before = habit[max(0, token.start - 16) : token.start]
            after = habit[token.end : token.end + 16]
            left = before[len(before.rstrip(" \t")) :]
            found[token.text] = left + token.text + after[: len(after) - len(after.lstrip(" \t"))]
            missing.discard(token.text)
        if not missing:
            break
    return found[","], found[":"]


def _turns(value: Row) -> list[Any]:
    """A copy of the list of turns; what is not a list counts as none."""
    messages = value.get("messages")
    return list(messages) if isinstance(messages, list) else []


def _turn(turns: list[Any], index: int) -> Row:
    turn = turns[_checked(index, len(turns))]
    return turn if isinstance(turn, dict) else {}


def _with_turn_key(value: Row, index: int, key: str, item: Any) -> Row:
    turns = _turns(value)
    turns[index] = {**_turn(turns, index), key: item}
    return {**value, "messages": turns}


def _checked(index: int, count: int) -> int:
    """Negative indexes are mistakes here, not places counted from the end."""
    if not 0 <= index < count:
        raise IndexError(index)
    return index


def _refuse_without_turns(value: Row, what: str) -> None:
    if detect_format(value) is RowFormat.PROMPT_COMPLETION:
        message = f"A row with prompt and completion has no {what}."
        raise UserError(message, hint="Only chat rows have a list of turns.")


def _keys(pointer: str) -> list[str]:
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise LookupError(pointer)
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer[1:].split("/")]


def _list_index(key: str, count: int) -> int:
    if not (key.isascii() and key.isdigit()) or int(key) >= count:
        raise LookupError(key)
    return int(key)


def _member(value: Any, key: str) -> Any:
    if not isinstance(value, dict):
        raise LookupError(key)
    return value[key]


def _set(value: Any, keys: list[str], new: Any) -> Any:
    if not keys:
        return new
    key, *rest = keys
    if isinstance(value, list):
        if key == "-" and not rest:
            return [*value, new]
        place = _list_index(key, len(value))
        return [*value[:place], _set(value[place], rest, new), *value[place + 1 :]]
    if not isinstance(value, dict) or (rest and key not in value):
        raise LookupError(key)
    return {**value, key: _set(value.get(key), rest, new)}
