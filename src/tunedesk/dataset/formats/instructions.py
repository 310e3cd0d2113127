"""Alpaca and ShareGPT as LLaMA-Factory defines them (data/README.md of hiyouga/LLaMA-Factory)."""

from typing import Any

from tunedesk.dataset.formats.model import Example, Message, Part, RowFormat, ToolCall
from tunedesk.dataset.formats.turns import parsed, plain_turn, read_call, read_tools, shown, weight_of

Row = dict[str, Any]
SHAREGPT_ROLES = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "assistant": "assistant",
    "system": "system",
    "observation": "tool",
    "tool": "tool",
    "function_call": "assistant",
}
"""from -> OpenAI's word. The first name of each role is the one that is written."""
FUNCTION_CALL = "function_call"


def read_alpaca(value: Row) -> Example:
    """System, history, instruction with input, output. Answers of the history are trained like the last."""
    turns = [_system(value)] if _has_text(value, "system") else []
    turns += _history(value.get("history"))
    turns.append(_instruction(value))
    chosen, rejected = _sides(value)
    if "output" in value or not (chosen or rejected):
        turns.append(plain_turn(value.get("output"), "/output", "assistant"))
    label = _kto_tag(value)
    return Example(RowFormat.ALPACA, tuple(turns), read_tools(value), chosen, rejected, label)


def read_sharegpt(value: Row) -> Example:
    """The `system` column counts only where the conversation has no system turn of its own."""
    listed = value.get("conversations")
    turns = tuple(
        _sharegpt_turn(turn, f"/conversations/{index}")
        for index, turn in enumerate(listed if isinstance(listed, list) else [])
    )
    if _has_text(value, "system") and not (turns and turns[0].role == "system"):
        turns = (_system(value), *turns)
    chosen, rejected = _sides(value)
    return Example(RowFormat.SHAREGPT, turns, read_tools(value), chosen, rejected, _kto_tag(value))


def _system(value: Row) -> Message:
    return plain_turn(value["system"], "/system", "system")


def _has_text(value: Row, key: str) -> bool:
    """An empty or absent column is no turn; one of a wrong type is shown as a turn without text."""
    return value.get(key) not in (None, "")


def _history(history: Any) -> list[Message]:
    turns: list[Message] = []
    for index, pair in enumerate(history if isinstance(history, list) else []):
        sides = pair[:2] if isinstance(pair, list) else [None]
        for side, text in enumerate(sides):
            turns.append(plain_turn(text, f"/history/{index}/{side}", ("user", "assistant")[side]))
    return turns


def _instruction(value: Row) -> Message:
    """Instruction and input are joined by a line feed, unless one of them is empty."""
    instruction, more = value.get("instruction"), value.get("input")
    if more in (None, ""):
        return plain_turn(instruction, "/instruction", "user")
    if instruction == "" and isinstance(more, str):
        return Message("user", more, None, "/instruction", "/input")
    parts = (_part(instruction, "/instruction"), _part(more, "/input"))
    texts = [part.text for part in parts if part.text is not None]
    return Message("user", "\n".join(texts) if len(texts) == 2 else None, None, "/instruction", parts=parts)


def _part(text: Any, pointer: str) -> Part:
    return Part(text if isinstance(text, str) else None, pointer)


def _sides(value: Row) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    return _side(value, "chosen"), _side(value, "rejected")


def _side(value: Row, key: str) -> tuple[Message, ...]:
    """Alpaca has texts here, ShareGPT turns."""
    if key not in value:
        return ()
    side = value[key]
    pointer = f"/{key}"
    return (
        _sharegpt_turn(side, pointer) if isinstance(side, dict) else plain_turn(side, pointer, "assistant"),
    )


def _kto_tag(value: Row) -> bool | None:
    tag = value.get("kto_tag")
    return tag if isinstance(tag, bool) else None


def _sharegpt_turn(turn: Any, pointer: str) -> Message:
    """Keys are `from` and `value`; many files have `role` and `content` in the same place."""
    if not isinstance(turn, dict):
        return Message("", None, None, pointer)
    role_key, text_key = turn_keys(turn)
    speaker, text = turn.get(role_key, ""), turn.get(text_key)
    text_pointer = f"{pointer}/{text_key}"
    calls: tuple[ToolCall, ...] = ()
    role = speaker if isinstance(speaker, str) else shown(speaker)
    if role == FUNCTION_CALL and isinstance(text, str):
        calls = _calls(text, text_pointer)
        role = "assistant" if calls else role
    else:
        role = SHAREGPT_ROLES.get(role, role)
    is_text = isinstance(text, str) and not calls
    return Message(
        role=role,
        content=text if is_text else None,
        weight=weight_of(turn),
        pointer=pointer,
        text_pointer=text_pointer if is_text else "",
        role_pointer=f"{pointer}/{role_key}" if role_key in turn else "",
        tool_calls=calls,
    )


def turn_keys(turn: Row) -> tuple[str, str]:
    """The names of role and text in a turn of `conversations`."""
    role = "role" if "role" in turn and "from" not in turn else "from"
    text = "content" if "content" in turn and "value" not in turn else "value"
    if role not in turn and text == "content":
        role = "role"
    if text not in turn and role == "role":
        text = "content"
    return role, text


def _calls(text: str, pointer: str) -> tuple[ToolCall, ...]:
    """The calls in a function_call's text, one object or a list; () when there are none that can be read."""
    found = parsed(text)
    calls = found if isinstance(found, list) else [found]
    if not all(isinstance(call, dict) and isinstance(call.get("name"), str) for call in calls):
        return ()
    return tuple(read_call(call, pointer) for call in calls)
