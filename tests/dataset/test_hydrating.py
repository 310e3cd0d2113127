"""Claims about examples that are filled from a table."""

import json

import pytest

from tunedesk.dataset.hydrating import PromptTemplate, columns_in, fill, fill_rows
from tunedesk.errors import UserError

TEMPLATE = PromptTemplate("You know {product}.", "{question} {{JSON}} {Price (EUR)}", "{answer}")
ROW = {"product": "lamps", "question": "How much?", "Price (EUR)": 9.5, "answer": "{answer}"}


def said(raw: bytes) -> list[str]:
    return [turn["content"] for turn in json.loads(raw)["messages"]]


def test_columns_are_put_in_and_doubled_brackets_are_brackets():
    filled = fill(TEMPLATE, json.dumps(ROW).encode())
    assert said(filled.raw) == ["You know lamps.", "How much? {JSON} 9.5", "{answer}"]
    assert [turn["role"] for turn in json.loads(filled.raw)["messages"]] == ["system", "user", "assistant"]
    assert filled.is_complete


def test_a_template_names_its_columns_once_each():
    assert columns_in(TEMPLATE) == ("product", "question", "Price (EUR)", "answer")
    assert columns_in(PromptTemplate(user="{{a}} {b} {b} {{{c}}}")) == ("b", "c")


def test_an_empty_text_makes_no_turn():
    filled = fill(PromptTemplate(user="{a}"), b'{"a": "x"}')
    assert json.loads(filled.raw) == {"messages": [{"role": "user", "content": "x"}]}


def test_unknown_and_empty_columns_are_told_for_each_row():
    filled = fill(PromptTemplate(user="{a} {b} {c}"), b'{"a": " ", "b": null}')
    assert filled.unknown == ("c",) and filled.empty == ("a", "b")
    assert said(filled.raw) == ["   {c}"]


@pytest.mark.parametrize(
    ("text", "place"), [("a {b", 3), ("a } b", 3), ("{}", 1), ("{{x}", 4), ("{a{b}}", 1)]
)
def test_a_bracket_that_stands_alone_is_told_with_its_place(text: str, place: int):
    with pytest.raises(UserError, match=f"at character {place}"):
        columns_in(PromptTemplate(user=text))


def test_rows_that_lack_something_make_no_example_unless_asked(make):
    rows = [b'{"a": "1"}', b'{"a": ""}', b'{"b": 1}', b"oops", b'{"a": "2"}']
    snapshot = make(b"\n".join(rows) + b"\n").snapshot()
    ids = list(snapshot.ids)
    made = fill_rows(snapshot.rows(), len(snapshot), PromptTemplate(user="Q{a}"), "list.csv")
    assert [said(raw) for raw in made.raws] == [["Q1"], ["Q2"]]
    assert made.sources == (ids[0], ids[4])
    assert [left.row for left in made.left_out] == ids[1:4]
    assert made.mark.source == "template over list.csv"
    kept = fill_rows(snapshot.rows(), 5, PromptTemplate(user="Q{a}"), "list.csv", keep_incomplete=True)
    assert len(kept.raws) == 4 and len(kept.left_out) == 3


def test_filling_can_be_cancelled_and_an_empty_template_is_refused():
    rows = [(1, b'{"a": "1"}')]
    assert fill_rows(rows, 1, PromptTemplate(user="{a}"), "x", cancelled=lambda: True) is None
    with pytest.raises(UserError, match="template is empty"):
        fill_rows(rows, 1, PromptTemplate(), "x")
