"""Lists of messages in OpenAI's and TRL's words, wherever in a row they stand."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tunedesk.dataset.formats.model import Message, Part, Tool, ToolCall

REASONING_KEYS = ("reasoning_content", "thinking", "reasoning")


def read_turns(listed: Any, base: str) -> tuple[Message, ...]:
    """One message for each item of a list, whatever the items are; () for what is no list."""
    if not isinstance(listed, list):
        return ()
    return tuple([read_turn(turn, _pointers(base, index)) for index, turn in enumerate(listed)])


def read_turn(turn: Any, pointers: tuple[str, str, str]) -> Message:
    """pointers: of the turn, its content, and its role."""
    if not isinstance(turn, dict):
        return Message("", None, None, pointers[0])
    content = turn.get("content")
    role = turn.get("role")
    if len(turn) == 2 and type(content) is str and type(role) is str:
        return Message(role, content, None, *pointers)
    return _full_turn(turn, *pointers)


def read_side(side: Any, pointer: str, role: str) -> tuple[Message, ...]:
    """One side of a pair: a text is one turn of `role`, a list is its turns, a message alone is one."""
    if isinstance(side, list):
        return read_turns(side, pointer)
    if isinstance(side, dict):
        return (read_turn(side, (pointer, f"{pointer}/content", f"{pointer}/role")),)
    return (plain_turn(side, pointer, role),)


def plain_turn(text: Any, pointer: str, role: str, weight: int | None = None) -> Message:
    """A turn that is one value of the row; its role follows from the place."""
    if isinstance(text, str):
        return Message(role, text, weight, pointer, pointer)
    return Message(role, None, weight, pointer)


def read_tools(value: dict[str, Any], base: str = "") -> tuple[Tool, ...]:
    """`tools` as a list or as JSON text (the column of TRL and ShareGPT), and OpenAI's older `functions`."""
    if "tools" not in value and "functions" not in value:
        return ()
    found: list[Tool] = []
    for key in ("tools", "functions"):
        column = value.get(key)
        listed = parsed(column) if isinstance(column, str) else column
        for index, item in enumerate(listed if isinstance(listed, list) else []):
            pointer = f"{base}/{key}" if isinstance(column, str) else f"{base}/{key}/{index}"
            found.append(_tool(item, pointer))
    return tuple(found)


def read_call(call: Any, pointer: str) -> ToolCall:
    """A call as OpenAI and TRL write it: {"id", "type", "function": {"name", "arguments"}}, or the inner
    object alone.
    """
    if not isinstance(call, dict):
        return ToolCall(None, "", "", True, pointer)
    inner = call.get("function")
    function = inner if isinstance(inner, dict) else call
    name, called = function.get("name"), call.get("id")
    arguments = function.get("arguments", "")
    is_text = isinstance(arguments, str)
    return ToolCall(
        called if isinstance(called, str) else None,
        name if isinstance(name, str) else "",
        arguments if is_text else written(arguments),
        is_text,
        pointer,
    )


def weight_of(turn: dict[str, Any]) -> int | None:
    """`weight` as in OpenAI's chat; else `train`, Axolotl's flag of a turn (message_field_training)."""
    weight = turn.get("weight")
    if isinstance(weight, int) and not isinstance(weight, bool):
        return weight
    train = turn.get("train")
    return int(train) if isinstance(train, bool) and "weight" not in turn else None


def parsed(text: str) -> Any:
    """The value of a JSON text, None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def written(value: Any) -> str:
    """A value as JSON text; "" when Python cannot write it (too deep, or a number of thousands of digits)."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


def shown(role: Any) -> str:
    """A role of a wrong type as text; str() refuses integers of more than 4,300 digits."""
    if role is None:
        return ""
    try:
        return str(role)
    except (ValueError, RecursionError):
        return "?"


@lru_cache(maxsize=4096)
def _pointers(base: str, index: int) -> tuple[str, str, str]:
    pointer = f"{base}/{index}"
    return pointer, f"{pointer}/content", f"{pointer}/role"


def _full_turn(turn: dict[str, Any], pointer: str, text_pointer: str, role_pointer: str) -> Message:
    content, role = turn.get("content"), turn.get("role", "")
    parts = _parts(content, text_pointer) if isinstance(content, list) else ()
    if parts:
        content = _joined(parts)
    is_plain = isinstance(content, str) and not parts
    name, call = turn.get("name"), turn.get("tool_call_id")
    return Message(
        role=role if isinstance(role, str) else shown(role),
        content=content if isinstance(content, str) else None,
        weight=weight_of(turn),
        pointer=pointer,
        text_pointer=text_pointer if is_plain else "",
        role_pointer=role_pointer if "role" in turn else "",
        parts=parts,
        name=name if isinstance(name, str) else None,
        tool_calls=_calls(turn, pointer),
        tool_call_id=call if isinstance(call, str) else None,
        reasoning=_reasoning(turn),
    )


def _reasoning(turn: dict[str, Any]) -> str | None:
    """The first of the keys in transformers' order (chat_template_utils._REASONING_FIELDS) that is set."""
    found = next((turn[key] for key in REASONING_KEYS if turn.get(key) is not None), None)
    return found if isinstance(found, str) else None


def _parts(content: list[Any], base: str) -> tuple[Part, ...]:
    return tuple(_part(item, f"{base}/{index}") for index, item in enumerate(content))


def _part(item: Any, pointer: str) -> Part:
    """Text parts are {"type": "text", "text": ...}; anything else is no text."""
    if isinstance(item, dict) and item.get("type", "text") == "text" and isinstance(item.get("text"), str):
        return Part(item["text"], f"{pointer}/text")
    return Part(None, pointer)


def _joined(parts: Sequence[Part]) -> str | None:
    """Templates write text parts one after the other, with nothing between them."""
    texts = [part.text for part in parts if part.text is not None]
    return "".join(texts) if len(texts) == len(parts) else None


def _calls(turn: dict[str, Any], pointer: str) -> tuple[ToolCall, ...]:
    listed = turn.get("tool_calls")
    calls = [
        read_call(call, f"{pointer}/tool_calls/{index}")
        for index, call in enumerate(listed if isinstance(listed, list) else [])
    ]
    if isinstance(turn.get("function_call"), dict):  # OpenAI's older way
        calls.append(read_call(turn["function_call"], f"{pointer}/function_call"))
    return tuple(calls)


def _tool(item: Any, pointer: str) -> Tool:
    if not isinstance(item, dict):
        return Tool("", "", None, pointer)
    inner = item.get("function")
    function = inner if isinstance(inner, dict) else item
    name, description = function.get("name"), function.get("description")
    parameters = function.get("parameters")
    return Tool(
        name if isinstance(name, str) else "",
        description if isinstance(description, str) else "",
        parameters if isinstance(parameters, dict) else None,
        pointer,
        None if "/functions/" in pointer else item,  # the older list holds what stands in a tool's "function"
    )
