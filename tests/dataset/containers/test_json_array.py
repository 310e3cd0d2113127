"""Claims about JSON lists: elements, gaps and brackets are kept, and edited rows follow the file's habit."""

import json

import pytest

from tests.dataset.rows import raws
from tunedesk.dataset.containers.json_array import ArrayLayout
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError

PRETTY = b"""[
    {
        "n": 1.10,
        "text": "a, b: {c}",
        "list": [
            1e5,
            {}
        ]
    },

    {"n": 2},
    {
        "n": 3
    }
]
"""


def test_rows_stand_on_one_line_with_their_numbers_as_spelled(open_file):
    document = open_file("rows.json", PRETTY)
    assert raws(document) == [
        b'{"n": 1.10, "text": "a, b: {c}", "list": [1e5, {}]}',
        b'{"n": 2}',
        b'{"n": 3}',
    ]


def test_an_edited_row_is_laid_out_as_its_neighbours(open_file, tmp_path):
    document = open_file("rows.json", PRETTY)
    document.replace(document.id_at(0), b'{"n": 1.10,"list":[1e5,{}], "x": []}', "Edit")
    assert document.raw_at(0) == b'{"n": 1.10, "list": [1e5, {}], "x": []}'
    document.save()
    expected = PRETTY.replace(b'        "text": "a, b: {c}",\n', b"").replace(
        b"        ]\n    },", b'        ],\n        "x": []\n    },'
    )
    assert (tmp_path / "rows.json").read_bytes() == expected


def test_new_deleted_and_moved_rows_leave_the_rest_alone(open_file, tmp_path):
    document = open_file("rows.json", b'[ {"a":1} ,  {"a":2},\n{"a":3}]')
    document.delete([document.id_at(1)], "Delete")
    document.insert(2, [b'{"a": 4}'], "Add")
    document.save()
    assert (tmp_path / "rows.json").read_bytes() == b'[ {"a":1} ,  {"a":3} ,  {"a": 4}]'


@pytest.mark.parametrize(
    ("content", "saved"),
    [
        (b"[]", b'[{"a": 1}, {"a": 2}]'),
        (b"[\n]\n", b'[{"a": 1}, {"a": 2}\n]\n'),
        (b'\xef\xbb\xbf{"data": []}\n', b'\xef\xbb\xbf{"data": [{"a": 1}, {"a": 2}]}\n'),
        (b'[\n  {"b": 0}\n]', b'[\n  {"b": 0},\n  {"a": 1},\n  {"a": 2}\n]'),
    ],
)
def test_rows_are_added_to_short_lists(open_file, tmp_path, content, saved):
    document = open_file("rows.json", content)
    document.insert(len(document), [b'{"a": 1}', b'{"a": 2}'], "Add")
    document.save()
    assert (tmp_path / "rows.json").read_bytes() == saved
    while document.undo():
        pass
    document.save()
    assert json.loads((tmp_path / "rows.json").read_bytes().decode("utf-8-sig")) is not None


def test_elements_that_are_no_rows_are_kept_and_found(open_file, tmp_path):
    content = b'[1, "text", null, [2], {"a": tru}, {"a": "line\nfeed"}, {"a": 1}]'
    document = open_file("rows.json", content)
    codes = [[problem.code for problem in parse_row(raw).problems] for raw in raws(document)]
    assert codes == [["JSN002"], ["JSN002"], ["JSN002"], ["JSN002"], ["JSN001"], ["JSN001"], []]
    document.replace(document.id_at(6), b'{"a": 2}', "Edit")
    document.save()
    assert (tmp_path / "rows.json").read_bytes() == content.replace(b'"a": 1}', b'"a": 2}')


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'[{"a": 1}\n{"a": 2}]', r"comma .* \(line 2, column 1\)"),
        (b'[{"a": 1},\n {"a": "open}]', r"never closed.* \(line 2, column 2\)"),
        (b'[{"a": 1}', r"\(line 1, column 10\)"),
        (b'[{"a": 1}] x', r"after the end of the list \(line 1, column 12\)"),
        (b'[{"a": 1},]', r"no row stands here \(line 1, column 11\)"),
        (b'{"data": [1], "more": 2}', r"holds more.* \(line 1, column 13\)"),
        (b'{\n  "a": 1\n}\n', "neither a list of rows nor a row on each line"),
    ],
)
def test_a_broken_list_is_told_with_its_place(open_file, content, sentence):
    with pytest.raises(UserError, match=sentence):
        open_file("rows.json", content)


def test_what_would_break_the_list_is_refused_at_once(open_file):
    document = open_file("rows.json", b'[{"a": 1}]')
    for raw in (b'{"a": ', b"", b'{"a": "\xff"}'):
        with pytest.raises(UserError, match="cannot stand in a JSON list"):
            document.replace(document.id_at(0), raw, "Edit")


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("rows.json", b'{"a": 1}\n{"a": 2}\n', 2),
        ("rows.json", b'{"a": 1}', 1),
        ("rows.json", b"", 0),
        ("rows.jsonl", b'[\n{"a": 1},\n{"a": 2}\n]\n', 2),
        ("rows.jsonl", b'[{"a": 1}]\n', 1),
        ("rows.json", b'{"data":\n[{"a": 1}, {"a": 2}]}', 2),
        ("rows.json.gz", None, 0),
    ],
)
def test_lines_and_lists_are_told_apart_whatever_the_name(open_file, tmp_path, name, content, rows):
    if content is None:
        return
    document = open_file(name, content)
    assert len(document) == rows
    assert len(list(read_rows(tmp_path / name))) == rows


@pytest.mark.parametrize("deep", [b"[" * 1_000_000 + b"]" * 1_000_000, b'{"a":' * 9000 + b"1" + b"}" * 9000])
def test_nesting_of_any_depth_is_a_row_with_a_finding(open_file, deep):
    document = open_file("rows.json", b'[{"a": ' + deep + b'}, {"a": 1}]')
    assert len(document) == 2
    assert parse_row(document.raw_at(0)).problems[0].code == "JSN001"


def test_elements_longer_than_a_window_are_whole(monkeypatch):
    monkeypatch.setattr("tunedesk.dataset.containers.json_array._WINDOW", 8)
    elements = [
        b'{"a": "%s"}' % (b"x" * 50),
        b"12345678901234567890",
        b"[[[[[[[[[[1]]]]]]]]]]",
        b'"' + b"y" * 40 + b'"',
    ]
    content = b"  [" + b" ,\n          ".join(elements) + b"             ]   "
    layout = ArrayLayout(lambda at, size: content[at : at + size], len(content), "rows.json")
    assert [layout.raw(line) for line in range(len(layout))] == elements
    assert list(layout.rows(0, len(layout))) == elements


def test_save_as_makes_a_list_of_lines_and_lines_of_a_list(open_file, tmp_path):
    document = open_file("rows.jsonl", b'{"a":1.10}\n{"a": 2}\n')
    document.replace(document.id_at(1), b'{"a": 3}', "Edit")
    document.save_as(tmp_path / "rows.json")
    assert (tmp_path / "rows.json").read_bytes() == b'[\n{"a":1.10},\n{"a": 3}\n]\n'
    document.undo()  # nothing was lost on the way, so the history goes on
    assert raws(document) == [b'{"a":1.10}', b'{"a": 2}']
    document.save_as(tmp_path / "new.jsonl.gz")
    assert [raw for _, raw in read_rows(tmp_path / "new.jsonl.gz")] == raws(document)
    broken = open_file("broken.jsonl", b'{"a": 1}\n{"a": \n')
    with pytest.raises(UserError, match="Row 2 cannot stand in a JSON list"):
        broken.save_as(tmp_path / "broken.json")
