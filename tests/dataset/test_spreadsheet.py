"""Claims about copying rows to a spreadsheet and pasting from one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.sheet_columns import columns_of
from tunedesk.dataset.spreadsheet import copy_rows, paste_new, paste_over


def chat(*turns: tuple[str, str], **more: object) -> bytes:
    return json.dumps(
        {"messages": [{"role": role, "content": text} for role, text in turns], **more}, ensure_ascii=False
    ).encode()


def said(raw: bytes) -> list[tuple[str, str]]:
    return [(turn["role"], turn["content"]) for turn in json.loads(raw)["messages"]]


PAIR = chat(("user", "Hi"), ("assistant", "Hello"))
LONG = chat(("system", "S"), ("user", "1"), ("assistant", "2"), ("user", "3"), ("assistant", "4"))


def test_conversations_have_a_column_for_each_turn():
    copied = copy_rows([PAIR, LONG])
    assert copied.columns == ("system", "user", "assistant", "user 2", "assistant 2")
    assert copied.text.splitlines()[1] == "\tHi\tHello\t\t"
    assert copied.left_out == ()


def test_other_rows_have_their_own_columns():
    copied = copy_rows([b'{"prompt": "a\\tb", "score": 1.5}', b'{"prompt": "c", "completion": null}'])
    assert copied.text == 'prompt\tscore\tcompletion\n"a\tb"\t1.5\t\nc\t\t\n'


def test_what_a_table_cannot_show_is_told():
    heavy = b'{"messages": [{"role": "assistant", "content": "x", "weight": 0}]}'
    empty = chat(("user", ""), ("assistant", "x"))
    swapped = chat(("assistant", "x"), ("user", "y"))
    long = chat(("user", "x" * 40_000))
    told = [
        (left.row, left.reason) for left in copy_rows([PAIR, heavy, empty, swapped, b"oops", long]).left_out
    ]
    assert told == [
        (5, "The row is not JSON and was not copied."),
        (2, "assistant: its weight is not copied."),
        (3, "user: an empty turn looks like no turn."),
        (4, "The turns stand in another order than the columns."),
        (6, "user: Excel keeps 32,767 characters only."),
    ]


def test_what_a_spreadsheet_would_take_for_a_formula_is_told():
    rows = [
        b'{"t": "=1+1"}',
        b'{"t": "- a list"}',
        b'{"t": "@me"}',
        b'{"t": "-5"}',
        b'{"t": -5}',
        b'{"t": "a=b"}',
    ]
    assert [left.row for left in copy_rows(rows).left_out] == [1, 2, 3]


def test_a_column_that_was_not_asked_for_is_told():
    copied = copy_rows([LONG], ["user", "assistant"])
    assert copied.text == "user\tassistant\n1\t2\n"
    assert [left.reason.split("'")[1] for left in copied.left_out] == ["system", "user 2", "assistant 2"]


def test_new_rows_are_pasted_by_their_header_in_any_order():
    pasted = paste_new("Assistant\tuser\tSystem\nA\tQ\tS\n")
    assert pasted.had_header
    assert said(pasted.raws[0]) == [("assistant", "A"), ("user", "Q"), ("system", "S")]


def test_common_names_for_the_turns_are_understood():
    assert said(paste_new("Question\tAnswer\nQ\tA\n").raws[0]) == [("user", "Q"), ("assistant", "A")]


@pytest.mark.parametrize(
    ("line", "turns"),
    [
        ("Q", [("user", "Q")]),
        ("Q\tA", [("user", "Q"), ("assistant", "A")]),
        ("S\tQ\tA", [("system", "S"), ("user", "Q"), ("assistant", "A")]),
        (
            "S\tQ\tA\tQ2\tA2",
            [("system", "S"), ("user", "Q"), ("assistant", "A"), ("user", "Q2"), ("assistant", "A2")],
        ),
        ("\tQ\tA", [("user", "Q"), ("assistant", "A")]),
    ],
)
def test_without_a_header_the_number_of_columns_tells(line: str, turns: list[tuple[str, str]]):
    pasted = paste_new(line)
    assert not pasted.had_header and said(pasted.raws[0]) == turns


def test_new_rows_take_the_format_the_types_and_the_habit_of_the_document():
    pasted = paste_new("prompt\tscore\nx\t2\ny\tmany\nz\t\n", [b'{"prompt":"p","score":1}'])
    assert pasted.raws == (
        b'{"prompt":"x","score":2}',
        b'{"prompt":"y","score":"many"}',
        b'{"prompt":"z","score":null}',
    )
    assert [left.row for left in pasted.left_out] == [3]
    sharegpt = paste_new("Q\tA", [b'{"conversations": [{"from": "human", "value": "x"}]}']).raws[0]
    assert json.loads(sharegpt)["conversations"][1] == {"from": "gpt", "value": "A"}


def test_cells_without_a_column_and_lines_without_a_turn_are_told():
    pasted = paste_new("user\tassistant\nQ\tA\tmore\n\t\n", [PAIR])
    assert len(pasted.raws) == 1
    assert [(left.row, left.reason) for left in pasted.left_out] == [(2, "There is no column for 'more'.")]
    notes = paste_new("user\tnote\n\tjust a note\n")
    assert notes.raws == () and notes.left_out[0].row == 2


def test_other_columns_of_a_conversation_become_keys():
    pasted = paste_new("user\tassistant\tsource\nQ\tA\tmail\n", [chat(("user", "x"), source="web")])
    assert json.loads(pasted.raws[0])["source"] == "mail"


def test_pasting_over_rows_changes_only_the_cells():
    odd = PAIR.replace(b": ", b" : ")
    done = paste_over([(7, odd), (8, PAIR), (9, LONG)], ["user", "assistant"], "Hi\tHello\nQ\tA\n")
    assert done.rows.keys() == {8} and done.cells == 2
    assert said(done.rows[8]) == [("user", "Q"), ("assistant", "A")]


def test_a_single_cell_fills_all_rows():
    done = paste_over([(1, PAIR), (2, LONG)], ["system", "user"], "New")
    assert [said(raw)[0] for raw in done.rows.values()] == [("system", "New")] * 2
    assert said(done.rows[1])[1:] == [("user", "Hi"), ("assistant", "Hello")]


def test_a_header_moves_cells_to_their_columns():
    done = paste_over([(1, PAIR)], ["system", "user", "assistant"], "assistant\tuser\nA\tQ\n")
    assert said(done.rows[1]) == [("user", "Q"), ("assistant", "A")]


def test_new_turns_are_put_where_they_belong():
    done = paste_over([(1, PAIR)], ["assistant 2", "user 2"], "A2\tQ2")
    assert said(done.rows[1])[2:] == [("user", "Q2"), ("assistant", "A2")]


def test_what_does_not_fit_over_the_rows_is_told():
    done = paste_over([(1, b'{"n": 1, "t": "x"}'), (2, b"oops")], ["n", "t"], "two\tX\tY\n1\t2\n3\t4\n")
    assert done.rows == {1: b'{"n": 1, "t": "X"}'}
    assert [left.row for left in done.left_out] == [1, 1, 2, 3]


def test_numbers_stay_numbers_and_null_stays_null():
    row = b'{"n": 1, "none": null, "list": [1], "yes": true}'
    done = paste_over([(1, row)], ["n", "none", "list", "yes"], "2.5\t\t[1, 2]\tfalse")
    assert done.rows == {1: b'{"n": 2.5, "none": null, "list": [1, 2], "yes": false}'}


def test_copying_and_pasting_many_rows_can_be_cancelled():
    assert copy_rows([PAIR] * 300, cancelled=lambda: True) is None
    assert paste_new("Q\tA\n" * 300, cancelled=lambda: True) is None


TEXT = st.text(alphabet=st.sampled_from('ab"\t\n\rяЖ\u2028 '), min_size=1, max_size=6)
TURNS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3)


@given(st.lists(st.tuples(st.none() | TEXT, TURNS), min_size=1, max_size=4))
def test_conversations_come_back_as_they_were_copied(rows: list[tuple[str | None, list[tuple[str, str]]]]):
    raws = []
    for system, pairs in rows:
        turns = [("system", system)] if system else []
        for question, answer in pairs:
            turns += [("user", question), ("assistant", answer)]
        raws.append(chat(*turns))
    copied = copy_rows(raws)
    assert copied.left_out == ()
    assert [said(raw) for raw in paste_new(copied.text, raws).raws] == [said(raw) for raw in raws]
    over = paste_over(list(enumerate(raws)), copied.columns, copied.text)
    assert over.rows == {} and over.left_out == ()


NAMES = st.lists(st.text(alphabet="xyz\t", min_size=1, max_size=2).filter(str.strip), min_size=1, max_size=3)


@given(NAMES.filter(lambda names: len({name.strip() for name in names}) == len(names)), st.data())
def test_tables_come_back_as_they_were_copied(names: list[str], data: st.DataObject):
    texts = data.draw(
        st.lists(st.lists(TEXT, min_size=len(names), max_size=len(names)), min_size=1, max_size=4)
    )
    values = [dict(zip(names, line, strict=True)) for line in texts]
    raws = [json.dumps(value).encode() for value in values]
    copied = copy_rows(raws)
    assert columns_of(values) == tuple(names)
    assert [json.loads(raw) for raw in paste_new(copied.text, raws).raws] == values
