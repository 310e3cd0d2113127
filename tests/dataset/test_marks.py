"""Claims about marks on rows: on disk at once, undone like edits, found again, and never part of the file."""

import os
import sqlite3
import subprocess
import sys

import pytest

from tests.dataset.rows import lines, text
from tunedesk.dataset.document import Document
from tunedesk.dataset.marks import NO_MARKS, RowMarks
from tunedesk.dataset.state_db import MIGRATIONS, StateDb
from tunedesk.errors import UserError

STAR = RowMarks(star=True)
NOTE = RowMarks(tags=("bills", "urgent"), note="Ask Ann.", source="https://example.org")


def row_of(document: Document, letter: str) -> int:
    return next(row for row in document.row_ids() if document.raw(row) == letter.encode())


def marked(document: Document) -> dict[str, RowMarks]:
    """The marks by the row's text."""
    now = document.snapshot()
    return {now.raw(row).decode(): marks for row, marks in now.marked_rows().items()}


def mark(document: Document, **marks: RowMarks) -> None:
    document.set_marks({row_of(document, letter): there for letter, there in marks.items()}, "Mark")


def test_marks_are_set_and_taken_off_in_undo_steps(make):
    document = make(lines("abc"))
    a, b, c = document.row_ids()
    change = document.set_marks({a: STAR, b: NOTE, c: NO_MARKS}, "Star")
    assert (change.marked, change.is_structural, change.changed) == ((a, b), False, ())
    assert marked(document) == {"a": STAR, "b": NOTE}
    assert (document.marks(b), document.snapshot().marks(c)) == (NOTE, NO_MARKS)
    assert document.set_marks({a: NO_MARKS}, "No star").marked == (a,)
    assert document.set_marks({a: NO_MARKS}, "No star").marked == ()
    assert marked(document) == {"b": NOTE}
    document.undo()
    assert marked(document) == {"a": STAR, "b": NOTE}
    assert document.undo().marked == (a, b)
    assert marked(document) == {}
    document.redo()
    assert marked(document) == {"a": STAR, "b": NOTE}


def test_marks_are_no_part_of_the_file(make, tmp_path):
    document = make(lines("abc"))
    mark(document, a=STAR)
    assert not document.is_modified
    document.replace(row_of(document, "b"), b"B", "Edit")
    mark(document, c=NOTE)
    document.save()
    assert not document.is_modified
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("aBc")
    document.undo()
    assert not document.is_modified
    document.undo()
    assert document.is_modified
    assert text(document) == "abc"


def test_marks_outlive_save_and_restart_and_so_does_their_undo(make, reopen):
    document = make(lines("abc"))
    mark(document, a=STAR)
    document.delete([row_of(document, "b")], "Delete")
    document.save()
    mark(document, c=NOTE)
    document = reopen()
    assert marked(document) == {"a": STAR, "c": NOTE}
    for expected in ({"a": STAR}, {"a": STAR}, {}):
        document.undo()
        assert marked(document) == expected
    assert text(document) == "abc"
    document = reopen()
    for _ in range(3):
        document.redo()
    assert marked(document) == {"a": STAR, "c": NOTE}


def test_a_deleted_rows_marks_come_back_with_it(make, reopen):
    document = make(lines("abc"))
    mark(document, b=STAR)
    document.delete([row_of(document, "b")], "Delete")
    assert marked(document) == {}
    document.save()
    document = reopen()
    assert marked(document) == {}
    document.undo()
    assert (marked(document), text(document)) == ({"b": STAR}, "abc")


def test_new_rows_can_have_marks_from_the_start(make, reopen):
    document = make(lines("ab"))
    draft = RowMarks(draft=True, source="starter")
    document.insert(1, [b"x", b"y"], "Draft", marks=draft)
    assert marked(document) == {"x": draft, "y": draft}
    document.undo()
    document.redo()
    assert marked(reopen()) == {"x": draft, "y": draft}


def test_marks_of_a_row_that_is_not_there_are_refused(make):
    document = make(lines("ab"))
    row = row_of(document, "a")
    with pytest.raises(ValueError, match="no row"):
        document.set_marks({row: STAR, 99: STAR}, "Star")
    assert marked(document) == {}


def test_a_note_that_is_being_typed_is_one_undo_step(make, reopen):
    document = make(lines("ab"))
    row = row_of(document, "a")
    for note in ("A", "As", "Ask"):
        document.set_marks({row: RowMarks(note=note)}, "Note", merge_key="note:1")
    assert marked(reopen()) == {"a": RowMarks(note="Ask")}
    document.undo()
    assert marked(document) == {}
    assert document.undo() is None


def test_a_snapshot_keeps_the_marks_of_its_moment(make):
    document = make(lines("ab"))
    mark(document, a=STAR)
    then = document.snapshot()
    mark(document, a=NOTE)
    assert then.marks(row_of(document, "a")) == STAR


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize(
    ("theirs", "expected"),
    [("Nabcd", "ad"), ("dcba", "ad"), ("abc", "a"), ("abXYcd", "ad"), ("bcd", "d"), ("abcdN", "ad")],
)
def test_rows_that_are_found_again_in_a_changed_file_keep_their_marks(
    make, reopen, tmp_path, is_open, theirs, expected
):
    document = make(lines("abcd"))
    mark(document, a=STAR, d=NOTE)
    (tmp_path / "other").write_bytes(lines(theirs))
    os.replace(tmp_path / "other", tmp_path / "rows.jsonl")
    if is_open:
        document.merge_from_disk()
    else:
        document = reopen()
    there = {"a": STAR, "d": NOTE}
    assert marked(document) == {letter: there[letter] for letter in expected}
    assert text(document) == theirs
    assert marked(reopen()) == marked(document)


def test_marks_follow_an_edited_row_into_a_changed_file(make, reopen, tmp_path):
    document = make(lines("abcd"))
    mark(document, a=STAR, b=NOTE)
    document.replace(row_of(document, "b"), b"B", "Edit")
    document.save()
    document.replace(row_of(document, "a"), b"A", "Edit")
    (tmp_path / "rows.jsonl").write_bytes(lines("NaBcd"))
    document = reopen()
    assert text(document) == "NABcd"
    assert marked(document) == {"A": STAR, "B": NOTE}


def test_lost_marks_are_reported_and_come_back_with_undo(make, tmp_path):
    document = make(lines("abcd"))
    mark(document, a=STAR, d=NOTE)
    (tmp_path / "other").write_bytes(lines("bcd"))
    os.replace(tmp_path / "other", tmp_path / "rows.jsonl")
    report = document.merge_from_disk()
    assert report.unmarked == 1
    assert "1 row with marks no longer there" in report.sentence
    document.undo()
    assert (text(document), marked(document)) == ("abcd", {"a": STAR, "d": NOTE})


def test_save_as_takes_the_marks_along_and_leaves_a_copy(make, tmp_path):
    document = make(lines("abc"))
    mark(document, a=STAR)
    document.save_as(tmp_path / "copy.jsonl")
    mark(document, b=NOTE)
    assert marked(document) == {"a": STAR, "b": NOTE}
    old = Document.open(tmp_path / "rows.jsonl", StateDb.open(tmp_path / "state.db"))
    assert (marked(old), text(old)) == ({"a": STAR}, "abc")


def test_marks_of_a_read_only_document_cannot_be_changed(make, tmp_path):
    document = make(lines("abc"))
    mark(document, a=STAR)
    second = Document.open(tmp_path / "rows.jsonl", StateDb.open(tmp_path / "state.db"), read_only=True)
    assert marked(second) == {"a": STAR}
    with pytest.raises(UserError, match="reading only"):
        mark(second, b=STAR)


MARKER = """
import os, sys
from pathlib import Path
from tunedesk.dataset.document import Document
from tunedesk.dataset.marks import RowMarks
folder = Path(sys.argv[1])
document = Document.open(folder / "rows.jsonl", folder / "state.db")
for row in document.row_ids():
    document.set_marks({row: RowMarks(note=str(row))}, "Note")
    print(row, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_no_mark_that_was_told_is_missing_after_a_kill(tmp_path):
    (tmp_path / "rows.jsonl").write_bytes(lines("abcdefg"))
    command = [sys.executable, "-c", MARKER, str(tmp_path)]
    child = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    assert child.returncode == -9
    document = Document.open(tmp_path / "rows.jsonl", StateDb.open(tmp_path / "state.db"))
    notes = {row: marks.note for row, marks in document.snapshot().marked_rows().items()}
    assert notes == {int(row): row.decode() for row in child.stdout.split()}
    assert len(notes) == 7


def test_a_database_of_the_first_landing_is_brought_up_to_date(make, reopen, tmp_path):
    document = make(lines("abc"))
    document.replace(row_of(document, "a"), b"x", "Edit")
    document.delete([row_of(document, "b")], "Delete")
    document.close()
    before = sqlite3.connect(tmp_path / "state.db")
    for table in ("mark", "version", "suppression", "baseline"):
        before.execute(f"DROP TABLE {table}")
    for column in ("parent", "time", "rows", "is_marks"):
        before.execute(f"ALTER TABLE step DROP COLUMN {column}")
    before.execute("PRAGMA user_version = 1")
    before.commit()
    before.close()
    document = reopen()
    assert StateDb.open(tmp_path / "state.db").rows("PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert [(entry.label, entry.time) for entry in document.history()] == [("Edit", None), ("Delete", None)]
    mark(document, c=STAR)
    for expected in ("xc", "xbc", "abc"):
        document.undo()
        assert text(document) == expected


def test_several_kinds_of_edits_are_one_undo_step(make, reopen):
    document = make(lines("abcdef"))
    ids = dict(zip("abcdef", document.row_ids(), strict=True))
    inserts = [(6, b"z"), (0, b"1"), (3, b"2"), (3, b"3"), (1, b"4")]
    change = document.edit_many({ids["a"]: b"A", ids["b"]: b"B"}, [ids["b"], ids["d"]], inserts, "Much")
    assert text(document) == "1A4c23efz"[:3] + "c23efz"
    assert change.changed == (ids["a"],)
    assert change.deleted == (ids["b"], ids["d"])
    assert len(change.inserted) == 5
    assert text(reopen()) == text(document)
    document.undo()
    assert text(document) == "abcdef"
    assert document.undo() is None
    with pytest.raises(IndexError):
        document.edit_many({}, [ids["a"]], [(9, b"x")], "Much")
    with pytest.raises(ValueError, match="no row"):
        document.edit_many({ids["a"]: b"Q", 99: b"x"}, [], [], "Much")
    assert text(document) == "abcdef"
