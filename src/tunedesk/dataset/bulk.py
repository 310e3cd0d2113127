"""One change made to many rows: weights, system prompts, roles, keys and blanks; it changes no document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from tunedesk.dataset.example import Example, example_of
from tunedesk.dataset.left_out import LeftOut, why_not_writable
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.query import all_turns, text_pointers
from tunedesk.dataset.row_edits import (
    delete_turn,
    dump_row,
    insert_turn,
    set_at,
    set_content,
    set_weight,
    value_at,
)
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.errors import UserError

SYSTEM_ROLES = ("system", "developer")
Row = dict[str, Any]


class SetWeight(msgspec.Struct, frozen=True, tag=True):
    """Which of the assistant's turns are trained. A trained turn has no weight, which means the same as 1."""

    which: Literal["all", "last", "none"]


class SetSystem(msgspec.Struct, frozen=True, tag=True):
    """The system prompt says `text`; a row without one gets one."""

    text: str


class AppendToSystem(msgspec.Struct, frozen=True, tag=True):
    """`text` at the end of the system prompt; a row without one gets it as its system prompt."""

    text: str
    separator: str = "\n"


class RemoveSystem(msgspec.Struct, frozen=True, tag=True):
    """Every system turn is taken out."""


class RenameRole(msgspec.Struct, frozen=True, tag=True):
    """As it stands in the row: in ShareGPT the roles are "human" and "gpt"."""

    old: str
    new: str


class AddKey(msgspec.Struct, frozen=True, tag=True):
    """A top-level key. value_json: its value as JSON. A row that has the key keeps its value unless told."""

    key: str
    value_json: str
    overwrite: bool = False


class RemoveKey(msgspec.Struct, frozen=True, tag=True):
    """A top-level key with what stands under it."""

    key: str


class TrimTexts(msgspec.Struct, frozen=True, tag=True):
    """Blanks and line breaks at the ends of what is said. roles: () is all."""

    side: Literal["both", "start", "end"] = "both"
    roles: tuple[str, ...] = ()


Action = SetWeight | SetSystem | AppendToSystem | RemoveSystem | RenameRole | AddKey | RemoveKey | TrimTexts


@dataclass(frozen=True, slots=True)
class BulkResult:
    """rows: the new text of each row that changes, for Document.replace_many. unchanged: rows that are so
    already.
    """

    rows: dict[int, bytes]
    unchanged: int
    left_out: tuple[LeftOut, ...] = ()


def change_rows(
    snapshot: Snapshot,
    row_ids: Iterable[int],
    action: Action,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BulkResult | None:
    """The rows after one action; None when cancelled.

    Rows that the action does not fit (no JSON, a format without roles) are left out with the reason.
    UserError when the action itself makes no sense; ValueError for a row that is not there.
    """
    _check(action)
    wanted = list(row_ids)
    rows: dict[int, bytes] = {}
    left_out: list[LeftOut] = []
    for done, row in enumerate(wanted):
        if done % 64 == 0:
            if cancelled():
                return None
            progress(done, len(wanted))
        raw = snapshot.raw(row)
        try:
            new = change_row(raw, action, snapshot.mapping)
        except UserError as error:
            left_out.append(LeftOut(row, "", error.message))
            continue
        if new != raw:
            rows[row] = new
    progress(len(wanted), len(wanted))
    return BulkResult(rows, len(wanted) - len(rows) - len(left_out), tuple(left_out))


def change_row(raw: bytes, action: Action, mapping: ColumnMapping | None = None) -> bytes:
    """One row after an action, byte for byte as it was when nothing changes. UserError when it cannot be."""
    parsed = parse_row(raw)
    if (reason := why_not_writable(parsed)) or parsed.value is None:
        raise UserError(reason)
    new = _changed(parsed.value, action, mapping)
    return raw if new is parsed.value else dump_row(new, raw)


def label_of(action: Action) -> str:
    """What the undo menu calls it."""
    match action:
        case SetWeight(which="all"):
            return "Train all answers"
        case SetWeight(which="last"):
            return "Train the last answer only"
        case SetWeight():
            return "Train no answer"
        case SetSystem():
            return "Set system prompt"
        case AppendToSystem():
            return "Append to system prompt"
        case RemoveSystem():
            return "Remove system prompt"
        case RenameRole():
            return f"Rename role {action.old} to {action.new}"
        case AddKey():
            return f"Add key {action.key}"
        case RemoveKey():
            return f"Remove key {action.key}"
        case TrimTexts():
            return "Trim texts"


def _check(action: Action) -> None:
    if isinstance(action, RenameRole) and not (action.old and action.new):
        raise UserError("A role has no name.", hint="Name the role as it is and as it shall be.")
    if isinstance(action, AddKey):
        _value_of(action)


def _value_of(action: AddKey) -> Any:
    try:
        return json.loads(action.value_json)
    except (ValueError, RecursionError) as error:
        message = f"The value of {action.key!r} is not JSON: {error}."
        raise UserError(message, hint='Put a text into double quotes: "like this".') from error


def _changed(value: Row, action: Action, mapping: ColumnMapping | None) -> Row:
    example = example_of(value, mapping)
    match action:
        case SetWeight():
            return _with_weights(value, example, action.which, mapping)
        case SetSystem():
            return _with_system(value, example, lambda old: action.text, mapping)
        case AppendToSystem():
            return _with_system(value, example, lambda old: _appended(old, action), mapping)
        case RemoveSystem():
            for index in reversed(_system_turns(example)):
                value = delete_turn(value, index, mapping)
            return value
        case RenameRole():
            return _with_role_renamed(value, example, action)
        case AddKey():
            return _with_key(value, action)
        case RemoveKey():
            if action.key not in value:
                return value
            return {key: item for key, item in value.items() if key != action.key}
        case TrimTexts():
            return _trimmed(value, example, action)


def _with_key(value: Row, action: AddKey) -> Row:
    """Compared as JSON, because 1, 1.0 and true are equal in Python."""
    new = _value_of(action)
    if action.key in value and (not action.overwrite or json.dumps(value[action.key]) == json.dumps(new)):
        return value
    return {**value, action.key: new}


def _with_weights(value: Row, example: Example, which: str, mapping: ColumnMapping | None) -> Row:
    answers = [index for index, turn in enumerate(example.messages) if turn.role == "assistant"]
    for index in answers:
        is_trained = which == "all" or (which == "last" and index == answers[-1])
        weight = example.messages[index].weight
        if is_trained and weight != 1:
            value = set_weight(value, index, None, mapping)
        elif not is_trained and weight != 0:
            value = set_weight(value, index, 0, mapping)
    return value


def _system_turns(example: Example) -> list[int]:
    return [index for index, turn in enumerate(example.messages) if turn.role in SYSTEM_ROLES]


def _with_system(
    value: Row, example: Example, change: Callable[[str], str], mapping: ColumnMapping | None
) -> Row:
    """The first system turn changed, or one put in front."""
    places = _system_turns(example)
    if not places:
        return insert_turn(value, 0, "system", change(""), mapping)
    old = example.messages[places[0]].content
    new = change(old or "")
    return value if new == old else set_content(value, places[0], new, mapping)


def _appended(old: str, action: AppendToSystem) -> str:
    return old + action.separator + action.text if old else action.text


def _with_role_renamed(value: Row, example: Example, action: RenameRole) -> Row:
    for pointer in _role_pointers(example):
        if value_at(value, pointer) == action.old:
            value = set_at(value, pointer, action.new)
    return value


def _role_pointers(example: Example) -> Iterator[str]:
    pointers = [turn.role_pointer for turn in all_turns(example) if turn.role_pointer]
    if example.messages and not pointers:
        raise UserError("The row's format names no roles, so none can be renamed.")
    yield from pointers


def _trimmed(value: Row, example: Example, action: TrimTexts) -> Row:
    """Blanks between the pieces of a turn part words and stay."""
    for turn in all_turns(example):
        pointers = text_pointers(turn)
        if not pointers or (action.roles and turn.role not in action.roles):
            continue
        if action.side != "end":
            value = _with_text(value, pointers[0], str.lstrip)
        if action.side != "start":
            value = _with_text(value, pointers[-1], str.rstrip)
    return value


def _with_text(value: Row, pointer: str, change: Callable[[str], str]) -> Row:
    text = value_at(value, pointer)
    new = change(text)
    return value if new == text else set_at(value, pointer, new)
