"""Claims about damaged files: whatever the bytes are, a file opens or is refused in a sentence."""

import gzip
import io
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunedesk.dataset.base import Base
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError

LINES = b'{"a": "text", "n": 1}\n' * 30


@cache
def whole(name: str) -> bytes:
    if name == "a.xlsx":
        book = pytest.importorskip("openpyxl").Workbook()
        for number in range(20):
            book.active.append(["text", number])
        content = io.BytesIO()
        book.save(content)
        return content.getvalue()
    if name == "a.parquet":
        arrow = pytest.importorskip("pyarrow")
        content = io.BytesIO()
        table = arrow.Table.from_pylist([{"a": "text", "b": [{"c": number}]} for number in range(20)])
        pytest.importorskip("pyarrow.parquet").write_table(table, content)
        return content.getvalue()
    texts = {
        "a.jsonl": LINES,
        "wide.jsonl": LINES.decode().encode("utf-16"),
        "a.json": b"[" + b", ".join(LINES.splitlines()) + b"]",
        "a.csv": b"a;b\n" + b'"te""xt";1\n' * 30,
        "a.jsonl.gz": gzip.compress(LINES, mtime=0),
    }
    return texts.get(name) or pytest.importorskip("zstandard").compress(LINES)


NAMES = ["a.jsonl", "wide.jsonl", "a.json", "a.csv", "a.jsonl.gz", "a.jsonl.zst", "a.xlsx", "a.parquet"]
damages = st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=4), st.integers(0, 4)), max_size=4)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damages, st.integers(0, 100))
def test_a_damaged_file_opens_or_is_refused_in_a_sentence(name, changes, cut):
    content = bytearray(whole(name))
    for place, new, gone in changes:
        at = place % len(content)
        content[at : at + gone] = new
    look_at(name, bytes(content[: len(content) - cut]))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200), st.integers(0, 8))
def test_any_bytes_open_or_are_refused_in_a_sentence(name, content, kept):
    look_at(name, whole(name)[:kept] + content)


def look_at(name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            base = Base.open(path)
        except UserError as error:
            assert error.hint
            assert name in error.message
            return
        rows = list(base.rows(0, len(base)))
        assert len(rows) == len(base)
        assert not any(b"\n" in raw for raw in rows)
        for raw in rows:
            parse_row(raw)
        assert [raw for _, raw in read_rows(path)] == rows
