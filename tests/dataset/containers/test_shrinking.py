"""Claims about files that another program shortens while they are open, and about rows that are very long."""

import gzip
import json
import subprocess
import sys

import pytest

from tests.dataset.rows import raws
from tunedesk.errors import UserError

CONTENTS = {
    "a.csv": b"a,b\n" + b'"some text, quoted","more"\n' * 3000,
    "a.json": b"[" + b",\n".join([b'{"a": "some text"}'] * 3000) + b"]",
    "a.jsonl.gz": gzip.compress(b'{"a": "some text"}\n' * 3000),
    "a.jsonl": '{"a": "wide"}\n'.encode("utf-16-le") * 3000,
}


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("left", [0, 20, 90])
def test_a_shortened_file_raises_nothing_until_it_is_saved_and_is_merged(open_file, tmp_path, name, left):
    document = open_file(name, CONTENTS[name])
    document.replace(document.id_at(5), b'{"a": "edited"}', "Edit")
    snapshot = document.snapshot()
    (tmp_path / name).write_bytes(CONTENTS[name][:left])
    assert len(raws(document)) == 3000
    assert len(list(snapshot.rows())) == 3000
    assert document.changed_on_disk()
    with pytest.raises(UserError, match="Another program"):
        document.save()
    assert (tmp_path / name).read_bytes() == CONTENTS[name][:left]
    assert b'"edited"' in document.raw_at(5)


@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_a_shortened_file_is_never_written_over_by_half_a_copy(open_file, tmp_path, name):
    document = open_file(name, CONTENTS[name])
    document.replace(document.id_at(5), b'{"a": "edited"}', "Edit")
    (tmp_path / name).write_bytes(CONTENTS[name][:1000])
    with pytest.raises(UserError, match="could not be saved"):
        document.save_as(tmp_path / f"copy-{name}")
    assert not (tmp_path / f"copy-{name}").exists()


MEASURE = """
import json, resource, sys
from pathlib import Path
from tunedesk.dataset.document import Document
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
before = peak()
path = Path(sys.argv[1])
document = Document.open(path, path.with_suffix(".db"))
opened = peak() - before
length = len(document.raw_at(1))
document.replace(document.id_at(0), b'{"a": "edited"}', "Edit")
document.save()
print(json.dumps([length, opened, peak() - before]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a measure of the peak of memory")
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl.gz"])
def test_a_row_of_many_megabytes_is_opened_edited_and_saved(tmp_path, name):
    size = 30 << 20
    long = b"x" * size
    contents = {
        "a.csv": b'a\n1\n"' + long + b'"\n',
        "a.json": b'[{"a": "1"}, {"a": "' + long + b'"}]',
        "a.jsonl.gz": gzip.compress(b'{"a": "1"}\n{"a": "' + long + b'"}\n', 1),
    }
    (tmp_path / name).write_bytes(contents[name])
    command = [sys.executable, "-c", MEASURE, str(tmp_path / name)]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    length, opened, saved = json.loads(child.stdout)
    assert length == size + 9
    # A window that grows by fours over the row, and copies of it on its way to JSON.
    assert opened < (20_000 if name.endswith(".gz") else 8 * size / 1024)
    assert saved < 10 * size / 1024
