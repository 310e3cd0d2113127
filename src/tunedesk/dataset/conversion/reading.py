"""A row of any format as a dialogue."""

from collections.abc import Mapping
from typing import Any

from tunedesk.dataset.conversion.dialogue import Call, Dialogue, Turn, refuse
from tunedesk.dataset.example import Example, Message, RowFormat, example_of
from tunedesk.dataset.formats.detect import PREFERRED, REFUSED
from tunedesk.dataset.formats.instructions import turn_keys
from tunedesk.dataset.formats.turns import parsed
from tunedesk.dataset.json_pointer import value_at
from tunedesk.dataset.mapping import ColumnMapping

Row = dict[str, Any]
F = RowFormat
_PROMPTED = frozenset({"prompt", "completion", "tools"})
_TUNED = frozenset({"system", "tools", "chosen", "rejected", "kto_tag"})
KEYS_OF: dict[RowFormat, frozenset[str]] = {
    F.CHAT: frozenset({"messages", "tools", "functions"}),
    F.REINFORCEMENT: frozenset({"messages", "tools", "functions"}),
    F.PREFERENCE: frozenset({"input", *PREFERRED, *REFUSED}),
    F.TRL_PREFERENCE: frozenset({"prompt", "messages", "chosen", "rejected", "tools"}),
    F.UNPAIRED: _PROMPTED | {"label"},
    F.STEPWISE: frozenset({"prompt", "completions", "labels"}),
    F.PROMPT_COMPLETION: _PROMPTED,
    F.PROMPT_ONLY: _PROMPTED,
    F.TEXT: frozenset({"text"}),
    F.ALPACA: _TUNED | {"instruction", "input", "output", "history"},
    F.SHAREGPT: _TUNED | {"conversations"},
}

_LISTS = {F.CHAT: "messages", F.REINFORCEMENT: "messages", F.SHAREGPT: "conversations"}


def read_dialogue(value: Row, mapping: ColumnMapping | None) -> Dialogue:
    """CannotConvert for a row of nobody's format, and for tools that cannot be read."""
    example = example_of(value, mapping)
    kind = example.format
    if kind is F.UNKNOWN:
        refuse("", "its keys are nobody's format; say what its columns mean first")
    listed = _LISTS.get(kind)
    if listed is not None and not isinstance(value.get(listed), list):
        refuse(f"/{listed}", f"{listed} is no list")
    holder, base = _holder(value, kind)
    tools, old_tools = _tools(holder, base, kind)
    return Dialogue(
        kind=kind,
        turns=_turns(value, example, example.messages, mapping),
        chosen=_turns(value, example, example.chosen, mapping),
        rejected=_turns(value, example, example.rejected, mapping),
        label=example.label,
        tools=tools,
        old_tools=old_tools,
        rest=_rest(value, holder, kind, mapping),
    )


def _holder(value: Row, kind: RowFormat) -> tuple[Row, str]:
    """Where the tools stand, and its pointer."""
    asked = value.get("input") if kind is F.PREFERENCE else None
    return (asked, "/input") if isinstance(asked, dict) else (value, "")


def _rest(value: Row, holder: Row, kind: RowFormat, mapping: ColumnMapping | None) -> Row:
    known = KEYS_OF.get(kind, frozenset(mapping.columns if mapping is not None else ()) | {"tools"})
    rest = {key: item for key, item in value.items() if key not in known or _is_empty(key, item)}
    if holder is not value:
        rest.update((key, item) for key, item in holder.items() if key not in ("messages", "tools"))
    return rest


def _is_empty(key: str, item: Any) -> bool:
    """No tools at all, in whatever way that is written."""
    return key in ("tools", "functions") and not item


def _tools(holder: Row, base: str, kind: RowFormat) -> tuple[list[Any] | None, bool]:
    """`tools`, as a list or as its text, or OpenAI's older `functions`, and whether it is those."""
    tools = holder.get("tools")
    is_text = isinstance(tools, str)
    if is_text and tools:
        tools = parsed(str(tools))
    old = holder.get("functions") if kind in (F.CHAT, F.REINFORCEMENT) and not tools else None
    if not tools and not old:
        return None, False
    if not isinstance(tools or old, list):
        refuse(f"{base}/{'functions' if old else 'tools'}", "its tools are no list")
    if old:
        return [{"type": "function", "function": function} for function in old], True
    return [_wrapped(tool) if is_text else tool for tool in tools or []], False


def _wrapped(tool: Any) -> Any:
    is_bare = isinstance(tool, dict) and "function" not in tool and "name" in tool
    return {"type": "function", "function": tool} if is_bare else tool


def _turns(
    value: Row, example: Example, messages: tuple[Message, ...], mapping: ColumnMapping | None
) -> tuple[Turn, ...]:
    return tuple(_turn(value, example.format, message, mapping) for message in messages)


def _turn(value: Row, kind: RowFormat, message: Message, mapping: ColumnMapping | None) -> Turn:
    raw = _at(value, message.pointer)
    if not isinstance(raw, dict):
        if message.pointer and message.content is None:
            refuse(message.pointer, f"its {message.role or 'first'} text is no text")
        return Turn(message.role, message.content, message.pointer, message.weight)
    if kind is F.SHAREGPT:
        return _sharegpt_turn(raw, message)
    if kind is F.MAPPED and mapping is not None:
        known = {mapping.role_key, mapping.text_key}
        rest = {key: item for key, item in raw.items() if key not in known}
        return Turn(message.role, message.content, message.pointer, rest=rest)
    return _openai_turn(raw, message)


def _at(value: Row, pointer: str) -> Any:
    """What stands there; None for a column that the row lacks, and for a turn that stands in no row."""
    try:
        return value_at(value, pointer) if pointer else None
    except LookupError:
        return None


def _openai_turn(raw: Row, message: Message) -> Turn:
    """Keys whose values are not of their type are carried along like unknown ones."""
    read = {"role", "content"}
    read |= {"weight"} if message.weight is not None and raw.get("weight") == message.weight else set()
    read |= {"train"} if message.weight is not None and "weight" not in raw else set()
    read |= {"name"} if message.name is not None else set()
    read |= {"tool_call_id"} if message.tool_call_id is not None else set()
    read |= {"tool_calls"} if isinstance(raw.get("tool_calls"), list) and raw["tool_calls"] else set()
    read |= {"function_call"} if isinstance(raw.get("function_call"), dict) else set()
    if not isinstance(raw.get("role"), str):
        refuse(message.pointer, "a turn has no role")
    return Turn(
        role=message.role,
        content=raw.get("content"),
        pointer=message.pointer,
        weight=message.weight,
        name=message.name,
        calls=_calls(raw, message),
        call_id=message.tool_call_id,
        rest={key: item for key, item in raw.items() if key not in read},
        has_content="content" in raw,
    )


def _calls(raw: Row, message: Message) -> tuple[Call, ...]:
    found = []
    for call in message.tool_calls:
        is_old = call.pointer.endswith("/function_call")
        item = raw["function_call"] if is_old else raw["tool_calls"][int(call.pointer.rpartition("/")[2])]
        if not isinstance(item, dict):
            refuse(call.pointer, "a tool call is no object")
        inner = item.get("function")
        arguments = (inner if isinstance(inner, dict) else item).get("arguments", "")
        found.append(Call(call.id, call.name, arguments, call.pointer, is_old, item))
    return tuple(found)


def _sharegpt_turn(raw: Row, message: Message) -> Turn:
    known: set[str] = {*turn_keys(raw)}
    known |= {key for key in ("weight", "train") if message.weight is not None and key in raw}
    calls = tuple(
        Call(call.id, call.name, call.arguments if call.is_text else parsed(call.arguments), call.pointer)
        for call in message.tool_calls
    )
    rest: Mapping[str, Any] = {key: item for key, item in raw.items() if key not in known}
    if not calls and message.content is None:
        refuse(message.pointer, "a turn has no text")
    content = None if calls else message.content
    return Turn(message.role, content, message.pointer, message.weight, calls=calls, rest=rest)
