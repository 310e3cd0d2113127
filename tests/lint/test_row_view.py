"""Every text of a row is seen once, with the place it stands at, whatever the format."""

import json
from typing import Any

import pytest

from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_edits import value_at
from tunedesk.lint.row_view import RowView
from tunedesk.lint.targets import Target

U, A = {"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
ROWS: list[tuple[Any, list[tuple[str, bool]]]] = [
    ({"messages": [U, A]}, [("/messages/0/content", False), ("/messages/1/content", True)]),
    (
        {"messages": [U, {**A, "weight": 0}]},
        [("/messages/0/content", False), ("/messages/1/content", False)],
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Q"}]}, A]},
        [("/messages/0/content/0/text", False), ("/messages/1/content", True)],
    ),
    (
        {"messages": [U, CALL]},
        [("/messages/0/content", False), ("/messages/1/tool_calls/0/function/arguments", True)],
    ),
    ({"messages": [U], "answer": "A"}, [("/messages/0/content", False)]),
    ({"prompt": "Q", "completion": "A"}, [("/prompt", False), ("/completion", True)]),
    (
        {"prompt": [U, A, U], "completion": [A]},
        [
            ("/prompt/0/content", False),
            ("/prompt/1/content", False),
            ("/prompt/2/content", False),
            ("/completion/0/content", True),
        ],
    ),
    ({"prompt": "Q"}, [("/prompt", False)]),
    ({"text": "A"}, [("/text", True)]),
    (
        {"instruction": "Q", "input": "more", "output": "A"},
        [("/instruction", False), ("/input", False), ("/output", True)],
    ),
    (
        {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]},
        [("/conversations/0/value", False), ("/conversations/1/value", True)],
    ),
    (
        {
            "conversations": [
                {"from": "human", "value": "Q"},
                {"from": "function_call", "value": '{"name": "f", "arguments": {}}'},
            ]
        },
        [("/conversations/0/value", False), ("/conversations/1/value", True)],
    ),
    (
        {"input": {"messages": [U, A, U]}, "preferred_output": [A], "non_preferred_output": [A]},
        [
            ("/input/messages/0/content", False),
            ("/input/messages/1/content", False),
            ("/input/messages/2/content", False),
            ("/preferred_output/0/content", True),
            ("/non_preferred_output/0/content", True),
        ],
    ),
    (
        {"prompt": "Q", "chosen": "A", "rejected": "B"},
        [("/prompt", False), ("/chosen", True), ("/rejected", True)],
    ),
    (
        {"prompt": "Q", "completions": ["A", "B"], "labels": [True, False]},
        [("/prompt", False), ("/completions/0", True), ("/completions/1", True)],
    ),
    ({"frage": "Q", "antwort": "A"}, [("/frage", False), ("/antwort", True)]),
]
MAPPING = ColumnMapping(user="frage", assistant="antwort")


@pytest.mark.parametrize(("row", "expected"), ROWS)
def test_every_text_is_seen_where_it_stands(row: Any, expected: list[tuple[str, bool]]) -> None:
    mapping = MAPPING if "frage" in row else None
    view = RowView(parse_row(json.dumps(row).encode()), Target("generic", mapping=mapping))
    assert [(text.pointer, text.trained) for text in view.texts] == expected
    for text in view.texts:
        assert value_at(row, text.pointer) == text.text
