"""Claims about editing a document."""

import threading

import pytest

from tests.dataset.rows import lines, raws, text
from tunedesk.dataset.document import Document
from tunedesk.dataset.state_db import StateDb
from tunedesk.dataset.steps import Change
from tunedesk.errors import UserError


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a", [b"a"]),
        (b"a\n\n b \r\nc", [b"a", b"", b" b ", b"c"]),
        (b"\xef\xbb\xbfa\nb\n", [b"a", b"b"]),
        (b"\xef\xbb\xbf", []),
        ("a\u2028b\x0bc\u0085d\n".encode(), ["a\u2028b\x0bc\u0085d".encode()]),
        (b"ok\n\xff\xfe bad\n", [b"ok", b"\xff\xfe bad"]),
    ],
)
def test_rows_are_lines_and_nothing_else(make, content, rows):
    document = make(content)
    assert raws(document) == rows
    assert [raw for _, raw in document.snapshot().rows()] == rows
    assert not document.is_modified


def test_every_edit_says_what_it_did(make):
    document = make(lines("abcd"))
    a, b, c, d = document.row_ids()
    assert document.replace(b, b"B", "Edit") == Change(changed=(b,), label="Edit")
    change = document.insert(1, [b"x", b"y"], "Add")
    assert (len(change.inserted), change.is_structural, text(document)) == (2, True, "axyBcd")
    assert document.delete([a, d], "Delete").deleted == (a, d)
    assert document.move([c], 0, "Move").moved
    assert text(document) == "cxyB"


def test_an_edit_that_changes_nothing_is_no_step(make):
    document = make(lines("ab"))
    first, second = document.row_ids()
    version = document.version
    assert document.replace(first, b"a", "Edit") == Change(label="Edit")
    assert document.delete([], "Delete") == Change(label="Delete")
    assert document.insert(0, [], "Add") == Change(label="Add")
    assert document.move([first, second], 0, "Move") == Change(label="Move")
    assert (document.undo_label, document.is_modified, document.version) == (None, False, version)


@pytest.mark.parametrize(
    ("moved", "position", "result"),
    [
        ("b", 0, "bacde"),
        ("b", 5, "acdeb"),
        ("b", 3, "acbde"),
        ("ec", 1, "aecbd"),
        ("ace", 2, "baced"),
        ("edcba", 0, "edcba"),
    ],
)
def test_moved_rows_stand_before_the_row_they_were_dropped_on(make, moved, position, result):
    document = make(lines("abcde"))
    ids = dict(zip("abcde", document.row_ids(), strict=True))
    document.move([ids[letter] for letter in moved], position, "Move")
    assert text(document) == result
    document.undo()
    assert text(document) == "abcde"


def test_ids_and_positions_answer_each_other(make):
    document = make(lines("abc"))
    document.insert(1, [b"x"], "Add")
    assert [document.position_of(row) for row in document.row_ids()] == [0, 1, 2, 3]
    assert [document.id_at(position) for position in range(4)] == list(document.row_ids())


def test_a_row_that_is_gone_is_an_error_everywhere(make):
    document = make(lines("abc"))
    row = document.id_at(1)
    document.delete([row], "Delete")
    for use in (document.raw, document.position_of, document.is_edited):
        with pytest.raises(ValueError, match="no row"):
            use(row)
    with pytest.raises(ValueError, match="no row"):
        document.replace(row, b"x", "Edit")
    with pytest.raises(ValueError, match="no row"):
        document.delete([document.id_at(0), row], "Delete")
    assert text(document) == "ac"


def test_a_row_is_edited_while_it_differs_from_the_file(make):
    document = make(lines("ab"))
    row = document.id_at(0)
    document.replace(row, b"x", "Edit")
    assert document.is_edited(row)
    document.replace(row, b"a", "Edit")
    assert not document.is_edited(row)
    document.insert(0, [b"n"], "Add")
    assert document.is_edited(document.id_at(0))


def test_undo_and_redo_walk_the_whole_history(make):
    document = make(lines("abc"))
    states = [text(document)]
    document.replace(document.id_at(0), b"x", "Edit")
    states.append(text(document))
    document.delete([document.id_at(1)], "Delete")
    states.append(text(document))
    document.insert(0, [b"1", b"2"], "Add")
    states.append(text(document))
    document.move([document.id_at(3)], 0, "Move")
    states.append(text(document))
    assert document.undo_label == "Move"
    for state in reversed(states[:-1]):
        document.undo()
        assert text(document) == state
    assert document.undo() is None
    for state in states[1:]:
        document.redo()
        assert text(document) == state
    assert document.redo() is None


def test_a_new_edit_ends_what_could_be_redone(make):
    document = make(lines("ab"))
    document.replace(document.id_at(0), b"x", "First")
    document.undo()
    assert document.redo_label == "First"
    document.replace(document.id_at(1), b"y", "Second")
    assert document.redo() is None
    document.undo()
    assert text(document) == "ab"


def test_undoing_everything_leaves_nothing_to_save(make):
    document = make(lines("ab"))
    document.replace(document.id_at(0), b"x", "Edit")
    assert document.is_modified
    document.undo()
    assert not document.is_modified


def test_typing_in_one_place_is_one_undo_step(make, reopen):
    document = make(lines("ab"))
    row = document.id_at(0)
    for word in (b"h", b"he", b"hel"):
        document.replace(row, word, "Type", merge_key="content:0")
    assert reopen().raw(row) == b"hel"
    document.undo()
    assert text(document) == "ab"
    document.redo()
    assert document.raw(row) == b"hel"


@pytest.mark.parametrize("pause", ["other place", "undo and redo", "save", "restart", "other edit"])
def test_typing_after_something_else_is_a_step_of_its_own(make, reopen, pause):
    document = make(lines("ab"))
    row = document.id_at(0)
    document.replace(row, b"h", "Type", merge_key="content:0")
    if pause == "undo and redo":
        document.undo()
        document.redo()
    elif pause == "save":
        document.save()
    elif pause == "restart":
        document = reopen()
    elif pause == "other edit":
        document.insert(2, [b"n"], "Add")
    key = "content:1" if pause == "other place" else "content:0"
    document.replace(row, b"he", "Type", merge_key=key)
    document.undo()
    assert document.raw(row) == b"h"


def test_the_version_grows_with_every_edit_and_over_restarts(make, reopen):
    document = make(lines("ab"))
    versions = [document.version]
    document.replace(document.id_at(0), b"x", "Edit", merge_key="k")
    versions.append(document.version)
    document.replace(document.id_at(0), b"xy", "Edit", merge_key="k")
    versions.append(document.version)
    document.undo()
    versions.append(document.version)
    document = reopen()
    assert document.version == versions[-1]
    document.redo()
    versions.append(document.version)
    assert versions == sorted(set(versions))


def test_a_row_cannot_hold_a_line_break(make):
    document = make(lines("a"))
    with pytest.raises(UserError, match="single line"):
        document.replace(document.id_at(0), b'{"a":\n1}', "Edit")
    with pytest.raises(UserError, match="single line"):
        document.insert(0, [b"x\n"], "Add")
    assert text(document) == "a"


def test_a_snapshot_stays_as_it_was(make):
    document = make(lines("abc"))
    document.replace(document.id_at(0), b"x", "Edit")
    snapshot = document.snapshot()
    document.replace(document.id_at(1), b"y", "Edit")
    document.delete([document.id_at(0)], "Delete")
    document.save()
    document.insert(0, [b"z"], "Add")
    document.save()
    assert raws(snapshot) == [b"x", b"b", b"c"]
    assert [raw for _, raw in snapshot.rows()] == [b"x", b"b", b"c"]
    assert text(document) == "zyc"


def test_a_snapshot_is_read_by_one_thread_while_another_edits(make):
    document = make(b"".join(b"%d\n" % number for number in range(5000)))
    snapshot = document.snapshot()
    found: list[list[bytes]] = []
    reader = threading.Thread(target=lambda: found.append([raw for _, raw in snapshot.rows()]))
    reader.start()
    for number in range(50):
        document.replace(document.id_at(number * 7), b"x", "Edit")
        document.delete([document.id_at(number)], "Delete")
    reader.join()
    assert found == [[b"%d" % number for number in range(5000)]]


def test_edits_from_several_threads_are_all_kept(make, reopen):
    document = make(lines("a"))

    def add(name: bytes) -> None:
        for number in range(20):
            document.insert(0, [name + b"%d" % number], "Add")

    threads = [threading.Thread(target=add, args=(name,)) for name in (b"x", b"y", b"z")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {name + b"%d" % number for name in (b"x", b"y", b"z") for number in range(20)} | {b"a"}
    assert set(raws(document)) == expected
    assert raws(reopen()) == raws(document)


def test_a_read_only_document_shows_unsaved_edits_and_refuses_new_ones(make, tmp_path):
    document = make(lines("ab"))
    document.replace(document.id_at(0), b"x", "Edit")
    state = StateDb.open(tmp_path / "state.db")
    second = Document.open(tmp_path / "rows.jsonl", state, read_only=True)
    assert text(second) == "xb"
    for edit in (
        lambda: second.replace(second.id_at(0), b"y", "Edit"),
        lambda: second.insert(0, [b"y"], "Add"),
        lambda: second.delete([second.id_at(0)], "Delete"),
        lambda: second.move([second.id_at(0)], 2, "Move"),
        second.undo,
        second.save,
    ):
        with pytest.raises(UserError, match="for reading only"):
            edit()
    second.save_as(tmp_path / "copy.jsonl")
    assert (tmp_path / "copy.jsonl").read_bytes() == lines("xb")
    assert document.undo_label == "Edit"


def test_where_the_journal_cannot_be_written_the_document_is_read_only_and_says_why(tmp_path):
    (tmp_path / "rows.jsonl").write_bytes(lines("ab"))
    (tmp_path / "no-folder").write_bytes(b"")
    document = Document.open(tmp_path / "rows.jsonl", tmp_path / "no-folder" / "state.db")
    assert document.read_only
    assert "Edits cannot be stored" in document.read_only_reason
    assert text(document) == "ab"


def test_a_closed_document_takes_no_more_edits(make):
    document = make(lines("a"))
    document.close()
    with pytest.raises(UserError, match="was closed"):
        document.insert(0, [b"x"], "Add")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.jsonl does not exist"):
        Document.open(tmp_path / "gone.jsonl", tmp_path / "state.db")


def test_a_folder_is_no_dataset(tmp_path):
    with pytest.raises(UserError, match="is a folder"):
        Document.open(tmp_path, tmp_path / "state.db")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_rows_in_utf_16_are_seen_as_utf_8(make, encoding):
    assert raws(make('{"a": "\u00e9"}\n'.encode(encoding))) == ['{"a": "\u00e9"}'.encode()]


def test_opening_reports_how_far_it_is(tmp_path):
    (tmp_path / "rows.jsonl").write_bytes(b"x" * 999 + b"\n" + b"y" * 600_000 + b"\n")
    seen: list[tuple[int, int]] = []
    Document.open(
        tmp_path / "rows.jsonl", tmp_path / "s.db", progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (601_001, 601_001)
    assert seen == sorted(seen)
    assert len(seen) > 1


def test_long_and_short_lines_are_read_alike(make, reopen):
    rows = [b"x" * size for size in (0, 1, 65_534, 65_535, 65_536, 65_537, 300_000, 5_000_000, 3)]
    document = make(b"\r\n".join(rows))
    assert raws(document) == rows
    assert [raw for _, raw in document.snapshot().rows()] == rows
