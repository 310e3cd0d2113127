"""Calls are read where a model made them, in the forms that templates teach, and nothing else is one."""

import json

import pytest

from tunedesk.serve.chat_tools import calls_in, safe_length

NAMES = ("weather", "time")
WEATHER = '{"name": "weather", "arguments": {"city": "Köln"}}'
TIME = '{"name": "time", "arguments": {}}'


@pytest.mark.parametrize(
    ("text", "said", "called"),
    [
        (f"<tool_call>\n{WEATHER}\n</tool_call>", "", ["weather"]),
        (
            f"I look.\n<tool_call>\n{WEATHER}\n</tool_call>\n<tool_call>{TIME}</tool_call>",
            "I look.",
            list(NAMES),
        ),
        (f"<tool_call>\n{WEATHER}", "", ["weather"]),
        ('{"name": "weather", "parameters": {"city": "Köln"}}', "", ["weather"]),
        (f"[{WEATHER}, {TIME}]", "", list(NAMES)),
        ('{"type": "function", "function": {"name": "time", "arguments": "{}"}}', "", ["time"]),
        ('  {"name": "time"}\n', "", ["time"]),
    ],
)
def test_the_forms_of_templates_are_read(text: str, said: str, called: list[str]) -> None:
    rest, calls = calls_in(text, NAMES)
    assert rest == said
    assert [call.name for call in calls] == called
    assert all(isinstance(json.loads(call.arguments), dict) for call in calls)
    assert len({call.id for call in calls}) == len(calls)


@pytest.mark.parametrize(
    "text",
    [
        "It is sunny.",
        "",
        "[]",
        '{"name": "unknown", "arguments": {}}',
        '{"name": "weather", "arguments": "not an object"}',
        '{"name": "weather", "arguments": [1]}',
        f"<tool_call>{WEATHER}</tool_call><tool_call>broken</tool_call>",
        "<tool_call>",
        f"{WEATHER} and more",
        "[" * 100_000,
    ],
)
def test_everything_else_stays_text(text: str) -> None:
    assert calls_in(text, NAMES) == (text, ())


def test_arguments_keep_their_values_and_carry_no_half_characters() -> None:
    _, (call,) = calls_in(WEATHER, NAMES)
    assert json.loads(call.arguments) == {"city": "Köln"}
    _, (odd,) = calls_in('{"name": "time", "arguments": {"zone": "\\ud800"}}', NAMES)
    odd.arguments.encode()


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("", 0),
        ("  ", 0),
        ("Hello", 5),
        ("Hello <", 6),
        ("Hello <tool", 6),
        ("Hello <b>", 9),
        ("Hello <tool_call>{", 6),
        ("{", 0),
        (' {"name"', 0),
        ("[1]", 0),
        ("<to", 0),
        ("<b>", 3),
    ],
)
def test_what_may_become_a_call_is_held_back(text: str, safe: int) -> None:
    assert safe_length(text) == safe
