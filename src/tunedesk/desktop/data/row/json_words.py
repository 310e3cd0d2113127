"""The keys and values that a row of a known format can have at a place; knows formats, not editors."""

from tunedesk.desktop.data.row.json_places import Spot

_TURN = ("role", "content", "name", "weight", "tool_calls", "tool_call_id")
_CALL = ("id", "type", "function")
_TOOL = ("type", "function")
_SCHEMA = ("type", "properties", "required", "description", "enum", "items", "additionalProperties")
_TOP = (
    "messages",
    "tools",
    "prompt",
    "completion",
    "chosen",
    "rejected",
    "label",
    "text",
    "instruction",
    "input",
    "output",
    "system",
    "history",
    "conversations",
    "preferred_output",
    "non_preferred_output",
    "parallel_tool_calls",
)
_TOGETHER = (
    frozenset({"messages", "tools", "parallel_tool_calls"}),
    frozenset({"prompt", "completion", "label", "tools"}),
    frozenset({"prompt", "chosen", "rejected", "tools"}),
    frozenset({"input", "preferred_output", "non_preferred_output"}),
    frozenset({"instruction", "input", "output", "system", "history"}),
    frozenset({"conversations", "system", "tools"}),
)
"""Keys that belong to one format; a row that has one of them is offered the others."""
_TURN_LISTS = {
    "messages",
    "prompt",
    "completion",
    "chosen",
    "rejected",
    "preferred_output",
    "non_preferred_output",
}
_VALUES = {
    "role": ("system", "user", "assistant", "tool", "developer"),
    "from": ("human", "gpt", "system", "observation", "function_call"),
    "weight": ("0", "1"),
    "label": ("true", "false"),
    "parallel_tool_calls": ("true", "false"),
}
_TYPES = ("string", "number", "integer", "boolean", "array", "object")
_LITERALS = {"0", "1", "true", "false"}


def words_at(spot: Spot) -> tuple[str, ...]:
    """What can be written at a place, without quotes; () where anything can."""
    if spot.is_key:
        return tuple(key for key in _keys(spot) if key not in spot.taken)
    return _values(spot)


def is_literal(word: str) -> bool:
    """Whether it is written without quotes."""
    return word in _LITERALS


def _keys(spot: Spot) -> tuple[str, ...]:
    path = spot.path
    names = [key for key in path if isinstance(key, str)]
    if not path:
        return _top_keys(spot.taken)
    if "parameters" in names:
        return () if names[-1] == "properties" else _SCHEMA
    if names[-1] == "function":
        return ("name", "arguments") if "tool_calls" in names else ("name", "description", "parameters")
    if isinstance(path[-1], int):
        if names[-1] in _TURN_LISTS:
            return _TURN
        listed = {"conversations": ("from", "value"), "tool_calls": _CALL, "tools": _TOOL}
        listed["content"] = ("type", "text", "image_url")
        return listed.get(names[-1], ())
    return ("messages", "tools", "parallel_tool_calls") if path == ("input",) else ()


def _top_keys(taken: frozenset[str]) -> tuple[str, ...]:
    fitting = [keys for keys in _TOGETHER if keys & taken]
    if not fitting:
        return _TOP
    return tuple(key for key in _TOP if any(key in keys for keys in fitting))


def _values(spot: Spot) -> tuple[str, ...]:
    if spot.key == "type":
        names = [key for key in spot.path if isinstance(key, str)]
        if "parameters" in names:
            return _TYPES
        return ("text", "image_url") if names and names[-1] == "content" else ("function",)
    return _VALUES.get(spot.key, ())
