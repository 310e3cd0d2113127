"""Claims about search and replace."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset import query
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.query import Query
from tunedesk.dataset.replacing import apply_hits, find_hits, hits_in_row
from tunedesk.errors import UserError


def chat(*turns: tuple[str, str], **more: object) -> bytes:
    messages = [{"role": role, "content": text} for role, text in turns]
    return json.dumps({"messages": messages, **more}, ensure_ascii=False).encode()


def lines(*rows: bytes) -> bytes:
    return b"".join(row + b"\n" for row in rows)


def replaced(row: bytes, query: Query, replacement: str) -> str:
    """The row's text after all of its hits were replaced, through the same steps as in a document."""
    hits = hits_in_row(1, row, query, replacement).hits
    applied = apply_hits(OneRow(row), hits)  # type: ignore[arg-type]
    assert applied is not None and applied.left_out == ()
    return applied.rows.get(1, row).decode()


class OneRow:
    """A snapshot of a single row."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.ids = [1]

    def raw(self, row: int) -> bytes:
        return self._raw


def test_a_hit_names_its_place_and_what_would_stand_there(make):
    document = make(lines(chat(("user", "no"), ("assistant", "Call us, then call back."))))
    found = find_hits(document.snapshot(), Query("call"), "write")
    assert [
        (hit.pointer, hit.role, hit.start, hit.end, hit.found, hit.replacement) for hit in found.hits
    ] == [
        ("/messages/1/content", "assistant", 0, 4, "Call", "write"),
        ("/messages/1/content", "assistant", 14, 18, "call", "write"),
    ]
    assert found.hits[1].before == "Call us, then " and found.hits[1].after == " back."
    assert found.rows == 1 and not found.more


def test_only_the_chosen_hits_are_replaced_and_the_rest_of_the_row_stays(make):
    row = b'{ "id":1e3 , "messages":[{"role":"user","content":"a a a"}]}'
    document = make(lines(row, chat(("user", "a"))))
    found = find_hits(document.snapshot(), Query("a"), "b")
    applied = apply_hits(document.snapshot(), [found.hits[0], found.hits[2]])
    (new,) = applied.rows.values()
    assert json.loads(new) == {"id": 1000.0, "messages": [{"role": "user", "content": "b a b"}]}
    assert applied.replaced == 2
    document.replace_many(applied.rows, "Replace")
    assert find_hits(document.snapshot(), Query("b")).rows == 1


def test_roles_and_keys_narrow_the_search(make):
    document = make(lines(chat(("system", "x"), ("user", "x"), ("assistant", "x"), note="x")))
    snapshot = document.snapshot()

    def pointers(**how: object) -> list[str]:
        return [hit.pointer for hit in find_hits(snapshot, Query("x", **how)).hits]

    assert pointers(roles=("system", "user")) == ["/messages/0/content", "/messages/1/content"]
    assert pointers(keys=("note",)) == ["/note"]
    assert pointers(where="turns") == [f"/messages/{turn}/content" for turn in range(3)]
    assert len(pointers()) == 4


def test_roles_are_those_that_a_table_s_columns_have(make):
    document = make(b'{"q": "x", "a": "x", "note": "x"}\n')
    document.mapping = ColumnMapping(user="q", assistant="a")
    assert [hit.pointer for hit in find_hits(document.snapshot(), Query("x", roles=("assistant",))).hits] == [
        "/a"
    ]
    assert [hit.pointer for hit in find_hits(document.snapshot(), Query("x", where="turns")).hits] == [
        "/q",
        "/a",
    ]


def test_roles_and_keys_themselves_are_never_hits():
    row = chat(("user", "the user wrote"), content="content")
    assert [hit.pointer for hit in hits_in_row(1, row, Query("user")).hits] == ["/messages/0/content"]
    assert [hit.pointer for hit in hits_in_row(1, row, Query("content")).hits] == ["/content"]


def test_whole_words_only():
    row = chat(("user", "cat concatenate cat."))
    assert [hit.start for hit in hits_in_row(1, row, Query("cat", whole_word=True)).hits] == [0, 16]
    assert len(hits_in_row(1, row, Query("c.t|con", regex=True, whole_word=True)).hits) == 2


def test_groups_are_put_in_with_either_spelling():
    row = chat(("user", "Mr Smith"))
    titles = Query(r"(?P<title>\w+) (\w+)", regex=True)
    for replacement in ("$2, $1", r"\2, \1", "${2}, ${title}", r"\g<2>, \g<title>"):
        assert json.loads(replaced(row, titles, replacement))["messages"][0]["content"] == "Smith, Mr"
    assert "<Mr Smith>" in replaced(row, titles, "<$0>")
    assert "$2 Mr0" in replaced(row, titles, r"$$2 $10")


def test_a_plain_replacement_means_what_it_says():
    assert json.loads(replaced(chat(("user", "a")), Query("a"), r"$1\n"))["messages"][0]["content"] == r"$1\n"


def test_a_group_that_did_not_take_part_is_empty():
    assert "[]" in replaced(chat(("user", "b")), Query("(a)?b", regex=True), "[$1]")


def test_a_broken_pattern_and_a_missing_group_are_told_with_their_place():
    row = chat(("user", "a"))
    with pytest.raises(UserError, match="at character 4"):
        hits_in_row(1, row, Query("ab(", regex=True))
    with pytest.raises(UserError, match="names group 2 at character 3"):
        hits_in_row(1, row, Query("(a)", regex=True), "x $2")


def test_a_pattern_that_would_take_years_is_given_up_and_told(make, monkeypatch):
    monkeypatch.setattr(query, "TIMEOUT", 0.05)
    slow = Query(r"(?:a|b|ab)*[cd]$", regex=True)
    row = chat(("user", "ab" * 3000))
    found = find_hits(make(lines(row)).snapshot(), slow, "")
    assert found.hits == ()
    assert [left.pointer for left in found.left_out] == ["/messages/0/content"]


def test_case_does_not_count_in_any_script():
    row = chat(("user", "ПРИВЕТ Straße \u212a"))
    assert hits_in_row(1, row, Query("привет")).hits[0].start == 0
    assert hits_in_row(1, row, Query("STRASSE")).hits[0].found == "Straße"
    assert hits_in_row(1, row, Query("k")).hits[0].found == "\u212a"
    assert hits_in_row(1, row, Query("привет", case=True)).hits == ()


def test_escaped_text_is_found_and_written_back_in_the_row_s_habit():
    row = b'{"prompt": "\\u041f\\u0440\\u0438 \\u2028", "completion": "x"}'
    assert replaced(row, Query("При"), "Про") == row.decode().replace("\\u0438", "\\u043e")


def test_what_cannot_be_replaced_is_told(make):
    twice = b'{"prompt": "a", "prompt": "a", "completion": ""}'
    document = make(lines(b"no json, a", twice, b'{"prompt": "a"}', b"none"))
    found = find_hits(document.snapshot(), Query("a", case=True), "b")
    assert [document.position_of(left.row) for left in found.left_out] == [0, 1]
    assert [document.position_of(hit.row) for hit in found.hits] == [2]


def test_a_hit_in_a_text_that_changed_since_is_left_out(make):
    document = make(lines(b'{"prompt": "old text"}', b'{"prompt": "old"}', b'{"prompt": "old"}'))
    hits = find_hits(document.snapshot(), Query("old"), "new").hits
    document.replace(document.id_at(0), b'{"prompt": "a text"}', "Edit")
    document.delete([document.id_at(1)], "Delete")
    applied = apply_hits(document.snapshot(), hits)
    assert list(applied.rows.values()) == [b'{"prompt": "new"}']
    assert len(applied.left_out) == 2


def test_the_limit_is_told(make):
    found = find_hits(make(lines(*[b'{"prompt": "aaa"}'] * 5)).snapshot(), Query("a"), limit=7)
    assert len(found.hits) == 7 and found.more


def test_a_search_ends_when_it_is_cancelled_and_an_empty_one_finds_nothing(make):
    snapshot = make(lines(*[chat(("user", "a"))] * 100)).snapshot()
    assert find_hits(snapshot, Query("a"), cancelled=lambda: True) is None
    assert find_hits(snapshot, Query("")).hits == ()
    seen: list[tuple[int, int]] = []
    hits = find_hits(snapshot, Query("a"), "b", progress=lambda done, total: seen.append((done, total))).hits
    assert seen[-1] == (100, 100)
    assert apply_hits(snapshot, hits, cancelled=lambda: True) is None


@given(st.text(), st.text(min_size=1, max_size=3), st.text(max_size=3), st.booleans())
def test_replacing_all_hits_is_what_python_does(text: str, sought: str, new: str, case: bool):
    query = Query(sought, case=True, regex=False)
    row = json.dumps({"prompt": text}, ensure_ascii=case).encode("utf-8", "surrogatepass")
    expected = text.replace(sought, new)
    assert json.loads(replaced(row, query, new))["prompt"] == expected


@given(st.text(alphabet="ab .\n", max_size=30), st.sampled_from(["a+", "(a)(b)?", "^", "b*", r"\s", "$"]))
def test_patterns_replace_as_in_python(text: str, pattern: str):
    row = json.dumps({"prompt": text}).encode()
    assert json.loads(replaced(row, Query(pattern, regex=True, case=True), "<$0>"))["prompt"] == re.sub(
        pattern, r"<\g<0>>", text
    )
