"""What the editor shows of one row, whatever its format: turns, compared answers, tools. Knows no widget."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tunedesk.dataset.example import Example, Message, RowFormat, Tool, ToolCall, example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.row_edits import value_at
from tunedesk.dataset.turn_places import ListPlace, list_place, main_list

WITHOUT_CALLS = (RowFormat.MAPPED, RowFormat.ALPACA)
WITH_WEIGHTS = (RowFormat.CHAT, RowFormat.SHAREGPT)
ANSWER = -1
"""The number of a turn that is compared with another."""
ROLES = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class TextView:
    """One string of a turn. text: None when something else stands there; `shown` is then its JSON.

    label: the key it stands under, "" when the turn has only this one. pointer: where it stands, or where it
    will stand when something is written. place: what row_edits.set_content takes to write it.
    """

    label: str
    text: str | None
    shown: str
    pointer: str
    place: str


@dataclass(frozen=True, slots=True)
class TurnView:
    """number: its place in the conversation, ANSWER for one that is compared with another.

    role: what it is called, the row's own key where roles follow from the place. roles: what it can be
    instead, () when that cannot be changed. is_trained: None where there is no choice, as only an assistant's
    turn is trained.
    """

    number: int
    role: str
    roles: tuple[str, ...]
    pointer: str
    texts: tuple[TextView, ...]
    can_move: bool
    """Also whether it can be duplicated and deleted."""
    is_trained: bool | None
    calls: tuple[ToolCall, ...]
    can_call: bool
    about: str


@dataclass(frozen=True, slots=True)
class ToolView:
    """base: the pointer above "name", "description" and "parameters"; "" when these cannot be edited here.

    parameters: JSON text, "" when there are none. schema: None when it is no JSON Schema of an object.
    """

    name: str
    description: str
    parameters: str
    schema: Mapping[str, Any] | None
    pointer: str
    base: str


@dataclass(frozen=True, slots=True)
class RowView:
    turns: tuple[TurnView, ...] = ()
    chosen: tuple[TurnView, ...] = ()
    rejected: tuple[TurnView, ...] = ()
    is_pair: bool = False
    is_judged: bool = False
    label: bool | None = None
    tools: tuple[ToolView, ...] = ()
    can_change: bool = False

    @property
    def all_turns(self) -> tuple[TurnView, ...]:
        """Of the conversation, then of the answers."""
        return (*self.turns, *self.chosen, *self.rejected)

    @property
    def is_shown(self) -> bool:
        """Whether there is anything that can be shown as a conversation."""
        return bool(self.turns) or self.is_pair or self.can_change


def row_view(value: Mapping[str, Any], mapping: ColumnMapping | None = None) -> RowView:
    """The view of a row, also of a broken one; nothing is shown of a row in no known format."""
    row = dict(value)
    example = example_of(row, mapping)
    return RowView(
        turns=tuple(_turn(row, example, each, number) for number, each in enumerate(example.messages)),
        chosen=tuple(_turn(row, example, each, ANSWER) for each in example.chosen),
        rejected=tuple(_turn(row, example, each, ANSWER) for each in example.rejected),
        is_pair=bool(example.chosen or example.rejected),
        is_judged=example.label is not None or example.format is RowFormat.UNPAIRED,
        label=example.label,
        tools=tuple(_tool(row, each) for each in example.tools),
        can_change=_can_add(row, example, mapping),
    )


def label_key(value: Mapping[str, Any], mapping: ColumnMapping | None = None) -> str:
    """The key under which an answer is judged good or bad."""
    if mapping is not None and mapping.label:
        return mapping.label
    return "kto_tag" if "kto_tag" in value or "conversations" in value else "label"


def _turn(row: dict[str, Any], example: Example, message: Message, number: int) -> TurnView:
    at = _own_list(row, example, message.pointer)
    can_move = at is not None and number != ANSWER
    roles = _roles(row, example, message, at)
    has_choice = can_move and message.role == "assistant" and example.format in WITH_WEIGHTS
    is_object = isinstance(_at(row, message.pointer), dict)
    return TurnView(
        number=number,
        role=_name_of(message, bool(roles)),
        roles=roles,
        pointer=message.pointer,
        texts=_texts(row, message),
        can_move=can_move,
        is_trained=message.weight != 0 if has_choice and example.is_supervised else None,
        calls=message.tool_calls,
        can_call=message.role == "assistant" and is_object and _holds_calls(example, message),
        about=_about(message),
    )


def _own_list(row: dict[str, Any], example: Example, pointer: str) -> ListPlace | None:
    """The list from which a turn can be taken; Alpaca's history holds pairs, not turns."""
    at = list_place(row, example.format, pointer)
    return None if at is None or at.base.startswith("/history") else at


def _roles(row: dict[str, Any], example: Example, message: Message, at: ListPlace | None) -> tuple[str, ...]:
    is_object = isinstance(_at(row, message.pointer), dict)
    if not is_object or (at is not None and at.texts):
        return ()
    if example.format is RowFormat.SHAREGPT:
        return (*ROLES, "function_call")
    return ROLES if example.format is RowFormat.MAPPED else (*ROLES, "developer")


def _holds_calls(example: Example, message: Message) -> bool:
    """ShareGPT writes a call as a turn of its own, so that only such a turn can have one more."""
    if example.format is RowFormat.SHAREGPT:
        return bool(message.tool_calls)
    return example.format not in WITHOUT_CALLS


def _can_add(row: dict[str, Any], example: Example, mapping: ColumnMapping | None) -> bool:
    """Whether a turn can be put behind the last one."""
    if example.messages and _own_list(row, example, example.messages[-1].pointer) is not None:
        return True
    return bool(main_list(example.format, mapping))


def _name_of(message: Message, has_roles: bool) -> str:
    """Where roles follow from the place, the key says more than the role."""
    key = _last_key(message.pointer)
    if has_roles or message.parts or key.isdigit() or not key:
        return message.role
    return key


def _about(message: Message) -> str:
    words = [f"named {message.name}"] if message.name else []
    if message.tool_call_id is not None:
        words.append(f"answers call {message.tool_call_id}")
    return ", ".join(words)


def _texts(row: dict[str, Any], message: Message) -> tuple[TextView, ...]:
    if message.parts:
        listed = [(part.text, part.pointer) for part in message.parts]
        return tuple(
            TextView(
                label=_label(pointer, place),
                text=text,
                shown="" if text is not None else _json_at(row, pointer),
                pointer=pointer,
                place=pointer,
            )
            for place, (text, pointer) in enumerate(listed, 1)
        )
    if message.text_pointer:
        return (TextView("", message.content or "", "", message.text_pointer, message.text_pointer),)
    if not message.pointer:
        return (TextView("", None, message.content or "", "", ""),)
    return _without_text(row, message)


def _without_text(row: dict[str, Any], message: Message) -> tuple[TextView, ...]:
    """A turn that has no text yet, or something else in its place."""
    pointer = message.pointer
    turn = _at(row, pointer)
    if isinstance(turn, dict):
        pointer += "/value" if message.role_pointer.endswith("/from") else "/content"
    stands = _at(row, pointer)
    if stands is None:
        return (TextView("", "", "", pointer, message.pointer),)
    if isinstance(stands, str):  # ShareGPT's function_call, whose calls are shown by themselves
        return ()
    return (TextView("", None, _json_at(row, pointer), pointer, ""),)


def _label(pointer: str, place: int) -> str:
    key = _last_key(pointer)
    return f"part {place}" if key == "text" or key.isdigit() else key


def _tool(row: dict[str, Any], tool: Tool) -> ToolView:
    stands = _at(row, tool.pointer)
    base, written = "", ""
    if isinstance(stands, dict):
        base = f"{tool.pointer}/function" if isinstance(stands.get("function"), dict) else tool.pointer
        written = _json_at(row, f"{base}/parameters")
    elif tool.parameters is not None:
        written = _json(tool.parameters)
    return ToolView(tool.name, tool.description, written, tool.parameters, tool.pointer, base)


def _last_key(pointer: str) -> str:
    return pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _at(row: dict[str, Any], pointer: str) -> Any:
    try:
        return value_at(row, pointer)
    except LookupError:
        return None


def _json_at(row: dict[str, Any], pointer: str) -> str:
    stands = _at(row, pointer)
    return "" if stands is None else _json(stands)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return "(too deep to be shown)"
