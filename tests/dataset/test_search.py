"""Claims about finding text in rows."""

import json

import pytest

from tunedesk.dataset.document import Document
from tunedesk.dataset.query import Query
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


def test_a_sorted_document_is_searched_in_its_own_order(make):
    document = make(
        b"".join(chat(f"number {number} {'even' if number % 2 == 0 else 'odd'}") for number in range(6000))
    )
    document.move(list(reversed(document.row_ids())), 0, "Reverse")
    document.insert(3, [chat("even as well").strip()], "Add")
    rows = [document.position_of(row) for row in find_rows(document.snapshot(), "EVEN")]
    assert rows[:3] == [1, 3, 4]
    assert rows == sorted(rows)
    assert len(rows) == 3001


def test_role_names_of_other_formats_are_not_searched(make):
    row = b'{"conversations": [{"from": "human", "value": "x"}, {"from": "gpt", "value": "humane"}]}\n'
    assert found(make, row + row.replace(b"humane", b"y"), "human") == [1]


def test_a_query_can_ask_for_turns_roles_and_whole_words(make):
    turns = b'[{"role": "user", "content": "cats"}, {"role": "assistant", "content": "Cat!"}]'
    row = b'{"topic": "cat", "messages": %s}\n' % turns
    content = row + row.replace(b"Cat!", b"dog")
    assert found(make, content, "cat") == [1, 2]
    assert found(make, content, Query("cat", where="turns", whole_word=True)) == [1]
    assert found(make, content, Query("cat", roles=("assistant",))) == [1]
    assert found(make, content, Query("cat", whole_word=True)) == [1, 2]


def test_rows_of_every_container_are_searched(make, tmp_path):
    (tmp_path / "rows.csv").write_bytes(b'question,answer\n"What ""now""?",one\nelse,two\n')
    document = Document.open(tmp_path / "rows.csv", tmp_path / "csv.db")
    assert [document.position_of(row) for row in find_rows(document.snapshot(), '"NOW"')] == [0]
    assert [document.position_of(row) for row in find_rows(document.snapshot(), "o", case=True)] == [0, 1]


def test_a_line_longer_than_a_block_is_searched_whole(make):
    content = chat("a") + chat("x" * 3_000_000 + "needle") + chat("needle") + chat("y" * 2_000_000)
    assert found(make, content, "needle") == [2, 3]


def test_a_search_tells_how_far_it_is(make):
    seen: list[tuple[int, int]] = []
    list(find_rows(make(chat("a") * 10).snapshot(), "b", progress=lambda *at: seen.append(at)))
    assert seen and all(done <= total == 10 for done, total in seen)
