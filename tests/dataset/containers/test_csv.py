"""Claims about CSV files: the file's own habit is kept, and what it cannot hold is refused with a reason."""

import json

import pytest

from tests.dataset.rows import raws
from tunedesk.dataset.containers.csv_records import CsvLayout
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError


def values(document) -> list[object]:
    return [json.loads(raw) if raw else None for raw in raws(document)]


@pytest.mark.parametrize(
    ("name", "content", "delimiter"),
    [
        ("a.csv", b"a,b\n1,2\n", ","),
        ("a.csv", b"a;b\n1,5;2\n", ";"),
        ("a.csv", b'"a, or so";b\n1;2\n', ";"),
        ("a.csv", b"a|b\n1|2\n", "|"),
        ("a.csv", b"a\tb\n1\t2\n", "\t"),
        ("a.tsv", b"a\tb, c\n1\t2\n", "\t"),
        ("a.tsv", b"text\nx\n", "\t"),
        ("a.csv", b"text\nx; y\n", ","),
    ],
)
def test_the_delimiter_is_found_in_the_header(open_file, name, content, delimiter):
    document = open_file(name, content)
    key, *_ = json.loads(document.raw_at(0))
    document.replace(document.id_at(0), json.dumps({key: f"x{delimiter}y"}).encode(), "Edit")
    document.save()
    assert f'"x{delimiter}y"'.encode() in document.path.read_bytes()


def test_single_quotes_are_found_and_kept(open_file, tmp_path):
    document = open_file("a.csv", b"'a','b'\n'it''s, so','x'\n")
    assert values(document) == [{"a": "it's, so", "b": "x"}]
    document.replace(document.id_at(0), b'{"a": "it\'s", "b": "x"}', "Edit")
    document.save()
    assert (tmp_path / "a.csv").read_bytes() == b"'a','b'\n'it''s','x'\n"


def test_words_for_nothing_stay_words(open_file):
    document = open_file("a.csv", b"a,b,c,d\nNA,null,None,n/a\n,NaN,nan,\n")
    assert values(document) == [
        {"a": "NA", "b": "null", "c": "None", "d": "n/a"},
        {"a": "", "b": "NaN", "c": "nan", "d": ""},
    ]


def test_line_breaks_in_quotes_belong_to_the_text(open_file, tmp_path):
    content = b'a,b\r\n"one\r\ntwo\nthree",x\r\nlast,"say ""hi"""\r\n'
    document = open_file("a.csv", content)
    assert values(document)[0]["a"] == "one\r\ntwo\nthree"
    document.replace(document.id_at(1), b'{"a": "last", "b": "new\\nline"}', "Edit")
    document.save()
    assert (tmp_path / "a.csv").read_bytes() == content.replace(b'"say ""hi"""', b'"new\nline"')


def test_an_edited_record_keeps_the_spelling_of_its_other_fields(open_file, tmp_path):
    document = open_file("a.csv", b'a,b,c\n"quoted", "blank before",plain\n')
    document.replace(document.id_at(0), b'{"a": "new", "b": "blank before", "c": "x"}', "Edit")
    document.save()
    assert (tmp_path / "a.csv").read_bytes() == b'a,b,c\n"new", "blank before",x\n'


def test_new_rows_are_quoted_as_the_first_one_is(open_file, tmp_path):
    document = open_file("a.csv", b'"a","b"\r\n"1","2"')
    document.insert(1, [b'{"b": "4", "a": "3"}'], "Add")
    document.save()
    assert (tmp_path / "a.csv").read_bytes() == b'"a","b"\r\n"1","2"\r\n"3","4"\r\n'


def test_records_with_other_than_the_headers_fields_are_kept_found_and_can_be_mended(open_file, tmp_path):
    content = b"a,b\n1\n1,2,3\n1,2\n"
    document = open_file("a.csv", content)
    assert values(document) == [["1"], ["1", "2", "3"], {"a": "1", "b": "2"}]
    assert [parse_row(raw).problems[0].code for raw in raws(document)[:2]] == ["JSN002", "JSN002"]
    document.replace(document.id_at(1), b'{"a": "1", "b": "2, 3"}', "Edit")
    document.save()
    assert (tmp_path / "a.csv").read_bytes() == b'a,b\n1\n1,"2, 3"\n1,2\n'


def test_a_blank_line_is_a_blank_row(open_file):
    document = open_file("a.csv", b"a,b\n\n1,2\n\n")
    assert values(document) == [None, {"a": "1", "b": "2"}, None]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b'{"a": "x", "new": "y"}', 'no column "new"'),
        (b'{"a": ["x"]}', "is a list"),
        (b'{"a": {"b": 1}}', "is an object"),
        (b"{not json", "not JSON"),
        (b'{"a": "\\ud800"}', r"U\+D800"),
    ],
)
def test_what_no_record_can_hold_is_refused_at_once(open_file, raw, sentence):
    document = open_file("a.csv", b"a,b\n1,2\n")
    with pytest.raises(UserError, match=sentence) as caught:
        document.insert(0, [raw], "Add")
    assert caught.value.hint
    assert not document.is_modified


def test_numbers_and_truth_become_texts_as_they_are_spelled(open_file):
    document = open_file("a.csv", b"a,b\n1,2\n")
    document.replace(document.id_at(0), b'{"a": 1.10, "b": true}', "Edit")
    assert values(document) == [{"a": "1.10", "b": "true"}]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("вопрос;щи\nЖдём;Мы, что ли?\n", "cp1251"), ("a;b\ncafé;déjà vu\n", "cp1252")],
)
def test_an_old_encoding_is_guessed_and_said_and_kept(open_file, tmp_path, text, encoding):
    document = open_file("a.csv", text.encode(encoding))
    assert encoding in document.notes[0]
    assert "guess" in document.notes[0]
    key, _ = json.loads(document.raw_at(0))
    assert key in text
    document.insert(1, [json.dumps({key: "é" if encoding == "cp1252" else "да"}).encode()], "Add")
    document.save()
    assert (tmp_path / "a.csv").read_bytes().startswith(text.encode(encoding))
    with pytest.raises(UserError, match=f"cannot be written in a.csv, whose encoding is {encoding}"):
        document.insert(1, [json.dumps({key: "日"}).encode()], "Add")


def test_a_few_broken_bytes_make_no_other_encoding(open_file):
    content = "a,b\nщит,мы\nжди,юг\n".encode() + b"bad \xff,x\n"
    document = open_file("a.csv", content)
    assert document.notes == ()
    problem = parse_row(document.raw_at(2)).problems[0]
    assert (problem.code, problem.start) == ("ENC001", 11)


def test_a_quote_that_is_never_closed_ends_with_its_line_and_is_told(open_file):
    document = open_file("a.csv", b'a,b\n"open,1\nx,2\n')
    assert "Row 1 of a.csv has an opening quote" in document.notes[0]
    assert values(document) == [{"a": '"open', "b": "1"}, {"a": "x", "b": "2"}]
    document.insert(2, [b'{"a": "say \\"hi\\"", "b": "3"}'], "Add")
    with pytest.raises(UserError, match=r"row 1 .* never closed"):
        document.save()
    document.replace(document.id_at(0), b'{"a": "open", "b": "1"}', "Edit")
    document.save()
    assert document.path.read_bytes() == b'a,b\nopen,1\nx,2\n"say ""hi""",3\n'


def test_excels_own_first_line_names_the_delimiter_and_stays(open_file, tmp_path):
    content = b"\xef\xbb\xbfsep=;\r\na,b;c\r\n1;2\r\n"
    document = open_file("a.csv", content)
    assert values(document) == [{"a,b": "1", "c": "2"}]
    document.replace(document.id_at(0), b'{"a,b": "x;y", "c": "2"}', "Edit")
    document.save()
    assert (tmp_path / "a.csv").read_bytes() == content.replace(b"\n1", b'\n"x;y"')


def test_carriage_returns_alone_are_told(open_file):
    with pytest.raises(UserError, match="carriage returns alone"):
        open_file("a.csv", b"a,b\r1,2\r3,4\r")


def test_names_of_columns_are_made_to_differ(open_file):
    document = open_file("a.csv", b"a,a,\n1,2,3\n")
    assert values(document) == [{"a": "1", "a (2)": "2", "column 3": "3"}]
    assert len(document.notes) == 2


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"a,b", b"a,b\n"])
def test_a_file_without_records_has_no_rows(open_file, tmp_path, content):
    document = open_file("a.csv", content)
    assert len(document) == 0
    assert list(read_rows(tmp_path / "a.csv")) == []
    if b"a" not in content:
        with pytest.raises(UserError, match="no column"):
            document.insert(0, [b'{"a": "1"}'], "Add")
        return
    document.insert(0, [b'{"a": "1"}'], "Add")
    document.save()
    assert (tmp_path / "a.csv").read_bytes() == b"a,b\n1,\n"


def test_records_longer_than_a_window_are_whole(monkeypatch):
    monkeypatch.setattr("tunedesk.dataset.containers.csv_records._WINDOW", 8)
    monkeypatch.setattr("tunedesk.dataset.containers.csv_records._MOST_WINDOW", 64)
    records = [
        b'"a long, quoted\nfield",x\n',
        b"y" * 300 + b",z\n",
        b"\n",
        b'1,"2\n"\n',
        b'"open ' + b"w" * 90,
    ]
    content = b"a,b\n" + b"".join(records)
    layout = CsvLayout(lambda at, size: content[at : at + size], len(content), "a.csv", None)
    spans = [layout.span(line, line + 1) for line in range(len(layout))]
    assert [content[start:end] for start, end in spans] == records
    assert list(layout.rows(0, len(layout))) == [layout.raw(line) for line in range(len(layout))]


def test_save_as_changes_the_container_with_the_name(open_file, tmp_path):
    document = open_file("a.csv", b"a;b\r\n1;x, y\r\n")
    document.save_as(tmp_path / "b.csv.gz")
    assert values(document) == [{"a": "1", "b": "x, y"}]
    document.save_as(tmp_path / "b.tsv")
    assert (tmp_path / "b.tsv").read_bytes() == b"a\tb\r\n1\tx, y\r\n"
    document.save_as(tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == b'a,b\r\n1,"x, y"\r\n'
    document.save_as(tmp_path / "b.jsonl")
    assert (tmp_path / "b.jsonl").read_bytes() == b'{"a": "1", "b": "x, y"}\n'


def test_rows_that_a_table_cannot_hold_are_refused_unless_asked_for(open_file, tmp_path):
    document = open_file("a.jsonl", b'{"a": "x"}\n{"a": "y", "b": [1, 2.50]}\n')
    document.replace(document.id_at(0), b'{"a": "edited"}', "Edit")
    with pytest.raises(UserError, match=r'Row 2: The value of "b" is a list'):
        document.save_as(tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()
    document.save_as(tmp_path / "a.csv", nested_as_json=True)
    assert values(document) == [{"a": "edited", "b": ""}, {"a": "y", "b": "[1, 2.5]"}]
    assert document.undo() is None  # rows are not what they were, so their history stays with the old file
    assert raws(open_file("a.jsonl"))[0] == b'{"a": "edited"}'
    assert open_file("a.jsonl").is_modified


@pytest.mark.parametrize("name", ["new.csv", "new.xlsx", "new.parquet"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{}\n{}\n", "would have no columns"),
        (b'{"": "x"}\n', "Row 1 has a key without a name"),
        (b'{"a": "x"}\n\n', "Row 2"),
        (b'{"a": "x"}\n["x"]\n', "Row 2"),
    ],
)
def test_rows_that_are_no_table_are_refused_before_anything_is_written(
    open_file, tmp_path, name, content, sentence
):
    document = open_file("a.jsonl", content)
    with pytest.raises(UserError, match=sentence):
        document.save_as(tmp_path / name)
    assert not (tmp_path / name).exists()
    assert raws(document) == content.splitlines()


@pytest.mark.parametrize(
    "name", ["new.csv", "new.tsv", "new.json", "new.xlsx", "new.parquet", "new.jsonl.zst"]
)
def test_no_rows_are_no_rows_in_any_container(open_file, tmp_path, name):
    document = open_file("a.jsonl", b"")
    document.save_as(tmp_path / name)
    assert len(document) == 0
    assert list(read_rows(tmp_path / name)) == []
