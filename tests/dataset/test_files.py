"""Claims about reading a dataset file row by row."""

import gzip

import pytest

from tunedesk.dataset.files import read_rows
from tunedesk.errors import UserError


def rows_of(tmp_path, content: bytes, name: str = "rows.jsonl") -> list[tuple[int, bytes]]:
    path = tmp_path / name
    path.write_bytes(content)
    return list(read_rows(path))


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"", []),
        (b"\xef\xbb\xbf", []),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"a\n\nb\n\n", [b"a", b"", b"b", b""]),
        (b"\xef\xbb\xbfa\n", [b"a"]),
        (b"\xef\xbb\xbf\na\n", [b"", b"a"]),
        ("a\u2028b\u0085c\x0bd\n".encode(), ["a\u2028b\u0085c\x0bd".encode()]),
        (b"a\rb\n", [b"a\rb"]),
    ],
)
def test_rows_end_at_line_feeds_only_and_are_counted_from_one(tmp_path, content, rows):
    assert rows_of(tmp_path, content) == list(enumerate(rows, start=1))


def test_an_archive_is_unpacked(tmp_path):
    assert rows_of(tmp_path, gzip.compress(b"a\nb\n"), "rows.jsonl.gz") == [(1, b"a"), (2, b"b")]


def test_a_cut_archive_is_said_to_be_damaged(tmp_path):
    with pytest.raises(UserError, match=r"rows\.jsonl\.gz could not be read to its end"):
        rows_of(tmp_path, gzip.compress(b"a\nb\n" * 1000)[:-10], "rows.jsonl.gz")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.jsonl does not exist"):
        list(read_rows(tmp_path / "nowhere.jsonl"))


@pytest.mark.parametrize("name", ["x" * 5000, "nul\0byte", "loop"])
def test_a_path_that_cannot_be_looked_at_is_told_in_a_sentence(tmp_path, name):
    if name == "loop":
        (tmp_path / name).symlink_to(tmp_path / name)
    with pytest.raises(UserError, match="cannot be read"):
        list(read_rows(tmp_path / name))


def test_a_folder_is_no_dataset(tmp_path):
    with pytest.raises(UserError, match="is a folder"):
        list(read_rows(tmp_path))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_rows_in_other_encodings_are_read_as_utf_8(tmp_path, encoding):
    assert rows_of(tmp_path, '{"a": "\u00e9"}\n{"b": 2}\n'.encode(encoding)) == [
        (1, '{"a": "\u00e9"}'.encode()),
        (2, b'{"b": 2}'),
    ]


def test_a_compressed_file_under_a_plain_name_is_refused(tmp_path):
    with pytest.raises(UserError, match="compressed"):
        rows_of(tmp_path, gzip.compress(b"a\n"))


@pytest.mark.parametrize(
    "rows", [[b"ok", b"\xff\xfe"], [b"\xff\xfe x"], [b'{"a": "long enough", "b": "\x00"}']]
)
def test_a_row_that_is_not_utf8_or_holds_a_zero_byte_is_still_a_row(tmp_path, rows):
    assert rows_of(tmp_path, b"\n".join(rows)) == list(enumerate(rows, start=1))


def test_a_file_of_zeros_is_refused(tmp_path):
    with pytest.raises(UserError, match="no text"):
        rows_of(tmp_path, b"text" + bytes(1000))


@pytest.mark.parametrize(
    "content",
    [b'{"a": 1}\n' + bytes(1000), bytes(50) + b'\n{"a": 1}\n', b'{"a": 1}\n"\x00\x00"'],
    ids=["behind", "before", "short"],
)
def test_a_hole_of_zeros_beside_a_sound_row_is_a_broken_row(tmp_path, content):
    """As a power cut leaves it; and how long other rows are must not decide on whether a file is opened."""
    rows = [row for _, row in rows_of(tmp_path, content) if row]
    assert b'{"a": 1}' in rows
    assert len(rows) == 2
