"""Claims about reading one line."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.parsing import parse_row

CHAT = b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}'


def codes(raw: bytes) -> list[str]:
    return [problem.code for problem in parse_row(raw).problems]


def marked(raw: bytes) -> list[str]:
    """What the problems point at, as text."""
    text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    return [text[problem.start : problem.end] for problem in parse_row(raw).problems]


def test_a_good_row_has_its_value_and_no_problem():
    row = parse_row(CHAT)
    assert row.value == json.loads(CHAT)
    assert row.problems == ()
    assert row.raw == CHAT


@pytest.mark.parametrize("raw", [b"", b"   ", b"\t\r", b"\xef\xbb\xbf"])
def test_a_blank_line_is_said_to_be_empty(raw):
    assert codes(raw) == ["ENC005"]
    assert parse_row(raw).value is None


def test_bytes_that_are_not_utf8_are_pointed_at():
    raw = '{"content": "é'.encode() + b'\xff"}'
    row = parse_row(raw)
    assert row.value is None
    assert codes(raw) == ["ENC001"]
    assert row.problems[0].start == len('{"content": "é')


@pytest.mark.parametrize("bad", [b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"])
def test_no_kind_of_invalid_utf8_slips_through_the_fast_reader(bad):
    assert codes(b'{"a": "' + bad + b'"}') == ["ENC001"]
    assert codes(b'{"' + bad + b'": 1}') == ["ENC001"]


@pytest.mark.parametrize(
    ("raw", "at", "words"),
    [
        (b'{"a": [1, 2,]}', ",", "comma stands after the last item"),
        (b'{"a": 1,}', ",", "comma stands after the last item"),
        (b"{'a': 1}", "'", "straight double quotes"),
        ("{“a”: 1}".encode(), "“", "straight double quotes"),
        (b'{"a": "x', '"', "not closed"),
        (b'{"a": {"b": 1}', "", "ends too early"),
        (b'{"a": "x\ty"}', "\t", "control character"),
        (b'{"a": "C:\\dir"}', "\\", "backslash"),
        (b'{"a": 1} {"b": 2}', "{", "after the end"),
        (b'{"a": 1 "b": 2}', '"', "comma or a closing bracket"),
        (b'{"a" 1}', "1", "colon"),
        (b"{a: 1}", "a", "key in double quotes"),
        (b'{"a": undefined}', "u", "not JSON"),
        (b"rubbish", "r", "not JSON"),
    ],
)
def test_a_line_that_is_not_json_says_what_to_mend_and_where(raw, at, words):
    (problem,) = parse_row(raw).problems
    assert problem.code == "JSN001"
    assert words in problem.message
    assert marked(raw) == [at]


@pytest.mark.parametrize("raw", [b"[1, 2]", b'"text"', b"17", b"null", b"true", b"1.5"])
def test_a_row_that_is_not_an_object_is_refused(raw):
    assert codes(raw) == ["JSN002"]
    assert parse_row(raw).value is None


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": 1, "a": 2}',
        b'{"a" : 1, "a" : 2}',
        b'{"a"\t: 1, "a": 2}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"x\\\\": 1, "x\\\\": 2}',
        b'{"m": [{"a": 1, "a": 2}]}',
        b'{"m": {"n": [[{"a": {"a": 1}, "a": 2}]]}}',
        b'{"t": "\\":", "a": 1, "a": 2}',
        b'{"t": ":", "a":1,"a":2}',
        b'{"a": {"a": 1}, "a": {"a": 1}}',
    ],
)
def test_a_key_that_stands_twice_is_found_however_it_is_written(raw):
    assert codes(raw) == ["JSN003"]
    assert parse_row(raw).value == json.loads(raw)


def test_the_repeated_key_that_is_ignored_is_the_one_pointed_at():
    raw = '{"é": 1, "a": "first", "b": {"a": 0}, "a": "second"}'.encode()
    (problem,) = parse_row(raw).problems
    assert problem.start == raw.decode().index('"a": "first"')
    assert marked(raw) == ['"a"']


def test_the_same_key_in_different_objects_is_no_repetition():
    assert codes(b'{"a": {"a": [{"a": 1}, {"a": 2}]}, "b": "\\"a\\": 1", "c": ":)"}') == []


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 299 + "e10"])
def test_a_number_that_is_not_finite_is_pointed_at(word):
    raw = f'{{"text": "NaN 1e999", "n": {word}, "m": 1e5}}'.encode()
    assert codes(raw) == ["JSN004"]
    assert marked(raw) == [word]
    assert not math.isfinite(parse_row(raw).value["n"])


def test_half_of_a_surrogate_pair_is_pointed_at_and_a_whole_pair_is_not():
    raw = b'{"good": "\\ud83d\\ude00", "bad": "x\\ud800y"}'
    assert codes(raw) == ["JSN005"]
    assert marked(raw) == ['"x\\ud800y"']
    assert parse_row(raw).value["good"] == "😀"


def test_a_byte_order_mark_is_no_problem_and_moves_no_position():
    assert parse_row(b"\xef\xbb\xbf" + CHAT).value == json.loads(CHAT)
    assert marked(b"\xef\xbb\xbf{'a': 1}") == ["'"]


def test_brackets_nested_too_deeply_are_a_problem_not_a_crash():
    assert codes(b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}") == ["JSN001"]


def test_a_number_of_five_thousand_digits_is_a_problem_not_a_crash():
    raw = b'{"a": 7, "b": ' + b"9" * 5000 + b"}"
    assert codes(raw) == ["JSN001"]
    assert marked(raw) == ["9" * 5000]


def test_integers_beyond_64_bits_keep_all_their_digits():
    assert parse_row(b'{"a": 1180591620717411303424}').value == {"a": 2**70}


@given(st.binary(max_size=60))
def test_no_bytes_make_it_raise(raw):
    row = parse_row(raw)
    assert row.value is not None or row.problems


@given(st.text(alphabet='{}[]:,"\\ a1.-eu0\t', max_size=40))
def test_it_accepts_what_the_standard_library_accepts(text):
    row = parse_row(text.encode())
    try:
        expected = json.loads(text)
    except ValueError:
        assert row.value is None
        assert row.problems
    else:
        assert row.value == (expected if isinstance(expected, dict) else None)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


separator_pairs = st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : ")])


@given(st.dictionaries(st.text(max_size=8), values, max_size=5), separator_pairs)
def test_what_json_writes_is_read_back_without_a_problem(value, separators):
    for ascii_only in (True, False):
        try:
            raw = json.dumps(value, ensure_ascii=ascii_only, separators=separators).encode()
        except UnicodeEncodeError:
            continue
        row = parse_row(raw)
        assert row.value == json.loads(raw)
        assert [p for p in row.problems if p.code != "JSN005"] == []


def _repeats_a_key(raw: bytes) -> bool:
    found = []

    def look(pairs):
        found.append(len({key for key, _ in pairs}) != len(pairs))
        return dict(pairs)

    json.loads(raw, object_pairs_hook=look)
    return any(found)


keys = st.sampled_from(["a", "b", 'q"', "c\\", ":", ": ", 'x":'])


@given(st.lists(st.tuples(keys, keys, st.sampled_from(["", " ", "  "])), max_size=5))
def test_repeated_keys_are_found_exactly_when_they_are_there(pairs):
    inside = ", ".join(f"{json.dumps(key)}{gap}: {json.dumps(text)}" for key, text, gap in pairs)
    raw = f'{{"outer": {{{inside}}}}}'.encode()
    assert ("JSN003" in codes(raw)) == _repeats_a_key(raw)
