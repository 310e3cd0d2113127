"""Claims for any rows and any edits: what nobody touched is kept, and what was edited is read back."""

import csv
import io
import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dataset.rows import raws
from tunedesk.dataset.base import Base
from tunedesk.dataset.document import Document
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.state_db import StateDb

cells = st.text(st.sampled_from("ab \"',;\t\n\r|é\u2028я{[\\"), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text(st.sampled_from('ab"\\{]\n\té,'), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from(["a", "b", "c d"]), values, max_size=3)
edits = st.lists(
    st.tuples(st.sampled_from(["replace", "insert", "delete", "move"]), st.integers(0, 20)), max_size=5
)


def edit(document: Document, changes: list[tuple[str, int]], rows: list[bytes]) -> list[bytes]:
    """Make the edits; a model of the rows afterwards, without asking the file."""
    model = raws(document)
    for (what, place), raw in zip(changes, rows, strict=False):
        at = place % (len(model) + 1) if what == "insert" else place % max(1, len(model))
        if what != "insert" and not model:
            continue
        if what == "replace":
            document.replace(document.id_at(at), raw, "Edit")
            model[at] = document.raw_at(at)
            assert json.loads(model[at]) == json.loads(raw)
        elif what == "insert":
            document.insert(at, [raw], "Add")
            model.insert(at, document.raw_at(at))
        elif what == "delete":
            document.delete([document.id_at(at)], "Delete")
            del model[at]
        else:
            document.move([document.id_at(at)], 0, "Move")
            model.insert(0, model.pop(at))
    assert raws(document) == model
    return model


def check(
    name: str, content: bytes, changes: list[tuple[str, int]], rows: list[bytes]
) -> tuple[bytes, bytes]:
    """Open, edit, save, read back, undo all, save. The file after the first save, and after the second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        state = StateDb.open(Path(folder) / "state.db")
        document = Document.open(path, state)
        before = raws(document)
        assert [raw for _, raw in read_rows(path)] == before
        model = edit(document, changes, rows)
        document.save()
        saved = path.read_bytes()
        assert raws(document) == model
        assert [raw for _, raw in read_rows(path)] == model
        again = Document.open(path, state)
        assert raws(again) == model
        assert again.merge_report is None
        while again.undo() is not None:
            pass
        assert raws(again) == before
        again.save()
        result = path.read_bytes()
        state.close()
        return saved, result


EXAMPLES = settings(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@EXAMPLES
@given(
    st.lists(st.tuples(cells, cells), max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    edits,
    st.lists(st.tuples(cells, cells), min_size=5, max_size=5),
)
def test_csv(records, delimiter, line_end, quoting, encoding, changes, new):
    lines = [record(each, delimiter, line_end, quoting) for each in [("prompt", "completion"), *records]]
    content = "".join(lines).encode(encoding)
    rows = [json.dumps({"prompt": a, "completion": b}).encode() for a, b in new]
    saved, _ = check("rows.csv", content, changes, rows)
    if not changes:
        assert saved == content
    pattern = "".join(
        [re.escape(lines[0]), *(re.escape(line) if line else ".*?" for line in kept(lines[1:], changes))]
    )
    assert re.fullmatch(pattern, saved.decode(encoding), re.DOTALL)


def record(cells: tuple[str, str], delimiter: str, line_end: str, quoting: int) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerow(cells)
    # The writer of Python 3.11 forgets that a carriage return needs quotes.
    if quoting != csv.QUOTE_ALL and any("\r" in cell for cell in cells):
        return record(cells, delimiter, line_end, csv.QUOTE_ALL)
    return text.getvalue()


def kept(lines: list[str], changes: list[tuple[str, int]]) -> list[str]:
    """The lines after the edits, "" for those that were written anew."""
    found = list(lines)
    for what, place in changes:
        at = place % (len(found) + 1) if what == "insert" else place % max(1, len(found))
        if what == "insert":
            found.insert(at, "")
        elif found and what == "replace":
            found[at] = ""
        elif found and what == "delete":
            del found[at]
        elif found:
            found.insert(0, found.pop(at))
    return found


@EXAMPLES
@given(st.lists(st.tuples(cells, cells), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_csv_is_read_as_the_standard_library_reads_it(records, line_end):
    text = "".join(record(each, ",", line_end, csv.QUOTE_MINIMAL) for each in [("a", "b"), *records])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(text.encode())
        found = [json.loads(raw) for _, raw in read_rows(path)]
    assert found == [{"a": a, "b": b} for a, b in records]


@EXAMPLES
@given(st.binary(max_size=60))
def test_any_bytes_after_a_header_are_kept(content):
    """Rubbish in a CSV file: whatever is not edited is written as it was."""
    content = b"a,b\n" + content.replace(b"\x00", b"")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(content)
        base = Base.open(path)
        assert len(list(base.rows(0, len(base)))) == len(base)
        assert [base.raw(line) for line in range(len(base))] == list(base.rows(0, len(base)))
        state = StateDb.open(Path(folder) / "state.db")
        document = Document.open(path, state)
        document.insert(0, [b'{"a": "new", "b": "row"}'], "Add")
        document.save()
        assert path.read_bytes().endswith(content[4:])
        state.close()


@EXAMPLES
@given(
    st.lists(objects, max_size=5),
    st.sampled_from([None, 2, "\t"]),
    st.booleans(),
    st.sampled_from(["{}", '{{"data": {}}}', "\ufeff {} \n"]),
    edits,
    st.lists(objects, min_size=5, max_size=5),
)
def test_json_list(elements, indent, ascii_only, around, changes, new):
    text = around.format(json.dumps(elements, indent=indent, ensure_ascii=ascii_only))
    content = text.encode()
    rows = [json.dumps(value).encode() for value in new]
    saved, restored = check("rows.json", content, changes, rows)
    whole = json.loads(saved.decode("utf-8-sig"))
    assert isinstance(whole["data"] if "data" in around else whole, list)
    if not changes:
        assert saved == content
    if not any(what == "delete" for what, _ in changes) and len(elements) > 1:
        assert restored == content


@EXAMPLES
@given(
    st.lists(objects, max_size=5),
    st.sampled_from(["rows.jsonl", "rows.jsonl.gz", "rows.jsonl.zst"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
    edits,
    st.lists(objects, min_size=5, max_size=5),
)
def test_json_lines(elements, name, encoding, changes, new):
    text = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in elements)
    content = packed(text.encode(encoding), name)
    rows = [json.dumps(value).encode() for value in new]
    saved, _ = check(name, content, changes, rows)
    if not changes:
        assert saved == content
    if elements:
        unpacked(saved, name).decode(encoding)


plain_cells = st.text(st.sampled_from('ab "=;\t\né\u2028я'), min_size=1, max_size=6)
FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(
    st.lists(st.tuples(plain_cells, st.integers(-5, 5)), max_size=5),
    edits,
    st.lists(st.tuples(plain_cells, st.booleans() | st.integers(0, 9)), min_size=5, max_size=5),
)
def test_workbooks(records, changes, new):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for number, values in enumerate([("text", "n"), *records], start=1):
        for place, value in enumerate(values, start=1):
            cell = book.active.cell(number, place, value)
            cell.data_type = "s" if isinstance(value, str) else cell.data_type
    content = io.BytesIO()
    book.save(content)
    rows = [json.dumps({"text": a, "n": b}).encode() for a, b in new]
    check("rows.xlsx", content.getvalue(), changes, rows)


@FEW
@given(
    st.lists(st.tuples(cells, st.lists(st.integers(-5, 5), max_size=3)), max_size=6),
    edits,
    st.lists(st.tuples(cells, st.lists(st.integers(-5, 5), max_size=3)), min_size=5, max_size=5),
)
def test_parquet(records, changes, new):
    arrow = pytest.importorskip("pyarrow")
    schema = arrow.schema([("text", arrow.string()), ("n", arrow.list_(arrow.int64()))])
    table = arrow.Table.from_pylist([{"text": a, "n": b} for a, b in records], schema=schema)
    content = io.BytesIO()
    pytest.importorskip("pyarrow.parquet").write_table(table, content, row_group_size=2)
    rows = [json.dumps({"text": a, "n": b}).encode() for a, b in new]
    _, restored = check("rows.parquet", content.getvalue(), changes, rows)
    assert pytest.importorskip("pyarrow.parquet").read_table(io.BytesIO(restored)).equals(table)


def packed(content: bytes, name: str) -> bytes:
    if name.endswith(".gz"):
        import gzip

        return gzip.compress(content)
    return pytest.importorskip("zstandard").compress(content) if name.endswith(".zst") else content


def unpacked(content: bytes, name: str) -> bytes:
    if name.endswith(".gz"):
        import gzip

        return gzip.decompress(content)
    if not name.endswith(".zst"):
        return content
    return pytest.importorskip("zstandard").ZstdDecompressor().decompressobj().decompress(content)
