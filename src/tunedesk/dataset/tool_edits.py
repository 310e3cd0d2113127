"""Edits of tool calls and of the tools that a row offers, as text or as objects, whichever stands there."""

import json
from typing import Any

from tunedesk.dataset.example import Example, Message, RowFormat, ToolCall, detect_format, example_of
from tunedesk.dataset.formats.turns import parsed
from tunedesk.dataset.json_pointer import delete_at, set_at, value_at
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.turn_places import Place, Row, refusal, turn_at
from tunedesk.errors import UserError


def set_tool_call(
    value: Row, pointer: str, name: str, arguments: str, mapping: ColumnMapping | None = None
) -> Row:
    """The call at the pointer (ToolCall.pointer) with another name and other arguments.

    arguments: JSON text; it is written as text or as an object, as it was. UserError when an object is needed
    and the text is none. LookupError when no call stands there.
    """
    example = example_of(value, mapping)
    calls = _calls_at(example, pointer)
    if example.format is RowFormat.SHAREGPT:
        return _set_sharegpt_call(value, pointer, calls, name, arguments)
    item = value_at(value, pointer)
    has_inner = isinstance(item, dict) and isinstance(item.get("function"), dict)
    inner = f"{pointer}/function" if has_inner else pointer
    call = value_at(value, inner)
    content = {**(call if isinstance(call, dict) else {}), "name": name}
    content["arguments"] = arguments if calls[0].is_text else _object(arguments)
    return _row(set_at(value, inner, content))


def add_tool_call(
    value: Row, place: Place, name: str, arguments: str = "{}", mapping: ColumnMapping | None = None
) -> Row:
    """A call at the end of an assistant's turn, written as the row's other calls, else OpenAI's way."""
    example, turn = turn_at(value, place, mapping)
    if example.format is RowFormat.SHAREGPT:
        return _add_sharegpt_call(value, turn, name, arguments)
    item = value_at(value, turn.pointer)
    if turn.role != "assistant" or not isinstance(item, dict) or example.format is RowFormat.MAPPED:
        raise refusal(example.format, "place for a tool call here", "Only an assistant's message can call.")
    listed = item.get("tool_calls")
    others = [call for message in _turns(example) for call in message.tool_calls]
    call: dict[str, Any] = {"type": "function", "function": {"name": name}}
    is_text = all(other.is_text for other in others)
    call["function"]["arguments"] = arguments if is_text else _object(arguments)
    if not others or any(other.id for other in others):
        call = {"id": _free_id(others), **call}
    calls = [*(listed if isinstance(listed, list) else []), call]
    return _row(set_at(value, f"{turn.pointer}/tool_calls", calls))


def delete_tool_call(value: Row, pointer: str, mapping: ColumnMapping | None = None) -> Row:
    """The call taken out; the last one takes the key along. LookupError when no call stands there."""
    example = example_of(value, mapping)
    calls = _calls_at(example, pointer)
    if example.format is RowFormat.SHAREGPT:
        if len(calls) > 1:
            raise _several_in_one_text()
        raise UserError("In ShareGPT a tool call is a turn of its own.", hint="Delete the turn.")
    base = pointer.rpartition("/")[0]
    is_listed = base.endswith("/tool_calls")
    alone = is_listed and len(value_at(value, base)) == 1
    return _row(delete_at(value, base if alone else pointer))


def set_tools(value: Row, tools: list[Any] | None, mapping: ColumnMapping | None = None) -> Row:
    """The tools that the row offers, each an object; None or none at all takes the key out.

    A column of JSON text stays one, and ShareGPT's new one is text, as LLaMA-Factory reads it.
    """
    kind = detect_format(value, mapping)
    inside = "input" if kind is RowFormat.PREFERENCE else ""
    holder = value.get(inside) if inside else value
    holder = holder if isinstance(holder, dict) else {}
    old = holder.get("tools")
    as_text = isinstance(old, str) or (old is None and kind in (RowFormat.SHAREGPT, RowFormat.ALPACA))
    new = {key: item for key, item in holder.items() if key != "tools" or tools}
    if tools:
        new["tools"] = json.dumps(tools, ensure_ascii=False) if as_text else tools
    return {**value, inside: new} if inside else new


def _set_sharegpt_call(value: Row, pointer: str, calls: list[ToolCall], name: str, arguments: str) -> Row:
    if len(calls) > 1:
        raise _several_in_one_text()
    old = parsed(value_at(value, pointer))
    is_list = isinstance(old, list)
    call = old[0] if isinstance(old, list) else old
    new = {**call, "name": name, "arguments": arguments if calls[0].is_text else _object(arguments)}
    return _row(set_at(value, pointer, json.dumps([new] if is_list else new, ensure_ascii=False)))


def _add_sharegpt_call(value: Row, turn: Message, name: str, arguments: str) -> Row:
    if not turn.tool_calls:
        hint = "Add a turn and give it the role function_call."
        raise UserError("In ShareGPT a tool call is a turn of its own.", hint=hint)
    pointer = turn.tool_calls[0].pointer
    old = parsed(value_at(value, pointer))
    calls = [*(old if isinstance(old, list) else [old]), {"name": name, "arguments": _object(arguments)}]
    return _row(set_at(value, pointer, json.dumps(calls, ensure_ascii=False)))


def _several_in_one_text() -> UserError:
    return UserError("This turn holds several tool calls in one text.", hint="Edit that text as JSON.")


def _calls_at(example: Example, pointer: str) -> list[ToolCall]:
    found = [call for turn in _turns(example) for call in turn.tool_calls if call.pointer == pointer]
    if not found:
        raise LookupError(pointer)
    return found


def _turns(example: Example) -> tuple[Message, ...]:
    return (*example.messages, *example.chosen, *example.rejected)


def _object(arguments: str) -> Any:
    found = parsed(arguments)
    if not isinstance(found, dict):
        message = "The arguments of this call are an object, and the new text is none."
        raise UserError(message, hint='Write an object such as {"city": "Rome"}.')
    return found


def _free_id(calls: list[ToolCall]) -> str:
    """Nine letters and digits, which also Mistral accepts."""
    taken = {call.id for call in calls}
    number = len(calls) + 1
    while (name := f"call{number:05d}") in taken:
        number += 1
    return name


def _row(value: Any) -> Row:
    assert isinstance(value, dict)
    return value
