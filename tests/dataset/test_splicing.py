"""Claims about edited rows: all that was not edited keeps its spelling."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.json_pointer import delete_at, set_at
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_writing import dump_row
from tunedesk.dataset.splicing import splice_at

ODD = '{ "n":1.10, "big" : 1e5,"deep":{"x": [1.0,2E0 , -0.0], "t":"\\u0041\\/"},"z":12345678901234567890.0}'


@pytest.mark.parametrize(
    ("pointer", "new", "expected"),
    [
        ("/n", 2, ODD.replace("1.10", "2")),
        ("/deep/x/1", "é", ODD.replace("2E0", '"é"')),
        ("/deep/t", "B", ODD.replace('"\\u0041\\/"', '"B"')),
        ("/deep/x/-", 3, ODD.replace("[1.0,2E0 , -0.0]", "[1.0, 2E0, -0.0, 3]")),
        ("/new", 1.5, '{"n":1.10, "big":1e5, "deep":{"x": [1.0,2E0 , -0.0], "t":"\\u0041\\/"}, '
         '"z":12345678901234567890.0, "new":1.5}'),
    ],
)  # fmt: skip
def test_an_edit_leaves_the_spelling_of_everything_else_alone(pointer, new, expected):
    value = set_at(json.loads(ODD), pointer, new)
    assert dump_row(value, ODD.encode()).decode() == expected


def test_a_row_that_did_not_change_is_the_same_bytes():
    assert dump_row(json.loads(ODD), ODD.encode()) == ODD.encode()


def test_one_and_one_point_nought_and_true_are_three_things():
    assert dump_row({"a": 1.0}, b'{"a": 1}') == b'{"a": 1.0}'
    assert dump_row({"a": True}, b'{"a": 1.0}') == b'{"a": true}'


def test_a_key_that_stood_twice_is_written_once():
    raw = b'{"a": 1.10, "a": 2.50, "b": {"c": 1e2, "c": 1e3}}'
    assert dump_row(parse_row(raw).value, raw) == b'{"a": 2.50, "b": {"c": 1e3}}'


def test_turns_that_move_or_go_take_their_spelling_along():
    raw = b'{"n":0, "m": [{"w":1.10,"t": "a"}, {"w":2.20, "t":"b"}, {"w":3.30,"t":"c"}]}'
    value = parse_row(raw).value
    gone = delete_at(value, "/m/0")
    assert dump_row(gone, raw) == b'{"n":0, "m": [{"w":2.20, "t":"b"}, {"w":3.30,"t":"c"}]}'
    turned = {"n": 0, "m": [value["m"][2], value["m"][0]]}
    assert dump_row(turned, raw) == b'{"n":0, "m": [{"w":3.30,"t":"c"}, {"w":1.10,"t": "a"}]}'


@pytest.mark.parametrize(
    "raw", [b"", b"not json", b'{"a": 1} x', b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}"]
)
def test_a_text_that_cannot_be_read_is_only_a_habit(raw):
    assert json.loads(dump_row({"b": 1.5}, raw)) == {"b": 1.5}


def test_a_byte_order_mark_in_a_row_goes_when_the_row_is_written():
    assert dump_row({"a": 2}, b'\xef\xbb\xbf{"a": 1, "b": 1.10}') == b'{"a": 2}'


def test_splicing_replaces_the_very_characters_of_a_value():
    assert splice_at(ODD, "/deep/x/0", "[]") == ODD.replace("1.0,", "[],")
    assert splice_at('{"a": 1, "a": 2}', "/a", "3") == '{"a": 1, "a": 3}'
    for pointer in ("/absent", "/deep/x/9", "/deep/x/-", "/n/0"):
        with pytest.raises(LookupError):
            splice_at(ODD, pointer, "1")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
rows = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


@given(rows, rows, st.sampled_from([(",", ":"), (", ", ": "), (" , ", " :")]))
def test_what_is_written_reads_back_as_the_value(old, new, separators):
    mixed = {**new, **{key: old[key] for key in list(old)[::2]}}
    raw = json.dumps(old, separators=separators).encode()
    written = dump_row(mixed, raw)
    assert json.loads(written) == mixed
    assert b"\n" not in written
    assert dump_row(old, raw) == raw
