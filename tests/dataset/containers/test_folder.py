"""Claims about folders of texts: a row a file, and no file is touched that nobody edited."""

import json
import os
import subprocess
import sys

import pytest

from tests.dataset.rows import raws
from tests.dataset.test_crash import STAGES
from tunedesk.dataset.document import Document
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError

TEXTS = {
    "a.txt": b"one\r\ntwo\n",
    "b.md": b"\xef\xbb\xbfwith a mark",
    "c.txt": b"",
    "ж.txt": "три\u2028".encode(),
}


@pytest.fixture
def texts(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, content in TEXTS.items():
        (folder / name).write_bytes(content)
    (folder / "other.pdf").write_bytes(b"%PDF")
    return folder


def opened(folder) -> Document:
    return Document.open(folder, StateDb.open(folder.parent / "state.db"))


def row(file: str, text: str) -> bytes:
    return json.dumps({"file": file, "text": text}, ensure_ascii=False).encode()


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_each_file_is_a_row_in_the_order_of_names(texts):
    expected = [
        row("a.txt", "one\r\ntwo\n"),
        row("b.md", "with a mark"),
        row("c.txt", ""),
        row("ж.txt", "три\u2028"),
    ]
    assert raws(opened(texts)) == expected
    assert [raw for _, raw in read_rows(texts)] == expected


def test_only_files_that_changed_are_written(texts):
    before = {path.name: path.stat() for path in texts.iterdir()}
    document = opened(texts)
    document.replace(document.id_at(1), row("b.md", "changed"), "Edit")
    document.insert(3, [row("d.txt", "new")], "Add")
    document.save()
    assert not document.is_modified
    assert contents(texts) == {**TEXTS, "b.md": b"\xef\xbb\xbfchanged", "d.txt": b"new", "other.pdf": b"%PDF"}
    kept = {name: (texts / name).stat() for name in ("a.txt", "c.txt", "other.pdf")}
    assert all(stat.st_ino == before[name].st_ino for name, stat in kept.items())
    assert raws(opened(texts)) == raws(document)
    assert [path.name for path in texts.iterdir() if path.is_dir()] == []


def test_a_deleted_row_s_file_is_put_aside_and_comes_back_with_undo(texts):
    document = opened(texts)
    document.delete([document.id_at(0)], "Delete")
    assert (texts / "a.txt").exists()
    document.save()
    assert not (texts / "a.txt").exists()
    assert (texts / ".tunedesk-deleted" / "a.txt").read_bytes() == TEXTS["a.txt"]
    document.undo()
    document.save()
    assert (texts / "a.txt").read_bytes() == TEXTS["a.txt"]


def test_a_row_s_new_name_is_its_file_s(texts):
    document = opened(texts)
    document.replace(document.id_at(2), row("bb.txt", "text"), "Edit")
    document.save()
    assert (texts / "bb.txt").read_bytes() == b"text"
    assert not (texts / "c.txt").exists()


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (row("../x.txt", ""), "cannot be the name"),
        (row("x.pdf", ""), "cannot be the name"),
        (row(".x.txt", ""), "cannot be the name"),
        (b'{"file": "x.txt"}', "no other"),
        (b'{"file": "x.txt", "text": 1}', "are texts"),
        (b'{"file": "x.txt", "text": "\\ud800"}', "half of a character"),
        (b"text", "not JSON"),
    ],
)
def test_what_no_file_can_hold_is_refused_at_once(texts, raw, sentence):
    document = opened(texts)
    with pytest.raises(UserError, match=sentence):
        document.insert(0, [raw], "Add")


def test_names_must_differ_and_stand_in_order_when_the_folder_is_saved(texts):
    document = opened(texts)
    document.move([document.id_at(1)], 0, "Move")
    with pytest.raises(UserError, match="order of their names"):
        document.save()
    document.undo()
    document.insert(1, [row("a.txt", "again")], "Add")
    with pytest.raises(UserError, match=r'Two rows are called "a\.txt"'):
        document.save()
    assert contents(texts) == {**TEXTS, "other.pdf": b"%PDF"}
    document.save_as(texts.parent / "texts.jsonl")
    assert len(list(read_rows(texts.parent / "texts.jsonl"))) == 5


def test_what_is_not_utf8_is_told_and_left_alone(texts):
    (texts / "broken.txt").write_bytes(b"\xff\xfe")
    document = opened(texts)
    assert "broken.txt in texts is not UTF-8 text" in document.notes[0]
    with pytest.raises(UserError, match="cannot be the name"):
        document.insert(2, [row("broken.txt", "")], "Add")
    document.replace(document.id_at(0), row("a.txt", "x"), "Edit")
    document.save()
    assert (texts / "broken.txt").read_bytes() == b"\xff\xfe"


def test_a_file_that_another_program_changed_is_merged(texts):
    document = opened(texts)
    document.replace(document.id_at(0), row("a.txt", "ours"), "Edit")
    (texts / "c.txt").write_bytes(b"theirs")
    assert document.changed_on_disk()
    with pytest.raises(UserError, match="Another program"):
        document.save()
    document.merge_from_disk()
    document.save()
    assert (contents(texts)["a.txt"], contents(texts)["c.txt"]) == (b"ours", b"theirs")


def test_an_empty_folder_is_no_dataset(tmp_path):
    with pytest.raises(UserError, match="is a folder, not a dataset file") as caught:
        Document.open(tmp_path, tmp_path / "state.db")
    assert "a folder with .txt or .md files" in caught.value.hint


SAVER = """
import importlib, os, sys
from pathlib import Path
folder, module, name, moment = Path(sys.argv[1]), *sys.argv[2:]
from tunedesk.dataset.document import Document
from tunedesk.dataset.state_db import StateDb
document = Document.open(folder, StateDb.open(folder.parent / "state.db"))
document.replace(document.id_at(0), b'{"file": "a.txt", "text": "x"}', "Edit")
document.delete([document.id_at(2)], "Delete")
owner = importlib.import_module(module)
*parents, name = name.split(".")
for parent in parents:
    owner = getattr(owner, parent)
original = getattr(owner, name)
calls = 0
def dying(*arguments, **options):
    global calls
    calls += 1
    if moment == "before" or moment == str(calls):
        os._exit(9)
    result = original(*arguments, **options)
    if moment == "after":
        os._exit(9)
    return result
setattr(owner, name, dying)
document.save()
"""
FOLDER_STAGES = [
    *((module, name, moment) for module, name in STAGES for moment in ("before", "after")),
    *(("os", "replace", str(number)) for number in (2, 3)),
]


@pytest.mark.skipif(sys.platform == "win32", reason="enough of processes elsewhere")
@pytest.mark.parametrize(("module", "name", "moment"), FOLDER_STAGES[::3] + FOLDER_STAGES[-2:])
def test_a_save_may_be_cut_off_at_any_stage(texts, module, name, moment):
    child = subprocess.run([sys.executable, "-c", SAVER, str(texts), module, name, moment], check=False)
    assert child.returncode == 9
    document = opened(texts)
    expected = [row("a.txt", "x"), row("b.md", "with a mark"), row("ж.txt", "три\u2028")]
    assert raws(document) == expected
    assert document.merge_report is None
    document.save()
    assert [raw for _, raw in read_rows(texts)] == expected
    document.undo()
    document.undo()
    document.save()
    assert contents(texts) == {**TEXTS, "other.pdf": b"%PDF"}
    assert [entry.name for entry in os.scandir(texts) if entry.name.startswith(".tunedesk-save")] == []
