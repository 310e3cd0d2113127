"""Claims about what changed between two sequences of rows."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.diffing import RowDiff, diff_rows
from tunedesk.dataset.row_pairing import RowList, RowSource
from tunedesk.dataset.value_diff import changed_pointers


def told(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[str, int | None, int | None]]:
    diff = diff_rows(RowList(old), RowList(new), by_id=False)
    return [(change.kind, change.old_position, change.new_position) for change in diff.changes]


def letters(word: str) -> list[bytes]:
    return [letter.encode() for letter in word]


def row(prompt: str, completion: str) -> bytes:
    return json.dumps({"prompt": prompt, "completion": completion}).encode()


def applied(old: RowSource, diff: RowDiff, new: RowSource) -> list[bytes]:
    """The old rows after a diff: only rows that it names are read from the new side."""
    gone = {change.old_position for change in diff.changes if change.old_position is not None}
    made = {c.new_position: new.raw(c.new) for c in diff.changes if c.new is not None and c.kind != "moved"}
    made |= {c.new_position: old.raw(c.old) for c in diff.changes if c.kind == "moved"}
    kept = [old.raw(row_id) for place, row_id in enumerate(old.ids) if place not in gone]
    rows = iter(kept)
    return [made[place] if place in made else next(rows) for place in range(len(kept) + len(made))]


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("", "", []),
        ("abc", "abc", []),
        ("ac", "abc", [("added", None, 1)]),
        ("abc", "ac", [("removed", 1, None)]),
        ("abcd", "bcda", [("moved", 0, 3)]),
        ("aab", "ab", [("removed", 1, None)]),
        ("", "ab", [("added", None, 0), ("added", None, 1)]),
        ("abc", "xyz", [("removed", n, None) for n in range(3)] + [("added", None, n) for n in range(3)]),
    ],
)
def test_rows_of_two_files_are_told_apart_by_their_text(old: str, new: str, changes: list[object]):
    assert told(letters(old), letters(new)) == changes


def test_a_row_that_asks_the_same_is_the_same_row_changed():
    old = [row("How much?", "Nine."), row("x", "y")]
    new = [row("x", "y"), row("how  much?", "Ten euros, and the shipping is free of charge.")]
    diff = diff_rows(RowList(old), RowList(new), by_id=False)
    (change,) = [change for change in diff.changes if change.kind == "changed"]
    assert (change.old_position, change.new_position) == (0, 1)
    assert change.pointers == ("/prompt", "/completion")
    assert diff.same + len(diff.changes) == 2


def test_a_row_between_the_same_rows_with_most_of_its_words_is_the_same_row_changed():
    old = [row("a", "1"), row("Where is my order now", "It is on its way"), row("b", "2")]
    new = [row("a", "1"), row("Where is my parcel now", "It is on its way"), row("new", "row"), row("b", "2")]
    assert told(old, new) == [("changed", 1, 1), ("added", None, 2)]


def test_rows_without_anything_in_common_are_not_one_row_changed():
    old = [row("a", "1"), row("Where is my order", "On its way"), row("b", "2")]
    new = [row("a", "1"), row("Can dogs swim", "Most of them do"), row("b", "2")]
    assert told(old, new) == [("removed", 1, None), ("added", None, 1)]


def test_versions_of_a_document_are_compared_by_row(make):
    document = make(b"".join(row(letter, "x") + b"\n" for letter in "abcde"))
    before = document.snapshot()
    first, second, third, *_ = ids = list(before.ids)
    document.replace(second, row("entirely", "different"), "Edit")
    document.delete([third], "Delete")
    document.insert(0, [row("new", "row")], "Insert")
    document.move([first], len(document), "Move")
    diff = diff_rows(before, document.snapshot(), by_id=True)
    assert [(change.kind, change.old) for change in diff.changes] == [
        ("added", None),
        ("changed", second),
        ("removed", third),
        ("moved", first),
    ]
    assert diff.same == 2 and diff.count("moved") == 1
    assert applied(before, diff, document.snapshot()) == [raw for _, raw in document.snapshot().rows()]
    assert ids[0] == first


def test_versions_on_both_sides_of_a_save_are_compared_by_row(make):
    document = make(b"".join(row(letter, "x") + b"\n" for letter in "abc"))
    before = document.snapshot()
    rows = [raw for _, raw in before.rows()]
    document.replace(before.ids[1], row("b", "y"), "Edit")
    document.save()
    document.move([before.ids[0]], 3, "Move")
    diff = diff_rows(before, document.snapshot(), by_id=True)
    assert [(change.kind, change.old_position, change.new_position) for change in diff.changes] == [
        ("changed", 1, 0),
        ("moved", 0, 2),
    ]
    assert [raw for _, raw in before.rows()] == rows


def test_a_text_that_came_back_is_no_change(make):
    document = make(b"".join(row(letter, "x") + b"\n" for letter in "abc"))
    first = document.id_at(0)
    document.replace(first, row("a", "y"), "Edit")
    edited = document.snapshot()
    document.undo()
    assert [change.kind for change in diff_rows(edited, document.snapshot(), by_id=True).changes] == [
        "changed"
    ]
    document.redo()
    assert diff_rows(edited, document.snapshot(), by_id=True).changes == ()


def test_a_row_that_was_moved_and_changed_says_both(make):
    document = make(b"".join(row(letter, "x") + b"\n" for letter in "abcd"))
    before = document.snapshot()
    first = before.ids[0]
    document.move([first], 4, "Move")
    document.replace(first, row("a", "y"), "Edit")
    (change,) = diff_rows(before, document.snapshot(), by_id=True).changes
    assert change.kind == "changed" and change.is_moved and change.pointers == ("/completion",)


@pytest.mark.parametrize(
    ("old", "new", "pointers"),
    [
        (b'{"a": 1}', b'{"a":1}', ()),
        (b'{"a": 1, "b": "\\u0041"}', b'{"b": "A", "a": 1}', ()),
        (b'{"a": 1}', b'{"a": true}', ("/a",)),
        (b'{"a": 1}', b'{"a": 1.0}', ("/a",)),
        (b'{"a": null}', b"{}", ("/a",)),
        (
            b'{"m": [{"c": "x"}, {"c": "y"}]}',
            b'{"m": [{"c": "x"}, {"c": "z"}, {"c": ""}]}',
            ("/m/1/c", "/m/2"),
        ),
        (b'{"a/b": {"~": 1}}', b'{"a/b": {"~": 2}}', ("/a~1b/~0",)),
        (b"oops", b"{}", ("",)),
        (b'{"a": 1, "a": 2}', b'{"a": 2}', ("",)),
    ],
)
def test_places_that_differ_are_named(old: bytes, new: bytes, pointers: tuple[str, ...]):
    assert changed_pointers(old, new) == pointers


def test_a_diff_can_be_cancelled_and_tells_how_far_it_is():
    side = RowList(letters("abc"))
    seen: list[tuple[int, int]] = []
    assert diff_rows(side, side, by_id=False, cancelled=lambda: True) is None
    diff_rows(side, side, by_id=False, progress=lambda *at: seen.append(at))
    assert seen[-1] == (6, 6)


def test_many_rows_are_compared_in_linear_time():
    """Nothing in common, all in turned order, and one row in ten changed: quadratic work would hang."""
    old = [row(f"question {number}", "same answer to all") for number in range(5_000)]
    new = [row(f"question {number}", "same answer to all") for number in range(5_000, 10_000)]
    assert len(diff_rows(RowList(old), RowList(new), by_id=False).changes) >= 5_000
    turned = diff_rows(RowList(old), RowList(old[::-1]), by_id=False)
    assert turned.count("moved") == 4_999
    edited = [row("x", f"{at} answer to all") if at % 10 == 0 else raw for at, raw in enumerate(old)]
    assert diff_rows(RowList(old), RowList(edited), by_id=False).count("changed") == 500


ROWS = st.lists(
    st.sampled_from([b"a", b"b", b"c", row("q", "1"), row("q", "2"), row("r", "1"), row("r", "3")]),
    max_size=10,
)


@given(ROWS, ROWS)
def test_a_diff_applied_to_the_old_rows_gives_the_new(old: list[bytes], new: list[bytes]):
    left, right = RowList(old), RowList(new)
    diff = diff_rows(left, right, by_id=False)
    assert diff is not None
    assert applied(left, diff, right) == new
    paired = sum(1 for change in diff.changes if change.old is not None and change.new is not None)
    assert diff.same + paired + diff.count("removed") == len(old)
    assert diff.same + paired + diff.count("added") == len(new)


@given(ROWS)
def test_equal_rows_have_no_diff(rows: list[bytes]):
    assert diff_rows(RowList(rows), RowList(list(rows)), by_id=False).changes == ()
