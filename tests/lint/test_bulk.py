# ruff: noqa: RUF001
"""The quick way through a file finds the same, and keeps the same for comparing, as row after row."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.bulk import BulkLinter
from tunedesk.lint.byte_screen import screen
from tunedesk.lint.columns import Batch
from tunedesk.lint.corpus import counters_for
from tunedesk.lint.rows import lint_row
from tunedesk.lint.targets import TARGET_NAMES, Target
from tunedesk.lint.usual_rows import UsualRows

_RANDOM = "aB3dE6gH9jK2mN5pQ8sT"
PLAIN = [
    "Hello",
    " ",
    "",
    "\n",
    "\n\n",
    "\t",
    "caf\u00e9",
    "\U0001f468\u200d",
    "<",
    "|",
    "{",
    "}",
    "\\",
    "/",
    '"',
    "...",
]
ODD = [
    "\b",
    "\r",
    "\u200b",
    "\ufffd",
    "\x7f",
    "\x85",
    "\u2028",
    "\u00a0",
    "```",
    '{"a": "b"}',
    '["x"',
    "\0",
    "\u0130",
]
CONTROL = ["<|im_end|>", "<|end|>", "</s>", "[INST]", "### Instruction:", "Human: ", "ASSISTANT:", "<think>"]
SECRETS = [
    f"sk-{_RANDOM}",
    f"sk_live_{_RANDOM}",
    f"ghp_{_RANDOM}{_RANDOM}",
    f"github_pat_{_RANDOM}{_RANDOM}",
    f"hf_{_RANDOM}{_RANDOM}",
    f"npm_{_RANDOM}{_RANDOM}"[:40],
    f"pypi-{_RANDOM}{_RANDOM}{_RANDOM}",
    f"AIza{_RANDOM}{_RANDOM}"[:39],
    f"xoxb-{_RANDOM}",
    f"glpat-{_RANDOM}",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.SflKxwRJSMeKKF2QT4",
    "-----BEGIN PRIVATE KEY-----",
]
PERSONAL = [
    "ada.lovelace@mailbox.org",
    "+44 20 7946 0958",
    "(212) 736-5000",
    "8 (912) 345-11-81",
    "4929 1234 5678 9012 3",
    "4539 5787 6362 1486",
    "NL91 ABNA 0417 1643 00",
    "93.184.216.34",
    "2a00:1450:4001:81b::200e",
    "ИНН 500100732259",
    "112-233-445 95",
    "536-22-1234",
    "DNI 12345678Z",
    "111.444.777-35",
    "11010519491231002X",
]
GARBLED = [
    "Caf\u00c3\u00a9",
    "\u0420\u045f\u0421\u0402\u0420\u0451\u0420\u0406\u0420\u00b5\u0421\u201a",
    "\u00e2\u20ac\u2122",
]
REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "Sorry, I cannot assist.",
    "К сожалению, я не могу ответить.",
]
PIECES = st.sampled_from([*PLAIN, *PLAIN, *ODD, *CONTROL, *SECRETS, *PERSONAL, *GARBLED, *REFUSALS])
TEXT = st.lists(PIECES, max_size=3).map("".join)
ROLE = st.sampled_from(["system", "user", "assistant"]) | st.sampled_from(["human", "tool", "", "developer"])
TURN = st.builds(lambda role, content: {"role": role, "content": content}, ROLE, TEXT | st.none())
ODD_TURN = st.builds(
    lambda turn, weight: {**turn, "weight": weight}, TURN, st.sampled_from([0, 1, 2, None, True])
)
USUAL = st.lists(TEXT, min_size=2, max_size=5).map(
    lambda texts: [
        {"role": ("system", "user", "assistant")[0 if number == -1 else 1 + number % 2], "content": text}
        for number, text in enumerate(texts, start=-(len(texts) % 2))
    ]
)
CHAT = st.builds(lambda turns: {"messages": turns}, USUAL | st.lists(TURN | ODD_TURN, max_size=4))
PAIR = st.builds(lambda prompt, answer: {"prompt": prompt, "completion": answer}, TEXT | st.none(), TEXT)
EXTRA = st.dictionaries(
    st.sampled_from(["id", "tools", "functions", "note", "label", "chosen"]),
    st.sampled_from([None, 1, [1], "x", 2.5, True, 2**70, "<|im_end|>"]),
    max_size=2,
)
ROWS = st.builds(lambda row, extra: {**row, **extra}, CHAT | PAIR, EXTRA)
FILLER = [(number, b'{"prompt": "Why %d?", "completion": "Because."}' % number) for number in range(100, 160)]


def as_line(row: dict[str, object], style: int) -> bytes:
    """With and without escapes and blanks, as different programs write it."""
    separators = (",", ":") if style & 2 else (", ", ": ")
    text = json.dumps(row, ensure_ascii=bool(style & 1), separators=separators)
    return (text.replace("/", "\\/") if style & 4 else text).encode("utf-8", "surrogatepass")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(ROWS, st.integers(0, 7)), min_size=1, max_size=8), st.sampled_from(TARGET_NAMES))
def test_rows_in_bulk_get_what_each_gets_alone(rows: list[tuple[dict[str, object], int]], name: str) -> None:
    target = Target(name)
    lines = [*enumerate((as_line(row, style) for row, style in rows), start=1), *FILLER]
    linter = BulkLinter(target)
    linted = linter.lint(lines)
    alone = {row: tuple(replace(f, row=row) for f in lint_row(parse_row(raw), target)) for row, raw in lines}
    assert dict(linted.findings) == {row: found for row, found in alone.items() if found}
    facts = {row: linted.batch.facts(number) for number, (row, _) in enumerate(lines)}
    assert facts == {row: linter.lint_one(row, raw)[0] for row, raw in lines}


@pytest.mark.parametrize(
    "text", [*CONTROL[1:2], *SECRETS, *PERSONAL, *GARBLED, "a\bb", "a\u200bb", "a\ufffdb", "```"]
)
def test_a_text_with_a_sign_is_never_passed(text: str) -> None:
    for escaped in (True, False):
        row = {"prompt": "Say it", "completion": f"use {text} now"}
        assert not is_usual(json.dumps(row, ensure_ascii=escaped).encode(), Target("generic"))


def is_usual(raw: bytes, target: Target) -> bool:
    screened = screen([raw], ["<|im_end|>", "</s>"])
    read = UsualRows(target, counters_for(target)).read_into(Batch())
    return not screened.suspicious[0] and read(1, raw, screened.blanks[0], screened.quotes[0])


def test_usual_rows_are_passed() -> None:
    turns = [
        ("system", "Be brief, and 1.5 times as polite - as 1,000 of 1,200 are."),
        ("user", 'Hi:\n- "one"\n\n- two at 12:30, in 2024'),
        ("assistant", "Привет. 你好。 Grüße, déjà vu!"),
        ("user", "Bye "),
        ("assistant", '{"a": 1}'),
    ]
    chat = {"messages": [{"role": role, "content": text} for role, text in turns]}
    for row in (chat, {"prompt": "One\ntwo", "completion": "x"}, {**chat, "id": 1, "source": "here"}):
        assert is_usual(json.dumps(row, ensure_ascii=False).encode(), Target("generic"))
    assert is_usual(json.dumps(chat, ensure_ascii=False).encode(), Target("azure"))
    assert not is_usual(json.dumps({**chat, "id": 1}, ensure_ascii=False).encode(), Target("openai"))


def test_a_key_that_stands_twice_is_not_passed() -> None:
    for raw in (
        b'{"prompt": "a", "prompt": "b", "completion": "c"}',
        b'{"messages": [{"role": "user", "role": "user", "content": "a"}, '
        b'{"role": "assistant", "content": "b"}]}',
    ):
        assert not is_usual(raw, Target("generic"))
