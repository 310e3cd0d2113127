"""Claims about processes that die: every committed edit is there afterwards, and the file is whole."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dataset.rows import lines, raws, text
from tunedesk.dataset.document import Document
from tunedesk.dataset.state_db import StateDb

KILLS = int(os.environ.get("TUNEDESK_TEST_KILLS", "25"))

# Each operation is one commit; its number is printed when it is on disk. Every seventh also saves the file.
EDITOR = """
import sys
from pathlib import Path
from tunedesk.dataset.document import Document
folder, number = Path(sys.argv[1]), int(sys.argv[2])
document = Document.open(folder / "rows.jsonl", folder / "state.db")
while True:
    last = len(document) - 1
    if number % 4 == 3:
        document.replace(document.id_at(last), document.raw_at(last) + b"!", "Edit")
    elif number % 11 == 10:
        document.move([document.id_at(last)], 0, "Move")
    else:
        document.insert(len(document), [b"%d" % number], "Add")
    print(number, flush=True)
    if number % 7 == 6:
        document.save()
    number += 1
"""


def rows_after(number: int) -> list[bytes]:
    """The rows when all operations up to `number` were done."""
    rows = [b"start"]
    for done in range(number + 1):
        if done % 4 == 3:
            rows[-1] += b"!"
        elif done % 11 == 10:
            rows.insert(0, rows.pop())
        else:
            rows.append(b"%d" % done)
    return rows


def opened(folder: Path) -> Document:
    return Document.open(folder / "rows.jsonl", StateDb.open(folder / "state.db"))


def edit_and_kill(folder: Path, number: int, until: int) -> int:
    """Let a process edit from `number` on, and kill it when it has told of `until`. The last number it
    told.
    """
    command = [sys.executable, "-c", EDITOR, str(folder), str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        told = number - 1
        for line in child.stdout:
            told = int(line)
            if told == until:
                child.kill()
        assert told >= until
    return told


def test_no_committed_edit_is_missing_after_a_kill(tmp_path):
    (tmp_path / "rows.jsonl").write_bytes(b"start\n")
    chance = random.Random(0)
    number = 0
    for _ in range(KILLS):
        told = edit_and_kill(tmp_path, number, number + chance.randrange(12))
        found = raws(opened(tmp_path))
        # The process may have committed one more before it could tell.
        number = told + 1 if found == rows_after(told) else told + 2
        assert found == rows_after(number - 1)
    document = opened(tmp_path)
    for done in reversed(range(number)):
        assert raws(document) == rows_after(done)
        document.undo()
    assert raws(document) == [b"start"]


# Dies inside save, before or after a named function is called for the nth time.
SAVER = """
import importlib, os, sys
from pathlib import Path
folder, module, name, moment, edits = Path(sys.argv[1]), *sys.argv[2:]
from tunedesk.dataset.document import Document
document = Document.open(folder / "rows.jsonl", folder / "state.db")
if edits == "all":
    document.replace(document.id_at(0), b"x", "Edit")
    document.delete([document.id_at(1)], "Delete")
document.insert(2, [b"n"], "Add")
owner = importlib.import_module(module)
*parents, name = name.split(".")
for parent in parents:
    owner = getattr(owner, parent)
original = getattr(owner, name)
def dying(*arguments, **options):
    if moment == "before":
        os._exit(9)
    original(*arguments, **options)
    os._exit(9)
setattr(owner, name, dying)
document.save()
"""
STAGES = [
    ("tunedesk.dataset.document_saving", "write_beside"),
    ("os", "fsync"),
    ("tunedesk.dataset.base", "Base.open"),
    ("tunedesk.dataset.journal", "Journal.announce"),
    ("os", "replace"),
    ("tunedesk.dataset.saving", "sync_folder"),
    ("tunedesk.dataset.journal", "Journal.settle"),
]


def die_while_saving(folder: Path, module: str, name: str, moment: str, edits: str = "all") -> None:
    (folder / "rows.jsonl").write_bytes(lines("abc"))
    command = [sys.executable, "-c", SAVER, str(folder), module, name, moment, edits]
    child = subprocess.run(command, check=False)
    assert child.returncode == 9


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("module", "name"), STAGES)
def test_a_save_may_be_cut_off_at_any_stage(tmp_path, module, name, moment):
    die_while_saving(tmp_path, module, name, moment)
    content = (tmp_path / "rows.jsonl").read_bytes()
    assert content in (lines("abc"), lines("xcn"))
    document = opened(tmp_path)
    assert text(document) == "xcn"
    assert document.merge_report is None
    assert document.is_modified == (content == lines("abc"))
    assert [path for path in tmp_path.iterdir() if path.suffix in (".new", ".old")] == []
    document.save()
    assert (tmp_path / "rows.jsonl").read_bytes() == lines("xcn")
    for state in ("xc", "xbc", "abc"):
        document.undo()
        assert text(document) == state
    document.save()
    assert text(opened(tmp_path)) == "abc"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("edits", "ours"), [("all", [b"x", b"c", b"n"]), ("one new row", [b"a", b"b", b"c", b"n"])]
)
def test_a_file_changed_after_a_save_was_cut_off_gets_no_edit_twice(tmp_path, moment, edits, ours):
    die_while_saving(tmp_path, "os", "replace", moment, edits)
    with (tmp_path / "rows.jsonl").open("ab") as file:
        file.write(b"theirs\n")
    document = opened(tmp_path)
    assert sorted(raws(document)) == sorted([*ours, b"theirs"])
