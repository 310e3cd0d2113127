"""Claims about packed and wide files, and about content that is no dataset."""

import gzip
import os
import tempfile
from pathlib import Path

import pytest

from tests.dataset.rows import lines, raws, text
from tunedesk.dataset.base import Base
from tunedesk.dataset.containers import working_text
from tunedesk.dataset.files import read_rows
from tunedesk.errors import UserError

zstandard = pytest.importorskip("zstandard")
ENCODINGS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.fixture
def working_folder(tmp_path_factory, monkeypatch) -> Path:
    folder = tmp_path_factory.mktemp("working")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.csv.gz", "a.json.zst"])
def test_a_packed_file_is_edited_saved_and_undone(open_file, tmp_path, name, working_folder):
    plain = {"csv": b"a\n1\n2\n", "json": b'[{"a": "1"}, {"a": "2"}]'}.get(
        name.split(".")[1], b'{"a": "1"}\n{"a": "2"}\n'
    )
    pack = gzip.compress if name.endswith(".gz") else zstandard.compress
    document = open_file(name, pack(plain))
    assert not any(working_folder.iterdir()) or os.name == "nt"
    document.replace(document.id_at(0), b'{"a": "new"}', "Edit")
    document.save()
    assert raws(open_file(name)) == [b'{"a": "new"}', b'{"a": "2"}'] == raws(document)
    document.undo()
    document.save()
    assert raws(open_file(name)) == [b'{"a": "1"}', b'{"a": "2"}']
    content = (tmp_path / name).read_bytes()
    unpack = (
        gzip.decompress if name.endswith(".gz") else zstandard.ZstdDecompressor().decompressobj().decompress
    )
    assert unpack(content) == plain


def test_the_same_rows_are_packed_to_the_same_bytes(open_file, tmp_path):
    document = open_file("rows.jsonl", lines("abc"))
    document.save_as(tmp_path / "one.jsonl.gz")
    document.save_as(tmp_path / "two.jsonl.gz")
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_a_damaged_archive_is_told_in_a_sentence(open_file, tmp_path, name):
    pack = gzip.compress if name.endswith(".gz") else zstandard.ZstdCompressor(write_checksum=True).compress
    content = pack(os.urandom(5000))
    for broken in (content[:-9], content[:2000] + b"damage" + content[2006:], b"plain text\n"):
        with pytest.raises(UserError, match=r"damaged|to its end|not packed") as caught:
            open_file(name, broken)
        assert caught.value.hint
        with pytest.raises(UserError):
            list(read_rows(tmp_path / name))


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_bomb_is_told_by_its_size_and_leaves_nothing(open_file, pack, working_folder, monkeypatch):
    monkeypatch.setattr(working_text, "SMALL_UNPACKED", 1 << 20)
    name = "a.jsonl.gz" if pack is gzip.compress else "a.jsonl.zst"
    with pytest.raises(UserError, match=r"\(\d[\d,]* bytes\) unpacks to more than [\d,]+ bytes"):
        open_file(name, pack(bytes(8 << 20)))
    assert not any(working_folder.iterdir())


def test_unpacking_stops_before_the_disk_is_full(open_file, monkeypatch):
    free = type("Usage", (), {"free": working_text._FREE_LEFT + 1000})
    monkeypatch.setattr(working_text.shutil, "disk_usage", lambda _: free)
    with pytest.raises(UserError, match="unpacks to more than 1,000 bytes"):
        open_file("a.jsonl.gz", gzip.compress(os.urandom(2000)))


def test_a_missing_library_is_named(open_file, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    with pytest.raises(UserError, match="packed with zstd") as caught:
        open_file("a.jsonl.zst", b"\x28\xb5\x2f\xfd")
    assert "zstandard" in caught.value.hint


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.jsonl.gz"])
def test_wide_texts_open_and_keep_their_encoding(open_file, tmp_path, name, encoding):
    plain = {"a.json": '[{"t": "яé"}, {"t": "2"}]', "a.csv": "t\nяé\n2\n"}.get(
        name, '{"t": "яé"}\n{"t": "2"}\n'
    )
    content = plain.encode(encoding)
    document = open_file(name, gzip.compress(content) if name.endswith(".gz") else content)
    assert raws(document) == ['{"t": "яé"}'.encode(), b'{"t": "2"}']
    assert [raw for _, raw in read_rows(tmp_path / name)] == raws(document)
    document.replace(document.id_at(1), b'{"t": "3"}', "Edit")
    document.save()
    saved = (tmp_path / name).read_bytes()
    saved = gzip.decompress(saved) if name.endswith(".gz") else saved
    assert saved == plain.replace("2", "3").encode(encoding)
    assert Base.open(tmp_path / name).encoding.startswith(encoding[:6])


def test_half_a_character_in_utf16_is_kept(open_file, tmp_path):
    content = '{"a": "\ud800"}\n{"a": "b"}\n'.encode("utf-16-le", "surrogatepass")
    document = open_file("a.jsonl", content)
    document.replace(document.id_at(1), b'{"a": "c"}', "Edit")
    document.save()
    assert (tmp_path / "a.jsonl").read_bytes() == content.replace(b"b", b"c")


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json"])
def test_what_is_no_text_is_refused_in_a_wide_file(open_file, name):
    plain = {"a.csv": "a\n1\n", "a.json": '[{"a": "1"}]'}.get(name, '{"a": "1"}\n')
    document = open_file(name, plain.encode("utf-16"))
    with pytest.raises(UserError, match="Byte 8 of the row is no UTF-8"):
        document.replace(document.id_at(0), b'{"a": "\xff"}', "Edit")


def test_a_cut_wide_text_is_told_with_its_place(open_file):
    with pytest.raises(UserError, match="not UTF-16-LE throughout"):
        open_file("a.jsonl", '{"a": 1}\n'.encode("utf-16-le")[:-1])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.jsonl", bytes(1000), "no text"),
        ("a.csv", b"text" + bytes(1000), "no text"),
        ("a.jsonl", b"PK\x03\x04" + bytes(100), "ZIP archive"),
        ("a.csv", b"PAR1" + bytes(100), "Parquet file"),
        ("a.json", gzip.compress(b"[]"), "compressed"),
        ("a.jsonl", zstandard.compress(b"{}"), "compressed"),
        ("a.xlsx.gz", gzip.compress(b"PK\x03\x04" + bytes(40)), "cannot be opened"),
    ],
)
def test_what_is_no_dataset_is_refused_in_a_sentence(open_file, name, content, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        open_file(name, content)
    assert caught.value.hint


def test_changes_of_another_program_are_merged_in_a_packed_file(open_file, tmp_path):
    document = open_file("a.jsonl.gz", gzip.compress(lines("abc")))
    document.replace(document.id_at(0), b"x", "Edit")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines("abcd")))
    assert document.changed_on_disk()
    with pytest.raises(UserError, match="Another program"):
        document.save()
    document.merge_from_disk()
    assert text(document) == "xbcd"
    document.save()
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()) == lines("xbcd")
