"""The short cut for ordinary rows says the same as the rules."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.registry import RULES
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Group
from tunedesk.lint.screen import is_ordinary
from tunedesk.lint.targets import Target

_RANDOM = "aB3dE6gH9jK2mN5pQ8sT"
PLAIN = ["Hello", " ", "", "\n", "\t", "caf\u00e9", "\U0001f468\u200d", "<", "|", "{", "}", "\\", "/", '"']
ODD = ["\b", "\r", "\u200b", "\ufffd", "\x7f", "\x85", "\u2028", "```", '{"a": "b"}', '["x"']
CONTROL = ["<|im_end|>", "<|end|>", "</s>", "[INST]"]
SECRETS = [
    f"sk-{_RANDOM}",
    f"ghp_{_RANDOM}{_RANDOM}",
    f"hf_{_RANDOM}{_RANDOM}",
    f"AIza{_RANDOM}{_RANDOM}"[:39],
    f"xoxb-{_RANDOM}",
    f"glpat-{_RANDOM}",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.SflKxwRJSMeKKF2QT4",
    "-----BEGIN PRIVATE KEY-----",
]
PIECES = st.sampled_from([*PLAIN, *ODD, *CONTROL, *SECRETS])
TEXT = st.lists(PIECES, max_size=3).map("".join)
ROLE = st.sampled_from(["system", "user", "assistant"]) | st.sampled_from(["human", "tool", "", "developer"])
TURN = st.builds(lambda role, content: {"role": role, "content": content}, ROLE, TEXT | st.none())
ODD_TURN = st.builds(
    lambda turn, weight: {**turn, "weight": weight}, TURN, st.sampled_from([0, 1, 2, None, True])
)
USUAL = st.lists(TEXT, min_size=2, max_size=4).map(
    lambda texts: [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
)
CHAT = st.builds(lambda turns: {"messages": turns}, USUAL | st.lists(TURN | ODD_TURN, max_size=4))
PAIR = st.builds(lambda prompt, answer: {"prompt": prompt, "completion": answer}, TEXT | st.none(), TEXT)
EXTRA = st.dictionaries(
    st.sampled_from(["id", "tools", "functions", "note"]), st.sampled_from([None, 1, [1]]), max_size=1
)
ROWS = st.builds(lambda row, extra: {**row, **extra}, CHAT | PAIR, EXTRA)


@settings(max_examples=300)
@given(ROWS, st.sampled_from(["local", "openai", "azure", "generic"]), st.booleans(), st.booleans())
def test_no_rule_objects_to_a_row_that_is_called_ordinary(
    local: Target, row: dict[str, object], name: str, escaped: bool, with_template: bool
) -> None:
    target = local if name == "local" and with_template else Target(name)
    parsed = parse_row(json.dumps(row, ensure_ascii=escaped).replace("/", "\\/" if escaped else "/").encode())
    if not is_ordinary(parsed, target):
        return
    view = RowView(parsed, target)
    plain = [rule for rule in RULES if rule.group is Group.DEFAULT and not rule.needs_template]
    for rule in plain:
        if rule.check is not None and rule.severity_for(target.name) is not None:
            assert list(rule.check(view)) == [], rule.code


def test_usual_rows_are_called_ordinary(local: Target) -> None:
    turns = [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Bye"),
        ("assistant", '{"a": 1}'),
    ]
    chat = {"messages": [{"role": role, "content": text} for role, text in turns]}
    for row in (chat, {"prompt": "One\ntwo", "completion": "x"}, {**chat, "id": 1}):
        assert is_ordinary(parse_row(json.dumps(row).encode()), local)
    assert is_ordinary(parse_row(json.dumps(chat).encode()), Target("azure"))
    assert not is_ordinary(parse_row(json.dumps({**chat, "id": 1}).encode()), Target("azure"))


@pytest.mark.parametrize("text", [*CONTROL[1:3], *SECRETS, "a\bb", "a\u200bb", "a\ufffdb", "```"])
def test_a_text_with_a_sign_is_never_called_ordinary(text: str) -> None:
    for escaped in (True, False):
        raw = json.dumps({"prompt": f"use {text} now", "completion": "x"}, ensure_ascii=escaped).encode()
        assert not is_ordinary(parse_row(raw), Target("generic"))
