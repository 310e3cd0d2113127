"""Claims about finding candidates in bytes: no line that holds a text is missed, however JSON writes it."""

import random

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.dataset.sieve import Sieve, required_text

LETTERS = "aksif\u0131\xdf\u1e9e\u017f\u212a\u0130\ufb01\ufb00stKSI\xe9\xc9\u043f\u041f"
LETTERS += '\xb5\u039c\u03a3\u03c2\u03c3\u6771\U0001f600\U00010400\U00010428 "\\/\n\t\x01\u2028\ufffd'
SHORT = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\", "/": "\\/"}


def written(text: str, chance: random.Random) -> bytes:
    """A JSON string in which each letter is written in one of the ways that are allowed."""
    parts = []
    for letter in text:
        units = letter.encode("utf-16-be")
        number = [f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)]
        escaped = "".join(chance.choice([unit, unit[:2] + unit[2:].upper()]) for unit in number)
        ways = [escaped] if letter < " " or letter in '"\\' else [letter, letter, letter, escaped]
        parts.append(chance.choice([*ways, *([SHORT[letter]] if letter in SHORT else [])]))
    return b'{"text": "%s"}' % "".join(parts).encode()


texts = st.text(LETTERS, max_size=6)


@settings(max_examples=300)
@given(st.lists(texts, max_size=6), st.text(LETTERS, min_size=1, max_size=4), st.booleans(), st.integers())
def test_no_line_that_holds_the_text_is_missed(rows, wanted, case, seed):
    block = b"".join(written(row, random.Random(seed)) + b"\n" for row in rows)
    flags = 0 if case else regex.IGNORECASE | regex.FULLCASE
    pattern = regex.compile(regex.escape(wanted), flags)
    holding = [number for number, row in enumerate(rows) if pattern.search(row)]
    found = [block.count(b"\n", 0, start) for start, _ in Sieve(wanted, case=case).lines(block)]
    assert set(holding) <= set(found)
    assert found == sorted(set(found))


@pytest.mark.parametrize("case", [True, False])
@pytest.mark.parametrize("wanted", ["needle", "Иголка", "naïve word"])
def test_other_lines_are_not_even_looked_at(wanted, case):
    rows = [b"{}", '{"text": "other words, même là"}'.encode(), written(wanted, random.Random(3)), b'"\\n"']
    block = b"\n".join(rows) + b"\n"
    found = [block[start:end] for start, end in Sieve(wanted, case=case).lines(block)]
    assert found == [rows[2]]


@given(st.text("ab.*+?^$\\dw|()[]{}", max_size=7), st.lists(st.text("abdw*|", max_size=5), max_size=8))
def test_what_a_regular_expression_requires_is_in_all_that_it_matches(pattern, rows):
    try:
        compiled = regex.compile(pattern)
    except regex.error:
        return
    required = required_text(pattern)
    for found in filter(None, map(compiled.search, rows)):
        assert required in found.string


@pytest.mark.parametrize(
    ("pattern", "required"),
    [("abc", "abc"), (r"no\W+and", "and"), ("colou?r", "colo"), ("a|b", ""), (r"\d*xyz$", "xyz"), ("", "")],
)
def test_the_longest_piece_that_must_be_there_is_taken(pattern, required):
    assert required_text(pattern) == required
