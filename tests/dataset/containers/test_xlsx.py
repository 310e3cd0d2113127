"""Claims about workbooks: cells that nobody edited keep value, type and place, and limits are told."""

import datetime
import io
import json
import zipfile

import pytest

from tests.dataset.rows import raws
from tunedesk.dataset.containers.xlsx import MOST_CHARACTERS
from tunedesk.dataset.files import read_rows
from tunedesk.errors import UserError

openpyxl = pytest.importorskip("openpyxl")

DAY = datetime.datetime(2026, 11, 20)


def workbook(*rows: tuple[object, ...], sheets: tuple[str, ...] = ("Rows",)) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = sheets[0]
    for row in rows:
        book.active.append(row)
    for name in sheets[1:]:
        book.create_sheet(name)["A1"] = "other"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def values(document) -> list[dict[str, object]]:
    return [json.loads(raw) for raw in raws(document)]


def cells(path) -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))


TABLE = workbook(
    ("prompt", "answer", "when"), ("Hi", 1, DAY), ("NA", 2.5, None), ("=text", True, datetime.time(9, 30))
)


def test_numbers_stay_numbers_and_dates_become_texts(open_file):
    document = open_file("rows.xlsx", workbook(("a", "b", "c"), ("NA", 1, DAY), ("null", 2.5, None)))
    assert values(document) == [{"a": "NA", "b": 1, "c": "2026-11-20"}, {"a": "null", "b": 2.5, "c": ""}]


def test_an_edit_changes_its_cell_and_no_other(open_file, tmp_path):
    document = open_file("rows.xlsx", TABLE)
    row = json.loads(document.raw_at(0))
    document.replace(document.id_at(0), json.dumps({**row, "prompt": "=SUM(1)"}).encode(), "Edit")
    expected = raws(document)
    document.save()
    assert raws(document) == expected
    assert cells(tmp_path / "rows.xlsx")[1] == ("=SUM(1)", 1, DAY)
    sheet = openpyxl.load_workbook(tmp_path / "rows.xlsx").worksheets[0]
    assert sheet["A2"].data_type == "s"
    assert raws(open_file("rows.xlsx")) == expected


def test_rows_that_move_or_go_take_their_values_along(open_file, tmp_path):
    content = workbook(("a", "b"), *((f"text {number}", DAY) for number in range(6)))
    document = open_file("rows.xlsx", content)
    document.move([document.id_at(5)], 0, "Move")
    document.delete([document.id_at(2), document.id_at(3)], "Delete")
    document.insert(1, [b'{"a": "new"}'], "Add")
    expected = raws(document)
    document.save()
    assert raws(open_file("rows.xlsx")) == expected
    assert [row[0] for row in cells(tmp_path / "rows.xlsx")] == [
        "a",
        "text 5",
        "new",
        "text 0",
        "text 3",
        "text 4",
    ]
    assert cells(tmp_path / "rows.xlsx")[1][1] == DAY
    while document.undo():
        pass
    document.save()
    assert [row[0] for row in cells(tmp_path / "rows.xlsx")[1:]] == [f"text {number}" for number in range(6)]


def test_other_sheets_are_told_of_and_stay(open_file, tmp_path):
    document = open_file("rows.xlsx", workbook(("a",), ("x",), sheets=("Data", "Notes")))
    assert document.notes == (
        'rows.xlsx has 2 sheets; the first one, "Data", is shown. The others stay as they are.',
    )
    document.replace(document.id_at(0), b'{"a": "y"}', "Edit")
    document.save()
    assert openpyxl.load_workbook(tmp_path / "rows.xlsx")["Notes"]["A1"].value == "other"


def test_a_formula_shows_its_value_and_stays_a_formula(open_file, tmp_path):
    document = open_file("rows.xlsx", workbook(("a", "b"), ("x", "=1+1"), ("y", "z")))
    assert "has formulas" in document.notes[0]
    document.replace(document.id_at(1), b'{"a": "new", "b": "z"}', "Edit")
    document.save()
    assert cells(tmp_path / "rows.xlsx")[1] == ("x", "=1+1")


def test_a_merged_cell_is_no_place_for_a_value(open_file, tmp_path):
    book = openpyxl.Workbook()
    for row in (("a", "b"), ("x", "y"), ("merged", None), ("z", "w")):
        book.active.append(row)
    book.active.merge_cells("A3:B3")
    book.save(tmp_path / "rows.xlsx")
    document = open_file("rows.xlsx")
    document.move([document.id_at(0)], 2, "Move")
    with pytest.raises(UserError, match=r"B3 .* merged"):
        document.save()
    assert cells(tmp_path / "rows.xlsx")[1] == ("x", "y")


def test_full_cells_are_pointed_out(open_file):
    document = open_file("rows.xlsx", workbook(("a", "b"), ("x", "y"), ("x", "z" * MOST_CHARACTERS)))
    assert 'The first is in row 2, column "b"' in document.notes[0]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b'{"a": "x", "c": 1}', 'no column "c"'),
        (b'{"a": ["x"]}', "a list"),
        (b'{"a": "%s"}' % (b"x" * (MOST_CHARACTERS + 1)), "32,768 characters"),
        (b'{"a": "\\u0001"}', r"U\+0001"),
        (b'{"a": NaN}', "no cell can hold"),
        (b"not json", "not JSON"),
    ],
)
def test_what_no_cell_can_hold_is_refused_at_once(open_file, raw, sentence):
    document = open_file("rows.xlsx", workbook(("a", "b"), ("x", "y")))
    with pytest.raises(UserError, match=sentence):
        document.replace(document.id_at(0), raw, "Edit")
    assert not document.is_modified


def test_blank_rows_count_only_between_others(open_file):
    document = open_file(
        "rows.xlsx", workbook((), ("a", None, "c"), ("x",), (), ("y", "extra", "z"), (None,))
    )
    first, blank, last = values(document)
    assert first == {"a": "x", "column 2": "", "c": ""}
    assert set(blank.values()) == {""}
    assert last == {"a": "y", "column 2": "extra", "c": "z"}


def test_a_password_and_damage_are_told_in_a_sentence(open_file):
    with pytest.raises(UserError, match="protected with a password"):
        open_file("rows.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(UserError, match=r"rows\.xlsx"):
        open_file("rows.xlsx", TABLE[:-200])
    with pytest.raises(UserError, match="no XLSX"):
        open_file("rows.xlsx", b"a,b\n1,2\n")


def test_a_bomb_is_not_unpacked(open_file):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(80 << 20))
    with pytest.raises(UserError, match="unpacks to more than 67,108,864 bytes"):
        open_file("rows.xlsx", content.getvalue())


def test_save_as_makes_a_workbook_that_reads_back(open_file, tmp_path):
    document = open_file("rows.jsonl", b'{"a": "=1", "b": 2}\n{"a": "x\\ny", "b": true}\n')
    document.save_as(tmp_path / "new.xlsx")
    assert [json.loads(raw) for _, raw in read_rows(tmp_path / "new.xlsx")] == [
        {"a": "=1", "b": 2},
        {"a": "x\ny", "b": True},
    ]
    nested = open_file("nested.jsonl", b'{"a": "x"}\n{"a": {"b": 1}}\n')
    with pytest.raises(UserError, match=r"Row 2: .* an object"):
        nested.save_as(tmp_path / "nested.xlsx")
    nested.save_as(tmp_path / "nested.xlsx", nested_as_json=True)
    assert values(nested)[1] == {"a": '{"b": 1}'}


def test_false_in_the_place_of_0_is_an_edit(open_file, tmp_path):
    document = open_file("rows.xlsx", workbook(("a", "n"), ("x", 0)))
    document.replace(document.id_at(0), b'{"a": "x", "n": false}', "Edit")
    document.save()
    assert values(document) == [{"a": "x", "n": False}]
    assert cells(tmp_path / "rows.xlsx")[1] == ("x", False)
