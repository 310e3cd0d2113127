"""Claims about a file that another program changes while we have unsaved edits."""

import os
from pathlib import Path

import pytest

from tests.dataset.rows import lines, raws, text
from tunedesk.dataset.document import Document
from tunedesk.dataset.merging import MergeReport
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError

WAYS = ["in place", "replaced"]


@pytest.fixture(params=WAYS)
def rewrite(request, tmp_path: Path):
    """Another program writes the file: into the same file, or a new one under its name."""

    def rewritten(word: str) -> None:
        path = tmp_path / "rows.jsonl"
        if request.param == "in place":
            path.write_bytes(lines(word))
        else:
            (tmp_path / "other").write_bytes(lines(word))
            os.replace(tmp_path / "other", path)

    return rewritten


def edit(document, letter: str, new: str) -> None:
    row = next(row for row in document.row_ids() if document.raw(row) == letter.encode())
    document.replace(row, new.encode(), f"{letter} to {new}")


def delete(document, letter: str) -> None:
    row = next(row for row in document.row_ids() if document.raw(row) == letter.encode())
    document.delete([row], f"Delete {letter}")


def test_a_change_by_another_program_is_noticed_and_never_overwritten(make, rewrite, tmp_path):
    document = make(lines("abc"))
    edit(document, "a", "x")
    assert not document.changed_on_disk()
    rewrite("abcd")
    assert document.changed_on_disk()
    with pytest.raises(UserError) as caught:
        document.save()
    assert "Another program has changed rows.jsonl" in caught.value.message
    assert "Merge" in caught.value.hint
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("abcd")


def test_a_touched_file_with_the_same_content_is_no_change(make, tmp_path):
    document = make(lines("abc"))
    edit(document, "a", "x")
    os.utime(tmp_path / "rows.jsonl", ns=(1, 1))
    assert not document.changed_on_disk()
    edit(document, "b", "y")
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("xyc")


def test_a_file_written_into_cannot_be_edited_before_it_is_merged(make, tmp_path):
    """Its lines are no longer where they were, so an edit would be noted for the wrong text."""
    document = make(lines("abc"))
    (tmp_path / "rows.jsonl").write_bytes(b"longer first row\nb\nc\n")
    with pytest.raises(UserError, match="Another program has changed"):
        document.replace(document.id_at(1), b"x", "Edit")
    document.merge_from_disk()
    edit(document, "b", "y")
    assert raws(document) == [b"longer first row", b"y", b"c"]


def test_without_unsaved_edits_merging_shows_the_file_as_it_is_now(make, rewrite, reopen):
    document = make(lines("abc"))
    rewrite("xbd")
    assert document.merge_from_disk() == MergeReport(kept=0, appended=0)
    assert text(document) == "xbd"
    assert not document.is_modified
    assert not document.changed_on_disk()
    assert text(reopen()) == "xbd"


@pytest.mark.parametrize(
    ("theirs", "merged"),
    [
        ("abcde", "xbce"),  # nothing new
        ("abcdef", "xbcef"),  # a row added at the end
        ("aBcde", "xBce"),  # another row changed
        ("Nabcde", "Nxbce"),  # a row added at the start
        ("bcde", "xbce"),  # the row we edited was removed: ours stays beside
        ("Abcde", "xAbce"),  # the row we edited was changed: both stay
        ("edcba", "ecbx"),  # sorted
        ("abce", "xbce"),  # the row we deleted was removed as well
        ("abcDe", "xbcDe"),  # the row we deleted was changed: theirs stays
        ("xbcde", "xbce"),  # the same edit
        ("", "x"),  # emptied
    ],
)
def test_our_edits_go_onto_their_file(make, rewrite, reopen, tmp_path, theirs, merged):
    document = make(lines("abcde"))
    edit(document, "a", "x")
    delete(document, "d")
    rewrite(theirs)
    document.merge_from_disk()
    assert sorted(text(document)) == sorted(merged)
    assert text(document) == merged
    assert text(reopen()) == merged
    assert not document.changed_on_disk()
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == lines(merged)


@pytest.mark.parametrize(
    ("theirs", "merged"),
    [("abcdef", "xbcef"), ("Nabcde", "Nxbce"), ("Abcde", "xAbce"), ("edcba", "ecbx"), ("bc", "xbc")],
)
def test_a_file_changed_between_two_starts_is_merged_when_it_is_opened(make, rewrite, reopen, theirs, merged):
    document = make(lines("abcde"))
    edit(document, "a", "x")
    delete(document, "d")
    del document
    rewrite(theirs)
    document = reopen()
    assert sorted(text(document)) == sorted(merged)
    assert document.merge_report is not None
    assert text(reopen()) == text(document)
    assert reopen().merge_report is None


def test_new_and_moved_rows_stand_beside_their_neighbours(make, rewrite):
    document = make(lines("abcdef"))
    document.insert(2, [b"1", b"2"], "Add")
    document.move([document.id_at(7)], 0, "Move")
    assert text(document) == "fab12cde"
    rewrite("Nabcdef")
    document.merge_from_disk()
    assert text(document) == "fNab12cde"


def test_the_merge_is_one_undo_step_that_shows_their_file(make, rewrite, reopen):
    document = make(lines("abc"))
    edit(document, "a", "x")
    document.insert(3, [b"n"], "Add")
    rewrite("Nabc")
    document.merge_from_disk()
    assert text(document) == "Nxbcn"
    document = reopen()
    document.undo()
    assert text(document) == "Nabc"
    document.redo()
    assert text(document) == "Nxbcn"


def test_undo_goes_on_behind_a_merge_to_the_rows_as_they_were_here(make, reopen, tmp_path):
    document = make(lines("abcd"))
    edit(document, "a", "x")
    document.save()
    edit(document, "b", "y")
    delete(document, "d")
    (tmp_path / "other").write_bytes(lines("Nxbcde"))
    os.replace(tmp_path / "other", tmp_path / "rows.jsonl")
    document.merge_from_disk()
    document = reopen()
    seen = [text(document)]
    while document.undo():
        seen.append(text(document))
    assert seen == ["Nxyce", "Nxbcde", "xyc", "xycd", "xbcd", "abcd"]
    while document.redo():
        assert text(document) == seen[seen.index(text(document))]
    assert text(document) == "Nxyce"
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("Nxyce")


def test_behind_a_file_whose_old_text_is_not_known_there_is_nothing_to_undo(make, reopen, tmp_path):
    document = make(lines("abc"))
    edit(document, "a", "x")
    (tmp_path / "rows.jsonl").write_bytes(lines("Nabc"))
    document = reopen()
    document.undo()
    assert text(document) == "Nabc"
    assert document.undo() is None


def test_the_whole_history_stays_when_our_rows_are_where_they_were(make, rewrite, reopen):
    document = make(lines("abc"))
    edit(document, "a", "x")
    document.save()
    edit(document, "b", "y")
    rewrite("xbcde")
    document.merge_from_disk()
    assert text(document) == "xycde"
    document = reopen()
    document.undo()
    assert text(document) == "xbcde"
    document.undo()
    assert text(document) == "abcde"


def test_an_old_step_is_never_undone_onto_a_row_that_another_program_wrote(make, rewrite):
    document = make(lines("abc"))
    edit(document, "a", "x")
    document.save()
    rewrite("theirs"[:1] + "bc")
    document.merge_from_disk()
    with pytest.raises(UserError, match="cannot be undone"):
        document.undo()
    assert text(document) == "tbc"


def test_row_ids_follow_their_text_into_the_changed_file(make, tmp_path):
    document = make(lines("abcdef"))
    edit(document, "c", "x")
    names = {document.raw(row): row for row in document.row_ids()}
    (tmp_path / "other").write_bytes(lines("NMabcdef"))
    os.replace(tmp_path / "other", tmp_path / "rows.jsonl")
    document.merge_from_disk()
    after = {document.raw(row): row for row in document.row_ids()}
    assert {raw: after[raw] for raw in names} == names


def test_equal_rows_are_told_apart_by_their_place(make, tmp_path):
    document = make(lines("aabaa"))
    document.replace(document.id_at(3), b"x", "Edit")
    (tmp_path / "other").write_bytes(lines("Naabaa"))
    os.replace(tmp_path / "other", tmp_path / "rows.jsonl")
    document.merge_from_disk()
    assert text(document) == "Naabxa"


def test_the_report_says_what_became_of_every_edit(make, rewrite):
    document = make(lines("abcd"))
    edit(document, "a", "x")
    edit(document, "b", "y")
    delete(document, "c")
    delete(document, "d")
    document.insert(2, [b"n"], "Add")
    rewrite("aBc")
    report = document.merge_from_disk()
    assert report == MergeReport(kept=3, appended=1, not_deleted=1)
    assert report.sentence == (
        "Another program changed the file. Merged: 3 edits kept, "
        "1 edited row added beside the other program's version, "
        "1 row not deleted because the other program changed them."
    )


def test_a_snapshot_taken_before_the_merge_stays_as_it_was(make, tmp_path):
    document = make(lines("abc"))
    snapshot = document.snapshot()
    (tmp_path / "other").write_bytes(lines("xyz"))
    os.replace(tmp_path / "other", tmp_path / "rows.jsonl")
    document.merge_from_disk()
    assert raws(snapshot) == [b"a", b"b", b"c"]


def test_a_read_only_document_merges_in_memory_only(make, rewrite, tmp_path, reopen):
    document = make(lines("abc"))
    edit(document, "a", "x")
    rewrite("Nabc")
    second = Document.open(tmp_path / "rows.jsonl", StateDb.open(tmp_path / "state.db"), read_only=True)
    assert text(second) == "Nxbc"
    first_again = reopen()
    assert first_again.merge_report is not None
    assert text(first_again) == "Nxbc"


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("theirs", ["appended", "put first", "edited", "deleted"])
def test_a_big_unsaved_sort_goes_onto_the_changed_file(make, reopen, tmp_path, theirs, is_open):
    rows = [b"%d" % number for number in range(1500)]
    document = make(b"\n".join(rows) + b"\n")
    document.move(list(reversed(document.row_ids())), 0, "Reverse")
    changed = {
        "appended": [*rows, b"new"],
        "put first": [b"new", *rows],
        "edited": [*rows[:700], b"new", *rows[701:]],
        "deleted": [*rows[:700], *rows[701:]],
    }[theirs]
    (tmp_path / "other").write_bytes(b"\n".join(changed) + b"\n")
    os.replace(tmp_path / "other", tmp_path / "rows.jsonl")
    if is_open:
        document.merge_from_disk()
    else:
        document = reopen()
    assert sorted(raws(document)) == sorted(changed)
    numbers = [int(raw) for raw in raws(document) if raw != b"new"]
    assert numbers == sorted(numbers, reverse=True)
