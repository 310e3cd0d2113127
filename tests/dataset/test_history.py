"""Claims about history: every step has its time, and a named moment is never lost."""

import os
import threading
import time

import pytest

from tests.dataset.rows import lines, raws, text
from tunedesk.dataset.document import Document
from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError

STAR = RowMarks(star=True)


def shown(rows: Document | Snapshot) -> str:
    return b"".join(raws(rows)).decode()


def edit(document: Document, letter: str, new: str) -> None:
    row = next(row for row in document.row_ids() if document.raw(row) == letter.encode())
    document.replace(row, new.encode(), f"{letter} to {new}")


def replace_file(tmp_path, word: str) -> None:
    (tmp_path / "other").write_bytes(lines(word))
    os.replace(tmp_path / "other", tmp_path / "rows.jsonl")


def test_the_history_tells_what_was_done_when_and_to_how_many_rows(make, reopen):
    before = time.time()
    document = make(lines("abcd"))
    edit(document, "a", "x")
    document.delete(list(document.row_ids())[:2], "Delete two")
    document.insert(0, [b"n"], "Add")
    document.move([document.id_at(2)], 0, "Move")
    document.set_marks(dict.fromkeys(document.row_ids(), STAR), "Star")
    document.undo()
    document.name_version("Good")
    entries = reopen().history()
    assert [(entry.label, entry.rows, entry.is_undone, entry.version_name) for entry in entries] == [
        ("a to x", 1, False, None),
        ("Delete two", 2, False, None),
        ("Add", 1, False, None),
        ("Move", 1, False, "Good"),
        ("Star", 3, True, None),
    ]
    times = [entry.time for entry in entries]
    assert times == sorted(times)
    assert before <= times[0] <= times[-1] <= time.time()


def test_every_moment_of_the_history_can_be_looked_at(make, reopen):
    document = make(lines("abc"))
    edit(document, "a", "x")
    document.save()
    document.delete([document.id_at(1)], "Delete")
    document.move([document.id_at(1)], 0, "Move")
    document.undo()
    document = reopen()
    assert [shown(document.at_version(entry)) for entry in document.history()] == ["xbc", "xc", "cx"]
    assert text(document) == "xc"


def test_a_version_stays_when_its_steps_were_undone_and_others_made(make, reopen):
    document = make(lines("abc"))
    start = document.name_version("Start")
    edit(document, "a", "x")
    document.set_marks({document.id_at(0): STAR}, "Star")
    branch = document.name_version("Branch")
    for _ in range(2):
        document.undo()
    edit(document, "b", "y")
    document.save()
    document.delete([document.id_at(0)], "Delete")
    document = reopen()
    assert [version.name for version in document.versions()] == ["Start", "Branch"]
    assert shown(document.at_version(branch)) == "xbc"
    assert list(document.at_version(branch).marked_rows().values()) == [STAR]
    assert shown(document.at_version(start)) == "abc"
    assert document.at_version(start).marked_rows() == {}
    assert text(document) == "yc"


def test_restoring_is_one_undo_step_and_brings_rows_order_and_marks(make, reopen):
    document = make(lines("abcd"))
    document.set_marks({document.id_at(0): STAR}, "Star")
    document.move([document.id_at(3)], 0, "Move")
    version = document.name_version("Good")
    document.set_marks({document.id_at(1): RowMarks(note="later")}, "Note")
    document.delete([document.id_at(1)], "Delete")
    edit(document, "b", "y")
    document.insert(1, [b"n"], "Add")
    document.move([document.id_at(0)], 4, "Move")
    now = text(document)
    marks = dict(document.snapshot().marked_rows())
    change = document.restore(version, "Restore")
    assert (len(change.inserted), len(change.deleted), change.moved) == (1, 1, True)
    assert text(document) == "dabc"
    assert document.marks(document.id_at(1)) == STAR
    document = reopen()
    document.undo()
    assert (text(document), dict(document.snapshot().marked_rows())) == (now, marks)
    document.undo()
    document.undo()
    document.undo()
    document.undo()
    assert document.marks(document.id_at(1)) == RowMarks(note="later")
    document.restore(version, "Restore")
    assert text(document) == "dabc"


def test_restoring_what_is_there_is_no_step(make):
    document = make(lines("abc"))
    version = document.name_version("Now")
    assert document.restore(version, "Restore").inserted == ()
    assert document.undo_label is None


def test_the_history_tells_what_it_takes_on_the_disk(make):
    document = make(lines("abc"))
    assert document.history_bytes == 0
    document.replace(document.id_at(0), b"x" * 10_000, "Edit")
    assert 10_000 < document.history_bytes < 11_000


def test_names_are_given_once_and_can_be_changed(make):
    document = make(lines("abc"))
    version = document.name_version(" Good ")
    assert version.name == "Good"
    with pytest.raises(UserError, match="already"):
        document.name_version("Good")
    with pytest.raises(UserError, match="needs a name"):
        document.name_version("  ")
    assert document.rename_version(version, "Better").name == "Better"
    document.delete_version(version)
    assert list(document.versions()) == []
    with pytest.raises(UserError, match="no longer there"):
        document.at_version(version)


def test_steps_that_only_a_deleted_version_needed_are_gone(make, tmp_path):
    document = make(lines("abc"))
    edit(document, "a", "x")
    version = document.name_version("Branch")
    document.undo()
    edit(document, "b", "y")
    state = StateDb.open(tmp_path / "state.db")
    assert state.rows("SELECT count(*) FROM step") == [(2,)]
    document.delete_version(version)
    assert state.rows("SELECT count(*) FROM step") == [(1,)]


def test_typing_does_not_change_a_version_that_was_named_meanwhile(make):
    document = make(lines("abc"))
    row = document.id_at(0)
    document.replace(row, b"x", "Type", merge_key="1")
    version = document.name_version("x")
    document.replace(row, b"xy", "Type", merge_key="1")
    assert raws(document.at_version(version))[0] == b"x"


@pytest.mark.parametrize("theirs", ["abcde", "aBcd", "Nabcd", "dcba", "bc", ""])
@pytest.mark.parametrize("edited", [True, False])
def test_versions_outlive_changes_by_another_program(make, reopen, tmp_path, theirs, edited):
    document = make(lines("abcd"))
    start = document.name_version("Start")
    edit(document, "d", "D")
    document.save()
    saved = document.name_version("Saved")
    replace_file(tmp_path, theirs.replace("d", "D"))
    if edited:
        edit(document, "c", "C")
    document.merge_from_disk()
    merged = document.name_version("Merged")
    now = text(document)
    edit(document, now[0], "z") if now else None
    document = reopen()
    assert shown(document.at_version(start)) == "abcd"
    assert shown(document.at_version(saved)) == "abcD"
    assert shown(document.at_version(merged)) == now
    document.restore(saved, "Restore")
    assert text(document) == "abcD"
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("abcD")


def test_where_a_version_cannot_be_kept_the_report_says_so(make, reopen, tmp_path):
    document = make(lines("abc"))
    document.name_version("Start")
    edit(document, "a", "x")
    (tmp_path / "rows.jsonl").write_bytes(lines("Nabc"))
    document = reopen()
    assert text(document) == "Nxbc"
    assert list(document.versions()) == []
    assert document.merge_report.versions_lost == 1
    assert "1 named version lost" in document.merge_report.sentence


def test_a_version_of_a_file_replaced_while_it_was_closed_is_shown_or_refused(make, reopen, tmp_path):
    document = make(lines("abc"))
    edit(document, "a", "x")
    version = document.name_version("Start")
    document.save()
    edit(document, "b", "y")
    document.save()
    replace_file(tmp_path, "xycde")
    assert shown(reopen().at_version(version)) == "xbcde"
    replace_file(tmp_path, "")
    with pytest.raises(UserError, match="cannot be shown"):
        reopen().at_version(version)


def test_a_moment_can_be_looked_at_while_others_edit(make):
    document = make(lines("abcd"))
    for number in range(300):
        document.replace(document.id_at(number % 4), b"%d" % number, "Edit")
    version = document.name_version("Long ago")
    expected = shown(version_now := document.at_version(version))
    seen: list[str] = []
    is_done = threading.Event()

    def look() -> None:
        while not is_done.is_set():
            seen.append(shown(document.at_version(version)))

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(60):
        document.undo()
        document.undo()
        document.insert(0, [b"branch %d" % number], "Add")
    is_done.set()
    reader.join()
    assert set(seen) == {expected}
    assert len(version_now) == 4


def test_hundreds_of_steps_are_undone_after_a_restart(make, reopen):
    document = make(lines("ab"))
    for number in range(400):
        document.replace(document.id_at(0), b"%d" % number, "Edit")
        if number % 100 == 99:
            document.save()
    document = reopen()
    assert len(document.history()) == 400
    version = document.history()[199]
    assert raws(document.at_version(version)) == [b"199", b"b"]
    for number in reversed(range(399)):
        document.undo()
        assert document.raw_at(0) == b"%d" % number
    document.undo()
    assert text(document) == "ab"
