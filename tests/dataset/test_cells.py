"""Claims about tables on the clipboard."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.cells import parse_cells, write_cells


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", ()),
        ("a", (("a",),)),
        ("a\tb\r\nc\td\r\n", (("a", "b"), ("c", "d"))),
        ("a\n\nb\n", (("a",), ("",), ("b",))),
        ("a\t", (("a", ""),)),
        ("\t\n", (("", ""),)),
        ('"two\nlines"\tb\r\n', (("two\nlines", "b"),)),
        ('"say ""hi""\nnow"', (('say "hi"\nnow',),)),
        ('"a\tb"', (("a\tb",),)),
    ],
)
def test_tables_are_read_as_excel_and_libreoffice_copy_them(text: str, cells: object):
    assert parse_cells(text) == cells


@pytest.mark.parametrize("cell", ['"yes"', 'he said "no"', '"', '"a" and "b"', '"open', "a\u2028b", "a\x0bb"])
def test_quotes_and_odd_characters_that_are_the_cell_s_own_stay(cell: str):
    assert parse_cells(f"x\t{cell}\ty") == (("x", cell, "y"),)


def test_a_cell_is_quoted_only_when_it_must_be():
    assert write_cells([["a b", 'say "hi"', "x\ty", '"q"']]) == 'a b\tsay "hi"\t"x\ty"\t"""q"""\n'


CELL = st.text(alphabet=st.sampled_from('ab "\t\n\r\u2028'), max_size=8) | st.text(max_size=8)


@given(st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=5))
def test_what_is_written_is_read_back(rows: list[list[str]]):
    assert parse_cells(write_cells(rows)) == tuple(map(tuple, rows))


@given(st.lists(st.lists(CELL, min_size=1, max_size=3), max_size=4))
def test_other_programs_read_the_same_table(rows: list[list[str]]):
    """As far as csv's dialect can be told: it takes quotes inside a plain cell for what they are."""
    readable = [row for row in rows if row != [""]]
    text = write_cells(readable)
    assert [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), "excel-tab")] == list(
        map(tuple, readable)
    )
