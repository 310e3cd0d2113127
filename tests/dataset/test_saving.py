"""Claims about saving: byte for byte, durable, and with the history kept."""

import json
import os
import random
import stat
import subprocess
import sys
import threading

import pytest

from tests.dataset.rows import lines, raws, text
from tunedesk.dataset import saving
from tunedesk.dataset.document import Document
from tunedesk.dataset.state_db import StateDb

PIECES = [
    b'{"a": 1.10}',
    b'{"a": 1, "a": 2}',
    '{"a": "x\u2028y\u0085z"}'.encode(),
    b"",
    b"  ",
    b'\xef\xbb\xbf{"bom": "inside"}',
    b"\xff\xfe broken",
    b'{"a":\t"\\u00e9", "n": 1E5}',
    b"not json,",
    b"x" * 70_000,
]
ENDS = [b"\n", b"\r\n", b"\r\r\n"]


def generated(seed: int) -> bytes:
    """A file of odd rows with mixed line ends, with or without BOM and a last line end."""
    chance = random.Random(seed)
    rows = [chance.choice(PIECES) + chance.choice(ENDS) for _ in range(chance.randrange(1, 30))]
    content = b"".join(rows) + chance.choice([b"", b"last row without end"])
    return chance.choice([b"", b"\xef\xbb\xbf"]) + content


@pytest.mark.parametrize("seed", range(60))
def test_rows_that_nobody_edited_are_written_byte_for_byte(make, tmp_path, seed):
    content = generated(seed)
    document = make(content)
    document.save_as(tmp_path / "copy.jsonl")
    assert (tmp_path / "copy.jsonl").read_bytes() == content


@pytest.mark.parametrize("seed", range(30))
def test_an_edit_changes_its_row_and_not_a_byte_beside_it(make, tmp_path, seed):
    content = generated(seed)
    document = make(content)
    at = random.Random(seed).randrange(len(document))
    bom = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    before = split(content.removeprefix(bom))
    raw = document.raw_at(at)
    end = before[at][len(raw) :]
    document.replace(document.id_at(at), b"{}", "Edit")
    document.save()
    expected = bom + b"".join([*before[:at], b"{}" + end, *before[at + 1 :]])
    assert (tmp_path / "rows.jsonl").read_bytes() == expected


def split(content: bytes) -> list[bytes]:
    """Lines with their ends, cut at line feeds only."""
    parts = content.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def test_undoing_a_deletion_brings_the_row_back_with_its_own_line_end(make, tmp_path):
    content = b"a\r\nb\nc"
    document = make(content)
    document.delete(list(document.row_ids()), "Delete")
    document.undo()
    document.insert(0, [b"n"], "Add")
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == b"n\r\n" + content


@pytest.mark.parametrize(
    ("content", "edit", "saved"),
    [
        (b"a\nb", lambda d: d.insert(2, [b"c"], "Add"), b"a\nb\nc\n"),
        (b"a\r\nb", lambda d: d.insert(2, [b"c"], "Add"), b"a\r\nb\r\nc\r\n"),
        (b"a\nb", lambda d: d.move([d.id_at(1)], 0, "Move"), b"b\na\n"),
        (b"a\nb", lambda d: d.delete([d.id_at(0)], "Delete"), b"b"),
        (b"a\nb", lambda d: d.replace(d.id_at(1), b"x", "Edit"), b"a\nx"),
        (b"a\nb", lambda d: d.replace(d.id_at(1), b"", "Edit"), b"a\n\n"),
        (b"a", lambda d: d.delete([d.id_at(0)], "Delete"), b""),
        (b"", lambda d: d.insert(0, [b"a"], "Add"), b"a\n"),
        (b"\xef\xbb\xbf", lambda d: d.insert(0, [b"a"], "Add"), b"\xef\xbb\xbfa\n"),
        (b"\xef\xbb\xbfa\nb\n", lambda d: d.move([d.id_at(1)], 0, "Move"), b"\xef\xbb\xbfb\na\n"),
    ],
)
def test_ends_and_the_byte_order_mark_stay_where_they_belong(make, reopen, tmp_path, content, edit, saved):
    document = make(content)
    edit(document)
    expected = raws(document)
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == saved
    assert raws(document) == expected
    assert raws(reopen()) == expected


def test_whatever_row_becomes_the_first_the_file_can_be_saved(make, tmp_path):
    document = make(b"a\n\x1f\x8b looks packed\n\xff\xfe looks like UTF-16\x00\n")
    for _ in range(2):
        document.delete([document.id_at(0)], "Delete")
        document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == b"\xff\xfe looks like UTF-16\x00\n"


def test_undo_goes_on_after_a_save_and_a_restart(make, reopen, tmp_path):
    document = make(lines("abcd"))
    document.replace(document.id_at(1), b"B", "Edit")
    document.delete([document.id_at(0)], "Delete")
    document.save()
    document.move([document.id_at(2)], 0, "Move")
    document = reopen()
    assert text(document) == "dBc"
    for state in ("Bcd", "aBcd", "abcd"):
        document.undo()
        assert text(document) == state
        assert text(reopen()) == state
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("abcd")
    document = reopen()
    for state in ("aBcd", "Bcd", "dBc"):
        document.redo()
        assert text(document) == state


def test_an_edit_after_undoing_past_a_save_survives_a_restart(make, reopen):
    document = make(lines("abc"))
    document.delete([document.id_at(0)], "Delete")
    document.save()
    document.undo()
    document.replace(document.id_at(2), b"x", "Edit")
    assert text(reopen()) == "abx"
    document.save()
    assert text(reopen()) == "abx"
    document.undo()
    assert text(reopen()) == "abc"
    assert document.undo() is None


def test_row_ids_stay_over_save_and_restart(make, reopen):
    document = make(lines("abcd"))
    document.move([document.id_at(3)], 0, "Move")
    document.insert(2, [b"n"], "Add")
    names = {row: document.raw(row) for row in document.row_ids()}
    document.save()
    assert {row: document.raw(row) for row in document.row_ids()} == names
    again = reopen()
    assert {row: again.raw(row) for row in again.row_ids()} == names


def test_nothing_is_modified_after_a_save(make, tmp_path):
    document = make(lines("ab"))
    document.replace(document.id_at(0), b"x", "Edit")
    document.save()
    assert not document.is_modified
    assert not document.is_edited(document.id_at(0))
    document.undo()
    assert document.is_modified
    document.redo()
    assert not document.is_modified


def test_saving_without_an_edit_leaves_the_file_alone(make, tmp_path):
    document = make(lines("ab"))
    before = (tmp_path / "rows.jsonl").stat()
    document.save()
    after = (tmp_path / "rows.jsonl").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_save_leaves_no_other_file_behind(make, tmp_path):
    document = make(lines("ab"))
    document.replace(document.id_at(0), b"x", "Edit")
    document.save()
    names = {path.name for path in tmp_path.iterdir()}
    assert {name for name in names if not name.startswith("state.db")} == {"rows.jsonl"}


def test_a_file_that_was_deleted_is_saved_anew(make, tmp_path):
    document = make(lines("ab"))
    (tmp_path / "rows.jsonl").unlink()
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("ab")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_permissions_and_symbolic_links_are_kept(make, tmp_path):
    make(lines("ab"))
    (tmp_path / "rows.jsonl").chmod(0o640)
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "rows.jsonl")
    document = Document.open(tmp_path / "link.jsonl", StateDb.open(tmp_path / "other.db"))
    document.replace(document.id_at(0), b"x", "Edit")
    document.save()
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("xb")
    assert stat.S_IMODE((tmp_path / "rows.jsonl").stat().st_mode) == 0o640


def test_a_name_as_long_as_names_can_be_is_saved(tmp_path):
    path = tmp_path / ("x" * 249 + ".jsonl")
    path.write_bytes(lines("ab"))
    document = Document.open(path, tmp_path / "state.db")
    document.replace(document.id_at(0), b"x", "Edit")
    document.save()
    assert path.read_bytes() == lines("xb")


def test_save_as_goes_on_as_the_other_file_with_its_history(make, reopen, tmp_path):
    document = make(lines("ab"))
    document.replace(document.id_at(0), b"x", "Edit")
    document.save_as(tmp_path / "other.jsonl")
    assert document.path == tmp_path / "other.jsonl"
    assert not document.is_modified
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("ab")
    document.replace(document.id_at(1), b"y", "Edit")
    again = Document.open(tmp_path / "other.jsonl", StateDb.open(tmp_path / "state.db"))
    assert text(again) == "xy"
    again.undo()
    again.undo()
    assert text(again) == "ab"
    assert text(reopen()) == "ab"


def test_edits_made_while_a_save_is_writing_are_kept_as_edits(make, reopen, tmp_path, monkeypatch):
    """The thread that saves is stopped between writing the file and putting it in place."""
    document = make(lines("abcd"))
    document.replace(document.id_at(0), b"x", "Saved")
    document.delete([document.id_at(3)], "Saved deletion")
    written, may_go_on = threading.Event(), threading.Event()
    write = saving.write_beside

    def slow_write(*arguments):
        made = write(*arguments)
        written.set()
        may_go_on.wait(10)
        return made

    monkeypatch.setattr("tunedesk.dataset.document_saving.write_beside", slow_write)
    saver = threading.Thread(target=document.save)
    saver.start()
    assert written.wait(10)
    document.undo()  # takes back the deletion, which the file being written has
    document.replace(document.id_at(1), b"y", "During")
    assert text(document) == "xycd"
    may_go_on.set()
    saver.join()
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("xbc")
    assert text(document) == "xycd"
    assert document.is_modified
    assert text(reopen()) == "xycd"
    document.undo()
    document.undo()
    assert text(document) == "abcd"
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("abcd")
    assert text(reopen()) == "abcd"


def test_where_open_files_cannot_be_replaced_old_snapshots_stay_readable(make, tmp_path, monkeypatch):
    """What Windows needs, done here."""
    monkeypatch.setattr(
        "tunedesk.dataset.document_saving.put_in_place",
        lambda *arguments: saving.put_in_place(*arguments, can_replace_open=False),
    )
    document = make(lines("abc"))
    snapshot = document.snapshot()
    for letter in (b"x", b"y"):
        document.replace(document.id_at(0), letter, "Edit")
        document.save()
    assert raws(snapshot) == [b"a", b"b", b"c"]
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("ybc")
    assert text(document) == "ybc"
    del snapshot
    names = {path.name for path in tmp_path.iterdir() if not path.name.startswith("state.db")}
    assert names == {"rows.jsonl"}


LIMITED = """
import resource, sys
from pathlib import Path
from tunedesk.dataset.document import Document
from tunedesk.errors import UserError
folder = Path(sys.argv[1])
document = Document.open(folder / "rows.jsonl", folder / "state.db")
document.replace(document.id_at(0), b"edited", "Edit")
# From here on no file of this process may grow beyond this size: writing fails as on a full disk.
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
for attempt in (document.save, lambda: document.replace(document.id_at(1), b"y" * 900_000, "Too big")):
    try:
        attempt()
        print("done")
    except UserError as error:
        print(error.sentence)
print(document.raw_at(0) == b"edited", document.raw_at(1)[:1] == b"x", document.undo_label)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_loses_nothing_and_is_told_in_a_sentence(tmp_path, reopen):
    content = lines("x" * 10) + b"x" * 500_000 + b"\n"
    (tmp_path / "rows.jsonl").write_bytes(content)
    child = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    save, edit, state = child.stdout.splitlines()
    assert "could not be saved" in save
    assert "could not be stored" in edit
    assert state == "True True Edit"
    assert (tmp_path / "rows.jsonl").read_bytes() == content
    assert [path for path in tmp_path.iterdir() if path.suffix in (".new", ".old")] == []
    assert reopen().raw_at(0) == b"edited"


def test_a_line_of_many_megabytes_is_opened_edited_and_saved(tmp_path):
    """A fresh process, so that its peak of memory is this document's."""
    program = """
import json, resource, sys
from pathlib import Path
from tunedesk.dataset.document import Document
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
path = Path(sys.argv[1])
document = Document.open(path, path.with_suffix(".db"))
opened = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
length = len(document.raw_at(1))
document.replace(document.id_at(0), b"edited", "Edit")
document.save()
saved = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([length, opened - before, saved - before]))
"""
    path = tmp_path / "rows.jsonl"
    size = 60 << 20
    path.write_bytes(b"a\n" + b"x" * size + b"\nb\n")
    child = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    length, opened, saved = json.loads(child.stdout)
    kilobytes = 1024 if sys.platform == "darwin" else 1
    assert length == size
    assert opened / kilobytes < 10_000
    assert saved / kilobytes < 10_000 + size / 1024
    assert path.stat().st_size == size + len(b"edited\n\nb\n")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_sorted_file_of_many_rows_is_saved_in_its_new_order(make, reopen, tmp_path, end):
    rows = [b'{"row": %d}' % number for number in range(6000)]
    document = make(end.join(rows))
    document.replace(document.id_at(7), b"edited", "Edit")
    document.delete([document.id_at(9)], "Delete")
    document.insert(3, [b"new"], "Add")
    document.move(list(reversed(document.row_ids())), 0, "Reverse")
    document.replace(document.id_at(70), b"later", "Edit")
    expected = raws(document)
    assert [raw for _, raw in document.snapshot().rows()] == expected
    assert (expected[70], expected[-4], expected[-9]) == (b"later", b"new", b"edited")
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == end.join(expected) + end
    assert raws(reopen()) == expected
    for _ in range(5):
        document.undo()
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == end.join(rows) + end
