"""Claims about putting two people's versions together."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.row_pairing import RowList
from tunedesk.dataset.three_way import Merged, edits_for, merge_rows, resolved
from tunedesk.dataset.value_merge import merge_row


def merged(base: Sequence[bytes], ours: Sequence[bytes], theirs: Sequence[bytes]) -> Merged:
    result = merge_rows(RowList(base), RowList(ours), RowList(theirs))
    assert result is not None
    return result


def words(base: str, ours: str, theirs: str) -> str:
    """Rows of a letter each."""
    sides = [[letter.encode() for letter in word] for word in (base, ours, theirs)]
    result = merged(*sides)
    assert result.conflicts == ()
    return b"".join(result.raws(RowList(sides[1]))).decode()


def chat(*contents: str, **more: object) -> bytes:
    turns = [
        {"role": "user" if at % 2 == 0 else "assistant", "content": text} for at, text in enumerate(contents)
    ]
    return json.dumps({"messages": turns, **more}).encode()


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        ("abc", "abc", "abc", "abc"),
        ("abc", "abxc", "abcy", "abxcy"),
        ("abc", "ac", "abc", "ac"),
        ("abc", "abc", "ab", "ab"),
        ("abc", "ac", "ab", "a"),
        ("abc", "xabc", "yabc", "yxabc"),
        ("abc", "abcx", "abcx", "abcx"),
        ("abcd", "abcd", "bcda", "bcda"),
        ("abcd", "bcda", "bcda", "bcda"),
        ("abcd", "bcda", "abcde", "bcdea"),
        ("", "a", "b", "ba"),
    ],
)
def test_additions_deletions_and_moves_of_both_sides_are_kept(
    base: str, ours: str, theirs: str, expected: str
):
    assert words(base, ours, theirs) == expected


def test_different_turns_and_keys_of_one_row_are_put_together():
    base = chat("How much?", "Nine.", "And shipping?", "Free.", id=1)
    ours = chat("How much is it?", "Nine.", "And shipping?", "Free.", id=1)
    theirs = chat("How much?", "Nine euros.", "And shipping?", "Free.", id=1, tag="x")
    result = merge_row(base, ours, theirs)
    assert result.conflicts == ()
    assert result.raw == chat("How much is it?", "Nine euros.", "And shipping?", "Free.", id=1, tag="x")


def test_new_turns_at_the_end_do_not_disturb_changes_at_the_start():
    base, ours = chat("q", "a"), chat("Q", "a")
    assert merge_row(base, ours, chat("q", "a", "q2", "a2")).raw == chat("Q", "a", "q2", "a2")
    assert merge_row(chat("q", "a", "b"), chat("a2", "b2"), chat("q", "a", "b")).raw == chat("a2", "b2")


def test_one_place_that_both_changed_is_a_conflict_with_its_pointer():
    result = merge_row(chat("q", "a", id=1), chat("q", "ours", id=1), chat("q", "theirs", id=2))
    assert result.conflicts == ("/messages/1/content",)
    assert result.raw == chat("q", "ours", id=2)


def test_what_one_side_deleted_and_the_other_changed_stays_and_is_a_conflict():
    result = merge_row(b'{"a": 1, "b": 1}', b'{"b": 1}', b'{"a": 2, "b": 1}')
    assert json.loads(result.raw) == {"a": 2, "b": 1} and result.conflicts == ("/a",)
    assert merge_row(b'{"a": 1, "b": 1}', b'{"b": 1}', b'{"a": 1, "b": 2}').raw == b'{"b": 2}'


def test_both_adding_other_turns_in_one_place_is_a_conflict():
    result = merge_row(chat("q"), chat("q", "a"), chat("q", "b", "c"))
    assert result.conflicts == ("/messages/1",) and result.raw == chat("q", "a")


def test_rows_that_are_no_json_are_a_conflict_unless_one_side_left_them():
    assert merge_row(b"a", b"a", b"b").raw == b"b"
    assert merge_row(b"a", b"c", b"b").conflicts == ("",)
    assert merge_row(b'{"a": 1}', b'{"a": 2, "a": 3}', b'{"a": 4}').conflicts == ("",)


def test_conflicts_say_where_they_stand_and_can_be_resolved():
    base = [chat("one", "1"), chat("two", "2"), chat("three", "3")]
    ours = [chat("new", "n"), chat("one", "ours"), chat("three", "33")]
    theirs = [chat("one", "theirs"), chat("two", "22")]
    result = merged(base, ours, theirs)
    assert [(c.kind, c.place, c.base, c.ours, c.theirs) for c in result.conflicts] == [
        ("changed", 1, 0, 1, 0),
        ("deleted-by-us", 2, 1, None, 1),
        ("deleted-by-them", 3, 2, 2, None),
    ]
    assert list(result.raws(RowList(ours))) == [ours[0], ours[1], theirs[1], ours[2]]
    rows = resolved(result, [(result.conflicts[0], theirs[0]), (result.conflicts[1], None)])
    chosen = Merged(rows, (), 0)
    assert list(chosen.raws(RowList(ours))) == [ours[0], theirs[0], ours[2]]


def test_a_merge_says_how_much_came_from_the_other_side():
    assert merged([b"a", b"b", b"c"], [b"a", b"b", b"c"], [b"a", b"c", b"d", b"e"]).from_them == 3


def test_snapshots_of_one_document_are_merged_by_row(make):
    document = make(chat("q", "a") + b"\n" + chat("r", "b") + b"\n")
    base = document.snapshot()
    document.replace(base.ids[0], chat("entirely", "other words"), "Edit")
    theirs = RowList([chat("q", "a"), chat("r", "B")])
    ours = document.snapshot()
    result = merge_rows(base, ours, theirs, ours_by_id=True)
    assert list(result.raws(ours)) == [chat("entirely", "other words"), chat("r", "B")]


def test_a_merge_becomes_one_step_of_the_document(make):
    base = [chat(letter, letter) for letter in "abcde"]
    document = make(b"\n".join(base) + b"\n")
    document.replace(document.id_at(0), chat("a", "ours"), "Edit")
    ours = document.snapshot()
    theirs = RowList([chat("new", "n"), *base[:2], chat("c", "theirs"), base[4], chat("last", "l")])
    result = merge_rows(RowList(base), ours, theirs)
    edits = edits_for(result.rows, ours)
    document.edit_many(edits.replace, edits.delete, edits.insert, "Merge")
    assert [raw for _, raw in document.snapshot().rows()] == list(result.raws(ours))
    assert edits.not_moved == 0
    document.undo()
    assert [raw for _, raw in document.snapshot().rows()] == [raw for _, raw in ours.rows()]


def test_rows_that_only_they_moved_stay_ours_and_are_counted():
    ours = RowList([b"a", b"b", b"c"])
    edits = edits_for(merged([b"a", b"b", b"c"], [b"a", b"b", b"c"], [b"b", b"c", b"a"]).rows, ours)
    assert (edits.replace, edits.delete, edits.insert, edits.not_moved) == ({}, (), (), 1)
    edits = edits_for(merged([b"a", b"b", b"c"], [b"a", b"b", b"c"], [b"c", b"a", b"x", b"b"]).rows, ours)
    assert (edits.replace, edits.delete, edits.insert, edits.not_moved) == ({}, (), ((1, b"x"),), 1)


def test_a_merge_can_be_cancelled_and_tells_how_far_it_is():
    rows = RowList([b"a", b"b"])
    seen: list[tuple[int, int]] = []
    assert merge_rows(rows, rows, rows, cancelled=lambda: True) is None
    merge_rows(rows, rows, rows, progress=lambda *at: seen.append(at))
    assert seen[-1] == (8, 8) and seen == sorted(seen)


ROWS = st.lists(
    st.sampled_from([b"a", b"b", b"c", b"d"])
    | st.builds(chat, st.sampled_from("qr"), st.sampled_from("123")),
    max_size=8,
)


@given(ROWS, ROWS)
def test_equal_changes_have_no_conflict(base: list[bytes], both: list[bytes]):
    result = merged(base, both, both)
    assert result.conflicts == ()
    assert list(result.raws(RowList(both))) == both


@given(ROWS, ROWS)
def test_changes_of_one_side_only_are_taken_as_they_are(base: list[bytes], changed: list[bytes]):
    for ours, theirs in ((changed, base), (base, changed)):
        result = merged(base, ours, theirs)
        assert result.conflicts == ()
        assert sorted(result.raws(RowList(ours))) == sorted(changed)
    assert list(merged(base, changed, base).raws(RowList(changed))) == changed


@given(ROWS, ROWS, ROWS)
def test_no_row_that_a_side_added_or_changed_is_lost(
    base: list[bytes], ours: list[bytes], theirs: list[bytes]
):
    result = merged(base, ours, theirs)
    places = [row.ours for row in result.rows if row.ours is not None]
    assert len(places) == len(set(places))
    made = set(result.raws(RowList(ours))) | {
        theirs[c.theirs] for c in result.conflicts if c.theirs is not None
    }
    fresh = (set(ours) | set(theirs)) - set(base)
    lost = fresh - made
    assert all(b"messages" in raw for raw in lost)  # put together with the other side's change of its row
