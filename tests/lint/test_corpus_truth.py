"""Whatever is typed, put and removed: what the index says is what a fresh index over the same rows says."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.lint import columns, row_groups
from tunedesk.lint.bulk import BulkLinter
from tunedesk.lint.corpus import CorpusIndex
from tunedesk.lint.finding import Finding
from tunedesk.lint.targets import Target

QUESTIONS = ["Where is it?", "where  is it?", "When does it come, and who is bringing it to the house?", ""]
ANSWERS = [
    "On its way.",
    "on its WAY.",
    "I'm sorry, but I can't help with that.",
    "Das Paket ist auf dem Weg und wird am Montag zu Ihnen gebracht, wenn es nicht regnet.",
    '{"category": "billing", "urgent": "yes"}',
    '{"category": "biling", "urgent": "no"}',
    '{"category": "technical"}',
    "spam",
    "spma",
    "",
]
SYSTEMS = [
    "",
    "You answer customers politely and in one sentence.",
    "You answer customers, politely and in one sentence!",
]


def chat(system: str, question: str, answer: str) -> dict[str, object]:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"messages": [{"role": "system", "content": system}, *turns] if system else turns}


CHAT = st.builds(chat, st.sampled_from(SYSTEMS), st.sampled_from(QUESTIONS), st.sampled_from(ANSWERS))
PAIR = st.builds(
    lambda prompt, answer: {"prompt": prompt, "completion": answer},
    st.sampled_from(QUESTIONS),
    st.sampled_from(ANSWERS),
)
PREFERENCE = st.builds(
    lambda chosen, rejected: {"prompt": "Where is it?", "chosen": chosen, "rejected": rejected},
    st.sampled_from(ANSWERS),
    st.sampled_from(ANSWERS),
)
UNPAIRED = st.builds(
    lambda answer, label: {"prompt": "Where is it?", "completion": answer, "label": label},
    st.sampled_from(ANSWERS),
    st.booleans(),
)
BROKEN = st.sampled_from([b"", b"{", b"[]", b'{"a": 1, "a": 2}'])
LINE = st.one_of(CHAT, CHAT, PAIR, PREFERENCE, UNPAIRED).map(lambda row: json.dumps(row).encode()) | BROKEN
BLOCK = st.tuples(LINE, st.integers(1, 30))  # the same line so many times: majorities need many rows
EDIT = st.tuples(st.integers(0, 120), LINE | st.none())
TARGETS = [Target("generic", pedantic=True), Target("openai-dpo", pedantic=True), Target("trl")]


def rows_of(blocks: list[tuple[bytes, int]]) -> dict[int, bytes]:
    lines = [line for line, count in blocks for _ in range(count)]
    return dict(enumerate(lines))


def splits() -> dict[str, list[ParsedRow]]:
    return {"valid": [parse_row(json.dumps(chat("", QUESTIONS[2], "No.")).encode())]}


def told(index: CorpusIndex, rows: dict[int, bytes]) -> dict[int, tuple[Finding, ...]]:
    return {row: found for row in rows if (found := index.findings(row))}


def fresh(rows: dict[int, bytes], target: Target) -> CorpusIndex:
    index = CorpusIndex(splits(), target)
    for row, raw in rows.items():
        index.put(row, parse_row(raw))
    return index


@pytest.fixture(params=[True, False], ids=["sorted", "loose"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which rows are kept: as for few and as for many."""
    if request.param:
        monkeypatch.setattr(row_groups, "_MANY", 6)
        monkeypatch.setattr(columns, "_MANY", 6)


@pytest.mark.usefixtures("many")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(BLOCK, max_size=6),
    st.lists(EDIT, max_size=25),
    st.lists(st.booleans(), min_size=25, max_size=25),
    st.sampled_from(TARGETS),
)
def test_after_any_edits_everything_equals_a_fresh_index(
    blocks: list[tuple[bytes, int]], edits: list[tuple[int, bytes | None]], looks: list[bool], target: Target
) -> None:
    rows = rows_of(blocks)
    index = CorpusIndex(splits(), target)
    linter = BulkLinter(target)
    lines = list(rows.items())
    for begin in range(0, len(lines), 60):
        index.put_batch(linter.lint(lines[begin : begin + 60]).batch)
    shown = {row: index.findings(row) for row in index.affected()}
    for (row, raw), looked in zip(edits, looks, strict=False):
        if raw is None:
            rows.pop(row, None)
            index.remove(row)
        else:
            rows[row] = raw
            index.put(row, parse_row(raw))
        if looked:
            shown.update({each: index.findings(each) for each in index.affected()})
    shown.update({each: index.findings(each) for each in index.affected()})
    again = fresh(rows, target)
    assert told(index, rows) == told(again, rows)
    assert {row: found for row, found in shown.items() if found} == told(again, rows)
    assert Counter(index.file_findings()) == Counter(again.file_findings())
