"""Claims about what columns show, and about rows sorted by them."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.sort_keys import (
    Column,
    ColumnKind,
    RowFacts,
    RowView,
    order_by,
    sort_key,
    sorted_rows,
    text_of,
    value_of,
)

ROW = json.dumps(
    {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": "Bye"},
        ],
        "id": 12,
        "score": None,
        "ok": True,
        "list": ["é"],
    },
    ensure_ascii=False,
).encode()


def view(raw: bytes = ROW) -> RowView:
    marks = RowMarks(star=True, tags=("a", "b"), note="look")
    return RowView(3, lambda: raw, RowFacts(40, ("MSG001", "TXT002")), marks)


def shown(kind: ColumnKind, key: str = "") -> object:
    return value_of(Column(kind, key), view())


def rows(*texts: object) -> bytes:
    return b"".join(json.dumps({"prompt": text, "completion": "x"}).encode() + b"\n" for text in texts)


def test_each_column_shows_its_part_of_the_row():
    assert shown(ColumnKind.NUMBER) == 3
    assert shown(ColumnKind.QUESTION) == "Hi" and shown(ColumnKind.ANSWER) == "Hello"
    assert shown(ColumnKind.TOKENS) == 40 and shown(ColumnKind.TURNS) == 3
    assert shown(ColumnKind.ROLES) == "user, assistant, user"
    assert shown(ColumnKind.LENGTH) == len("HiHelloBye")
    assert shown(ColumnKind.STAR) == 1 and shown(ColumnKind.REVIEWED) == 0
    assert shown(ColumnKind.TAGS) == "a, b" and shown(ColumnKind.NOTE) == "look"
    assert shown(ColumnKind.SOURCE) is None and shown(ColumnKind.DRAFT) == 0
    assert shown(ColumnKind.FINDINGS) == 2
    assert text_of(Column(ColumnKind.FINDINGS), view()) == "MSG001 TXT002"


def test_a_top_level_key_is_a_column_of_its_own():
    assert shown(ColumnKind.KEY, "id") == 12
    assert shown(ColumnKind.KEY, "score") is None and shown(ColumnKind.KEY, "absent") is None
    assert shown(ColumnKind.KEY, "ok") == "true"
    assert shown(ColumnKind.KEY, "list") == '["é"]'


def test_a_row_that_is_no_json_shows_nothing():
    broken = view(b"oops")
    assert value_of(Column(ColumnKind.QUESTION), broken) is None
    assert value_of(Column(ColumnKind.KEY, "id"), broken) is None
    assert value_of(Column(ColumnKind.TURNS), broken) == 0


def sorted_prompts(make, *texts: object, descending: bool = False) -> list[object]:
    document = make(rows(*texts))
    snapshot = document.snapshot()
    ids = sorted_rows(snapshot, Column(ColumnKind.KEY, "prompt"), descending=descending)
    return [json.loads(snapshot.raw(row))["prompt"] for row in ids]


def test_numbers_in_texts_count_as_numbers_and_case_does_not(make):
    assert sorted_prompts(make, "row 10", "Row 9", "b", "A", 7) == [7, "A", "b", "Row 9", "row 10"]


def test_empty_rows_go_last_either_way(make):
    assert sorted_prompts(make, "b", "", None, "a") == ["a", "b", "", None]
    assert sorted_prompts(make, "b", "", None, "a", descending=True) == ["b", "a", "", None]


def test_equal_rows_stay_in_their_order(make):
    assert sorted_prompts(make, "b", "A", "a", "B") == ["A", "a", "b", "B"]
    assert sorted_prompts(make, "b", "A", "a", "B", descending=True) == ["b", "B", "A", "a"]


def test_rows_are_sorted_by_marks_and_given_facts_without_being_read(make):
    document = make(rows("a", "b", "c"))
    first, second, third = document.row_ids()
    document.set_marks({third: RowMarks(star=True)}, "Star")
    snapshot = document.snapshot()
    assert sorted_rows(snapshot, Column(ColumnKind.STAR), descending=True) == [third, first, second]
    tokens = {first: 9, second: None, third: 10}
    by_tokens = sorted_rows(snapshot, Column(ColumnKind.TOKENS), facts=lambda row: RowFacts(tokens[row]))
    assert by_tokens == [first, third, second]


def test_sorting_can_be_cancelled_and_tells_how_far_it_is(make):
    snapshot = make(rows(*"abc")).snapshot()
    seen: list[tuple[int, int]] = []
    assert sorted_rows(snapshot, Column(ColumnKind.QUESTION), cancelled=lambda: True) is None
    sorted_rows(snapshot, Column(ColumnKind.QUESTION), progress=lambda *at: seen.append(at))
    assert seen[-1] == (3, 3)


@given(st.lists(st.none() | st.text(max_size=8) | st.integers() | st.floats(), max_size=20))
def test_any_values_can_be_sorted_together(values: list[str | int | float | None]):
    assert len(sorted(sort_key(value) for value in values)) == len(values)


@settings(deadline=None)  # the first example imports numpy
@given(st.lists(st.integers(-3, 3)) | st.lists(st.floats(-2, 2).map(round)), st.booleans())
def test_the_fast_order_of_numbers_is_the_stable_one(values: list[float], descending: bool):
    expected = sorted(range(len(values)), key=values.__getitem__, reverse=descending)
    assert order_by(values, descending=descending) == expected


@pytest.mark.parametrize("descending", [False, True])
def test_many_rows_are_sorted_as_a_few_are(make, descending: bool):
    chance = random.Random(3)
    numbers = [chance.randrange(500) for _ in range(9000)]
    snapshot = make(rows(*numbers)).snapshot()
    ids = list(snapshot.ids)
    order = sorted_rows(snapshot, Column(ColumnKind.KEY, "prompt"), descending=descending)
    expected = sorted(range(9000), key=numbers.__getitem__, reverse=descending)
    assert order == [ids[place] for place in expected]
