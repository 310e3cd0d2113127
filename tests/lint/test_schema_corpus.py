"""Shapes and lengths are counted right while rows come and go."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.lint.corpus import CorpusIndex
from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rules.schema_corpus import LengthCounter, ShapeCounter, class_counters
from tunedesk.lint.targets import Target

CHAT = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}
PAIR = {"prompt": "Q", "completion": "A"}


def view(row: Any, target: Target) -> RowView:
    return RowView(parse_row(json.dumps(row).encode()), target)


def counted(rows: list[Any], target: Target) -> tuple[ShapeCounter, list[Any]]:
    counter = ShapeCounter(target)
    keys = [counter.key_of(view(row, target)) for row in rows]
    for key in keys:
        counter.add(key)
    return counter, keys


def codes(counter: ShapeCounter | LengthCounter, key: Any) -> list[str]:
    return [found.code for found in counter.findings(key)]


def test_the_format_of_most_rows_is_the_files() -> None:
    counter, (chat, pair, _) = counted([CHAT, PAIR, PAIR], Target("openai"))
    assert (codes(counter, chat), codes(counter, pair)) == (["SCH002"], [])
    counter.take_changed()
    counter.add(chat, 3)
    assert counter.take_changed() == {chat, pair}
    assert (codes(counter, chat), codes(counter, pair)) == ([], ["SCH002"])
    counter.add(pair)
    assert counter.take_changed() == set()


@pytest.mark.parametrize(("name", "severity"), [("trl", Severity.ERROR), ("local", Severity.WARNING)])
def test_mixed_formats_are_worse_where_the_first_row_decides(name: str, severity: Severity) -> None:
    counter, keys = counted([CHAT, CHAT, PAIR], Target(name))
    assert [found.severity for found in counter.findings(keys[2])] == [severity]


def test_a_type_is_unstable_until_its_last_row_is_gone() -> None:
    rows = [{**PAIR, "id": 1}, {**PAIR, "id": 2.5}, {**PAIR, "id": "3"}, {**PAIR, "id": None}]
    counter, keys = counted(rows, Target("generic"))
    assert [codes(counter, key) for key in keys] == [[], [], ["SCH007"], []]
    counter.remove(keys[2])
    assert [codes(counter, key) for key in keys] == [[], [], [], []]


def test_types_of_turns_are_counted_too() -> None:
    parts = {"messages": [{"role": "user", "content": [{"type": "text", "text": "Q"}]}, CHAT["messages"][1]]}
    counter, keys = counted([CHAT, CHAT, parts], Target("generic"))
    # A list stands in one turn of that row, text in the other: the first one counts.
    assert codes(counter, keys[2]) == ["SCH007"]


def test_graders_want_the_same_fields_with_different_values() -> None:
    target = Target("openai-rft")
    question = {"messages": CHAT["messages"][:1]}
    rows = [{**question, "answer": n} for n in range(3)] + [{**question, "other": 1}]
    counter, keys = counted(rows, target)
    assert [codes(counter, key) for key in keys] == [[], [], [], ["RFT002"]]
    assert counter.file_findings() == ()
    constant, _ = counted([{**question, "answer": 1}] * 3, target)
    assert [found.code for found in constant.file_findings()] == ["RFT002"]
    assert "answer" in constant.file_findings()[0].message


def test_one_label_alone_is_told_of_the_file() -> None:
    target = Target("trl")
    counter, keys = counted([{**PAIR, "label": True}, {**PAIR, "label": True}], target)
    assert [(found.code, found.row) for found in counter.file_findings()] == [("PRF006", None)]
    counter.add(counter.key_of(view({**PAIR, "label": False}, target)))
    assert counter.file_findings() == ()
    assert codes(counter, keys[0]) == []


def test_outliers_are_measured_by_the_median_of_lengths() -> None:
    target = Target("generic", pedantic=True)
    _, counter = class_counters(target)
    assert isinstance(counter, LengthCounter)
    usual = [counter.key_of(view({"text": "x" * length}, target)) for length in range(80, 140)]
    for key in usual:
        counter.add(key)
    far = counter.key_of(view({"text": "x" * 90_000}, target))
    counter.add(far)
    assert codes(counter, far) == ["TOK003"]
    assert [codes(counter, key) for key in usual] == [[]] * len(usual)
    assert counter.take_changed() == {far}
    counter.remove(far)
    assert counter.take_changed() == {far}


def test_nobody_is_an_outlier_among_few_or_equal_rows() -> None:
    target = Target("generic", pedantic=True)
    for count in (5, 500):
        counter = LengthCounter(target)
        key = counter.key_of(view({"text": "x" * 100}, target))
        counter.add(key, count)
        assert codes(counter, key) == []
    assert len(class_counters(Target("generic"))) == 1


VALUE = st.sampled_from([1, "a", None, True, [1], {"a": 1}])
ROW = st.one_of(
    st.builds(lambda value: {**PAIR, "id": value}, VALUE),
    st.just(CHAT),
    st.builds(lambda value: {"messages": [{"role": "user", "content": "Q"}], "answer": value}, VALUE),
    st.builds(lambda label: {**PAIR, "label": label}, st.booleans()),
)


@given(st.lists(ROW, max_size=8), st.lists(ROW, max_size=4), st.sampled_from(["trl", "openai-rft"]))
def test_rows_that_came_and_went_leave_no_trace(rows: list[Any], others: list[Any], name: str) -> None:
    target = Target(name)
    walked, _ = counted([*others, *rows], target)
    walked.take_changed()
    for row in others:
        walked.remove(walked.key_of(view(row, target)))
    fresh, keys = counted(rows, target)
    assert [walked.findings(key) for key in keys] == [fresh.findings(key) for key in keys]
    assert walked.file_findings() == fresh.file_findings()


def any_row(chance: random.Random) -> ParsedRow:
    value: dict[str, Any] = chance.choice(
        [
            {"prompt": f"q {chance.randint(0, 9)}", "completion": "a"},
            {**CHAT},
            {"messages": [{"role": "user", "content": "q"}], "answer": chance.choice([1, 1, 2])},
            {**PAIR, "label": chance.random() < 0.7},
        ]
    )
    if chance.random() < 0.4:
        value["id"] = chance.choice([1, "a", None, [1]])
    return parse_row(json.dumps(value).encode())


@pytest.mark.parametrize("name", ["generic", "trl", "openai-rft"])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_shown_after_many_edits_is_what_a_fresh_look_finds(name: str, seed: int) -> None:
    """The usual format and types change many times on the way, with rows of rare shapes coming and going."""
    chance = random.Random(seed)
    target = Target(name)
    index, rows, shown = CorpusIndex(None, target), dict[int, ParsedRow](), dict[int, tuple[Finding, ...]]()
    for step in range(150):
        row_id = chance.randint(0, 25)
        if chance.random() < 0.3:
            rows.pop(row_id, None)
            index.remove(row_id)
        else:
            rows[row_id] = any_row(chance)
            index.put(row_id, rows[row_id])
        shown.update({changed: index.findings(changed) for changed in index.affected()})
        if step % 15:
            continue
        fresh = CorpusIndex(None, target)
        for number, row in rows.items():
            fresh.put(number, row)
        assert {number: shown.get(number, ()) for number in rows} == {n: fresh.findings(n) for n in rows}
        assert index.file_findings() == fresh.file_findings()
