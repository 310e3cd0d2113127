"""Laying out JSON moves blanks only: every token stays as it was written."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.desktop.data.row.json_layout import joined, place_in, spread

KEPT = [
    '{"a": 1.10, "b": 1e400, "a": NaN}',
    '{"a":1,"b":[],"c":{},"d":[{}]}',
    '{"text": "a, b: {c} \\"d\\" \\u00e9 \\\\"}',
    '{"empty": "", "deep": [[[1, 2], []], null, true]}',
    "[]",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("line", KEPT)
def test_what_was_laid_out_comes_back_byte_for_byte(line):
    assert joined(spread(line), line) == line


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=5), VALUES, min_size=1, max_size=4), st.booleans())
def test_any_object_comes_back_byte_for_byte(value, tight):
    line = json.dumps(value, separators=(",", ":") if tight else (", ", ": "))
    assert joined(spread(line), line) == line
    assert json.loads(spread(line)) == value


@pytest.mark.parametrize("line", ['{"a": "not closed', '{"a": 1', '{"a": 1]}', "not JSON", ""])
def test_what_is_not_json_is_left_alone(line):
    assert spread(line) == line


def test_line_ends_typed_into_something_broken_do_not_end_the_row():
    assert "\n" not in joined('{"a": "x\ny', "")


def test_a_place_in_the_line_is_found_again_in_the_layout():
    line = '{"a": [1, 2], "b": "here"}'
    laid_out = spread(line)
    place = place_in(laid_out, line, line.index("here"))
    assert laid_out[place : place + 4] == "here"
