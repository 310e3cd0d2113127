"""Rows with one peculiarity each, and what the linter says of them; every tool is shown the same ones."""

import json
from typing import Any

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.finding import Severity
from tunedesk.lint.rows import is_trainable, lint_row
from tunedesk.lint.targets import Target

Row = dict[str, Any]
Turn = dict[str, Any]


def user(text: Any = "Where is my parcel?", **keys: Any) -> Turn:
    return {"role": "user", "content": text, **keys}


def assistant(text: Any = "It will come tomorrow.", **keys: Any) -> Turn:
    return {"role": "assistant", "content": text, **keys}


def system(text: Any = "You answer mail.", **keys: Any) -> Turn:
    return {"role": "system", "content": text, **keys}


def call(name: str = "track", arguments: Any = '{"number": "A1"}', **keys: Any) -> Turn:
    made = {"type": "function", "function": {"name": name, "arguments": arguments}, **keys}
    return {"role": "assistant", "content": None, "tool_calls": [{"id": "call00001", **made}]}


def result(name: Any = "call00001") -> Turn:
    return {"role": "tool", "tool_call_id": name, "content": "in Lyon"}


TOOL: Row = {
    "type": "function",
    "function": {
        "name": "track",
        "description": "Where a parcel is",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "string"}},
            "required": ["number"],
        },
    },
}


def chat(*turns: Any, **keys: Any) -> Row:
    return {"messages": list(turns), **keys}


CHATS: dict[str, Row] = {
    "plain": chat(user(), assistant()),
    "with system": chat(system(), user(), assistant()),
    "two rounds": chat(user(), assistant(), user("Thanks."), assistant("You are welcome.")),
    "weights": chat(user(), assistant(weight=0), user("Look again."), assistant("In Lyon.", weight=1)),
    "named": chat(user(name="Ann"), assistant()),
    "no messages": {"id": 1},
    "empty list": chat(),
    "not a list": {"messages": "Hello"},
    "turn is text": {"messages": ["Hello", assistant()]},
    "no role": chat({"content": "Hello"}, assistant()),
    "no content": chat(user(), {"role": "assistant"}),
    "null content": chat(user(), assistant(None)),
    "empty answer": chat(user(), assistant("")),
    "number as content": chat(user(), assistant(5)),
    "role of ShareGPT": chat({"role": "human", "content": "Hello"}, assistant()),
    "role developer": chat({"role": "developer", "content": "Be brief."}, user(), assistant()),
    "unknown role": chat({"role": "narrator", "content": "It rains."}, user(), assistant()),
    "key beside messages": chat(user(), assistant(), id=7),
    "key in a turn": chat(user(mood="glad"), assistant()),
    "no answer": chat(system(), user()),
    "no question": chat(system(), assistant()),
    "ends with a question": chat(user(), assistant(), user("Thanks.")),
    "two questions": chat(user(), user("Hello?"), assistant()),
    "two answers": chat(user(), assistant(), assistant("Or the day after.")),
    "system later": chat(user(), assistant(), system(), user("And now?"), assistant()),
    "weight two": chat(user(), assistant(weight=2)),
    "weight as text": chat(user(), assistant(weight="1")),
    "nothing trained": chat(user(), assistant(weight=0)),
}
CALLS: dict[str, Row] = {
    "call and result": chat(user(), call(), result(), assistant(), tools=[TOOL]),
    "call at the end": chat(user(), call(), tools=[TOOL]),
    "call without result": chat(user(), call(), assistant(), tools=[TOOL]),
    "result without call": chat(user(), result(), assistant(), tools=[TOOL]),
    "two results": chat(user(), call(), result(), result(), assistant(), tools=[TOOL]),
    "short id": chat(user(), call(id="c1"), result("c1"), assistant(), tools=[TOOL]),
    "long id": chat(user(), call(id="call_0000001"), result("call_0000001"), assistant(), tools=[TOOL]),
    "name with a blank": chat(
        user(),
        call("track parcel"),
        result(),
        assistant(),
        tools=[{"type": "function", "function": {**TOOL["function"], "name": "track parcel"}}],
    ),
    "schema of a wrong type": chat(
        user(),
        assistant(),
        tools=[{"type": "function", "function": {**TOOL["function"], "parameters": {"type": "thing"}}}],
    ),
}


def codes(value: object, target: str) -> set[str]:
    """Codes of the linter's errors."""
    found = lint_row(parse_row(json.dumps(value).encode()), Target(target))
    return {each.code for each in found if each.severity is Severity.ERROR}


def is_rejected(value: object, target: Target) -> bool:
    """Whether the linter says that the target rejects or drops the row."""
    return not is_trainable(lint_row(parse_row(json.dumps(value).encode()), target))
