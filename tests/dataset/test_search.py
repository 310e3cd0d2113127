"""Claims about finding text in rows."""

import json

import pytest

from tunedesk.dataset.search import find_rows
from tunedesk.errors import UserError


def chat(*contents: str, ascii_only: bool = False) -> bytes:
    turns = [{"role": "user", "content": content} for content in contents]
    return json.dumps({"messages": turns}, ensure_ascii=ascii_only).encode() + b"\n"


def found(make, content: bytes, text: str, **how) -> list[int]:
    """The numbers, from 1, of the rows that were found."""
    document = make(content)
    snapshot = document.snapshot()
    return [document.position_of(row) + 1 for row in find_rows(snapshot, text, **how)]


def test_text_is_found_however_its_json_is_escaped(make):
    content = chat("Привет") + chat("Привет", ascii_only=True) + chat("Hello")
    assert found(make, content, "привет") == [1, 2]
    assert found(make, content, "Привет", case=True) == [1, 2]
    assert found(make, content, "привет", case=True) == []


def test_line_breaks_and_quotes_are_found_as_people_see_them(make):
    content = chat('He said "no"\nand left') + chat("He said no")
    assert found(make, content, '"no"\nand') == [1]
    assert found(make, content, r"no\W+and", regex=True) == [1]


def test_keys_and_roles_are_not_searched(make):
    content = chat("x") + chat("the user wrote content") + b'{"note": "role"}\n'
    assert found(make, content, "user") == [2]
    assert found(make, content, "content", case=True) == [2]
    assert found(make, content, "role") == [3]


def test_a_line_that_is_not_json_is_searched_as_it_is(make):
    assert found(make, b"oops, no json\n" + chat("x") + b"\xff oops\n", "OOPS") == [1, 3]


def test_unsaved_edits_are_found_and_old_text_is_not(make):
    document = make(chat("old") + chat("other"))
    document.replace(document.id_at(0), chat("new").strip(), "Edit")
    assert list(find_rows(document.snapshot(), "new")) == [document.id_at(0)]
    assert list(find_rows(document.snapshot(), "old")) == []


def test_an_empty_text_is_in_every_row(make):
    assert found(make, chat("a") + b"\n" + chat("b"), "") == [1, 2, 3]


def test_a_broken_regular_expression_is_told_in_a_sentence(make):
    with pytest.raises(UserError, match="not a regular expression"):
        found(make, chat("a"), "(", regex=True)


def test_a_search_ends_when_it_is_cancelled(make):
    document = make(chat("a") * 10)
    seen: list[int] = []
    for row in find_rows(document.snapshot(), "a", cancelled=lambda: len(seen) == 3):
        seen.append(row)
    assert len(seen) == 3
