"""Claims about saves that are cut off, for containers that are packed or no lines."""

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dataset.rows import raws
from tests.dataset.test_crash import STAGES
from tunedesk.dataset.document import Document
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.state_db import StateDb

# Dies inside save, in every folder before or after another function is called; each in a fork.
SAVER = """
import importlib, os, sys
from pathlib import Path
root, file = Path(sys.argv[1]), sys.argv[2]
from tunedesk.dataset.document import Document
def die(folder, module, name, moment):
    document = Document.open(folder / file, folder / "state.db")
    document.replace(document.id_at(0), b'{"a": "x"}', "Edit")
    document.delete([document.id_at(1)], "Delete")
    document.insert(2, [b'{"a": "n"}'], "Add")
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
for folder in sorted(root.iterdir()):
    module, name, moment = (folder / "stage").read_text().split()
    child = os.fork()
    if not child:
        try:
            die(folder, module, name, moment)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9, (module, name, moment)
"""
CSV = b'a\r\n"a"\r\n"b"\r\n"c"\r\n'
LIST = b'[\n  {\n    "a": "a"\n  },\n  {"a": "b"},\n  {"a": "c"}\n]\n'
LINES = b'{"a": "a"}\n{"a": "b"}\n{"a": "c"}\n'


def workbook() -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for text in "aabc":
        book.active.append([text])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet() -> bytes:
    arrow = pytest.importorskip("pyarrow")
    content = io.BytesIO()
    pytest.importorskip("pyarrow.parquet").write_table(arrow.table({"a": ["a", "b", "c"]}), content)
    return content.getvalue()


def words(rows: list[bytes]) -> str:
    return "".join(json.loads(raw)["a"] for raw in rows)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork to be quick")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", lambda: CSV),
        ("rows.json", lambda: LIST),
        ("rows.jsonl.gz", lambda: gzip.compress(LINES)),
        ("rows.jsonl", lambda: LINES.decode().encode("utf-16")),
        ("rows.xlsx", workbook),
        ("rows.parquet", parquet),
    ],
)
def test_a_save_may_be_cut_off_at_any_stage(tmp_path, name, content):
    before = content()
    folders = []
    for number, (module, function) in enumerate(STAGES):
        for moment in ("before", "after"):
            folder = tmp_path / f"{number}-{moment}"
            folder.mkdir()
            (folder / name).write_bytes(before)
            (folder / "stage").write_text(f"{module} {function} {moment}")
            folders.append(folder)
    subprocess.run([sys.executable, "-c", SAVER, str(tmp_path), name], check=True)
    assert {(folder / name).read_bytes() == before for folder in folders} == {True, False}
    for folder in folders:
        check_after_death(folder, name, before)


def check_after_death(folder: Path, name: str, before: bytes) -> None:
    is_old = (folder / name).read_bytes() == before
    assert words([raw for _, raw in read_rows(folder / name)]) == ("abc" if is_old else "xcn")
    state = StateDb.open(folder / "state.db")
    document = Document.open(folder / name, state)
    assert words(raws(document)) == "xcn"
    assert document.merge_report is None
    assert document.is_modified == is_old
    assert [path for path in folder.iterdir() if path.suffix in (".new", ".old")] == []
    document.save()
    assert words([raw for _, raw in read_rows(folder / name)]) == "xcn"
    for expected in ("xc", "xbc", "abc"):
        document.undo()
        assert words(raws(document)) == expected
    state.close()


FULL = """
import resource, sys
from pathlib import Path
from tunedesk.dataset.document import Document
from tunedesk.errors import UserError
path = Path(sys.argv[1])
document = Document.open(path, path.with_name("state.db"))
document.replace(document.id_at(0), b'{"a": "edited"}', "Edit")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    document.save()
except UserError as error:
    print(error.sentence)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("name", ["rows.csv", "rows.json", "rows.jsonl.gz"])
def test_a_full_disk_loses_nothing_and_is_told_in_a_sentence(tmp_path, name):
    text = os.urandom(150_000).hex().encode()
    plain = {"rows.csv": b"a\n1\n" + text + b"\n", "rows.json": b'[{"a": "1"}, {"a": "' + text + b'"}]'}
    content = plain.get(name) or gzip.compress(b'{"a": "1"}\n{"a": "' + text + b'"}\n')
    (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-c", FULL, str(tmp_path / name)]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "could not be saved" in child.stdout
    assert (tmp_path / name).read_bytes() == content
    assert [path for path in tmp_path.iterdir() if path.suffix in (".new", ".old")] == []
    assert Document.open(tmp_path / name, tmp_path / "state.db").raw_at(0) == b'{"a": "edited"}'
