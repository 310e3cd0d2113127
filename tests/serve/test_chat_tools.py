"""Calls are read where a model made them, in the forms that templates teach, and nothing else is one."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.template.real_templates import TOOL, real_templates
from tunedesk.dataset.example import example_of
from tunedesk.serve.chat_tools import calls_in, safe_length
from tunedesk.template.chat_template import ChatTemplate

NAMES: dict[str, Any] = {
    "weather": {"properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
    "time": {},
}
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
        (f"\n{WEATHER}\n\n\n{TIME}\n", "", list(NAMES)),
        ('{"name": "time", "arguments": "{}"}', "", ["time"]),
        ("I look.\n<function=time>\n</function>", "I look.", ["time"]),
        ("[time(), weather(city='Köln', days=2)]", "", ["time", "weather"]),
        (' to=functions.weather<|channel|>commentary json<|message|>{"city": "Köln"}', "", ["weather"]),
        (' to=functions.weathercommentary json{"city": "Köln"}', "", ["weather"]),
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
        "[time(1)]",
        "[open('x')]",
        "[weather(city=open('x'))]",
        "[weather(days=1e999)]",
        "[time()" + "-" * 50_000 + "1)]",
        "<function=unknown></function>",
        "<function=time>",
        "x" * 2_000_000,
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
        ("Hello <func", 6),
        ("Hello <function=time>", 6),
        (" to=fun", 0),
        ("to be", 5),
    ],
)
def test_what_may_become_a_call_is_held_back(text: str, safe: int) -> None:
    assert safe_length(text) == safe


def test_values_without_quotes_are_of_the_type_that_the_tool_wants() -> None:
    values = {"city": "12", "days": "12", "more": "x"}
    text = "\n".join(f"<parameter={key}>\n{value}\n</parameter>" for key, value in values.items())
    _, (call,) = calls_in(f"<function=weather>\n{text}\n</function>", NAMES)
    assert json.loads(call.arguments) == {"city": "12", "days": 12, "more": "x"}


TEACH = ("qwen2_5", "qwen3", "qwen3_6", "llama3_1", "gptoss", "lfm2_2_5_v2", "nemotron_3_nano")
TEACH_TOO = "mistral_v3_tekken"
TAGS_ARE_TEXT = "glm4moe"
"""Where it is published its tags are no control tokens, and without them it cannot be read."""


@pytest.mark.parametrize(
    ("name", "skip_special"),
    [(name, skip) for name in (*TEACH, TEACH_TOO) for skip in (True, False)] + [(TAGS_ARE_TEXT, False)],
)
def test_what_a_published_template_teaches_is_read_back(
    name: str, skip_special: bool, tmp_path: Path
) -> None:
    """What a model is trained to write, as the engine tells it, with and without control tokens."""
    template = ChatTemplate.load(real_templates()[name].folder(tmp_path))
    arguments = {"number": "Zü 1", "years": [1, 2]}
    function = {"name": "track_parcel", "arguments": json.dumps(arguments)}
    call = {"id": "call_1234", "type": "function", "function": function}
    question = {"role": "user", "content": "Where?"}
    turns = [question, {"role": "assistant", "content": None, "tool_calls": [call]}]
    rendered = template.render(example_of({"messages": turns, "tools": [TOOL]}))
    ids = [token for token, trained in zip(rendered.ids, rendered.mask, strict=True) if trained]
    text = template.decode((one for one in ids if one not in template.end_ids), skip_special=skip_special)
    for sign in ("<|call|>", "[TOOL_CALLS]", "<|tool_call_start|>", "<|tool_call_end|>"):
        text = text.replace(sign, "")
    _, (read,) = calls_in(text, {"track_parcel": TOOL["function"]["parameters"]})
    assert (read.name, json.loads(read.arguments)) == ("track_parcel", arguments)
