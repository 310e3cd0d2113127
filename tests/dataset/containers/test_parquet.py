"""Claims about Parquet files: the schema stays, and every value that nobody touched."""

import datetime
import json

import pytest

from tests.dataset.rows import raws
from tunedesk.dataset.files import read_rows
from tunedesk.errors import UserError

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}], "weight": 1}
CHAT = [
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}], "n": 1},
    {"messages": [{"role": "user", "content": "Do"}, CALL], "n": None},
    {"messages": [{"role": "user", "content": "No"}], "n": 3},
]


def written(path, rows, schema=None, **options) -> bytes:
    parquet.write_table(arrow.Table.from_pylist(rows, schema=schema), path, **options)
    return path.read_bytes()


def values(document) -> list[dict[str, object]]:
    return [json.loads(raw) for raw in raws(document)]


def test_keys_that_were_filled_with_null_are_left_out(open_file, tmp_path):
    written(tmp_path / "rows.parquet", CHAT)
    document = open_file("rows.parquet")
    assert values(document) == [CHAT[0], {"messages": CHAT[1]["messages"]}, CHAT[2]]
    assert [json.loads(raw) for _, raw in read_rows(tmp_path / "rows.parquet")] == values(document)


def test_an_edit_keeps_schema_metadata_and_every_other_value(open_file, tmp_path):
    path = tmp_path / "rows.parquet"
    schema = arrow.Table.from_pylist(CHAT).schema.with_metadata({"huggingface": "{}"})
    written(path, CHAT * 4, schema, row_group_size=5, compression="zstd")
    before = parquet.read_table(path)
    document = open_file("rows.parquet")
    new = json.loads(document.raw_at(7))
    new["messages"][1]["tool_calls"][0]["id"] = "2"
    document.replace(document.id_at(7), json.dumps(new).encode(), "Edit")
    document.move([document.id_at(11)], 0, "Move")
    document.delete([document.id_at(3)], "Delete")
    document.insert(2, [b'{"messages": [], "n": 7}'], "Add")
    expected = raws(document)
    document.save()
    after = parquet.read_table(path)
    assert after.schema.equals(before.schema, check_metadata=True)
    assert raws(document) == expected == raws(open_file("rows.parquet"))
    untouched = [row for row in after.to_pylist() if row in before.to_pylist()]
    assert len(untouched) == 10
    assert parquet.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"
    while document.undo():
        pass
    document.save()
    assert parquet.read_table(path).equals(before)


def test_bytes_are_kept_and_told_of_but_not_shown(open_file, tmp_path):
    path = tmp_path / "rows.parquet"
    written(path, [{"text": "a", "image": {"bytes": b"\x00\xff", "path": "p"}}, {"text": "b", "image": None}])
    document = open_file("rows.parquet")
    assert values(document) == [{"text": "a"}, {"text": "b"}]
    assert 'not shown but kept: "image"' in document.notes[0]
    document.replace(document.id_at(0), b'{"text": "edited"}', "Edit")
    document.save()
    assert parquet.read_table(path).to_pylist()[0] == {
        "text": "edited",
        "image": {"bytes": b"\x00\xff", "path": "p"},
    }


def test_words_of_a_dictionary_and_values_that_must_be_there(open_file, tmp_path):
    path = tmp_path / "rows.parquet"
    label = arrow.dictionary(arrow.int32(), arrow.string())
    schema = arrow.schema([("label", label), arrow.field("text", arrow.string(), nullable=False)])
    written(path, [{"label": "a", "text": "x"}, {"label": "b", "text": "y"}], schema)
    document = open_file("rows.parquet")
    document.replace(document.id_at(0), b'{"label": "new", "text": "x"}', "Edit")
    document.save()
    assert parquet.read_table(path).schema.equals(schema)
    assert values(open_file("rows.parquet"))[0] == {"label": "new", "text": "x"}
    with pytest.raises(UserError, match='"text" must have a value'):
        document.insert(0, [b'{"label": "a"}'], "Add")


def test_rows_are_added_to_a_file_without_any(open_file, tmp_path):
    written(tmp_path / "rows.parquet", [], arrow.schema([("text", arrow.string())]))
    document = open_file("rows.parquet")
    document.insert(0, [b'{"text": "x"}'], "Add")
    document.save()
    assert values(open_file("rows.parquet")) == [{"text": "x"}]


def test_times_and_decimals_are_texts_that_can_be_edited(open_file, tmp_path):
    path = tmp_path / "rows.parquet"
    when = datetime.datetime(2026, 11, 20, 9, 30, tzinfo=datetime.UTC)
    schema = arrow.schema(
        [("when", arrow.timestamp("us", "UTC")), ("price", arrow.decimal128(5, 2)), ("n", arrow.int8())]
    )
    table = arrow.table(
        {"when": [when], "price": arrow.array(["1.10"]).cast(arrow.decimal128(5, 2)), "n": [1]}
    )
    parquet.write_table(table.cast(schema), path)
    document = open_file("rows.parquet")
    assert values(document) == [{"when": "2026-11-20T09:30:00+00:00", "price": "1.10", "n": 1}]
    document.replace(document.id_at(0), b'{"when": "2026-11-21T09:30:00Z", "price": "2.50", "n": 2}', "Edit")
    document.save()
    assert values(open_file("rows.parquet"))[0]["price"] == "2.50"
    assert parquet.read_table(path)["when"][0].as_py() == when + datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b'{"messages": [], "new": 1}', 'no column "new"'),
        (b'{"messages": [{"role": "user", "name": "x"}]}', '"messages/0" has no key "name"'),
        (b'{"messages": "text"}', 'value of "messages" is not of the type'),
        (b'{"messages": [], "n": "one"}', 'value of "n" is not of the type int64'),
        (b"not json", "not JSON"),
        (b"[]", "no object"),
    ],
)
def test_what_the_schema_does_not_have_is_refused_at_once(open_file, tmp_path, raw, sentence):
    written(tmp_path / "rows.parquet", CHAT)
    document = open_file("rows.parquet")
    with pytest.raises(UserError, match=sentence):
        document.replace(document.id_at(0), raw, "Edit")
    assert not document.is_modified


def test_a_damaged_file_is_told_in_a_sentence(open_file, tmp_path):
    content = written(tmp_path / "good.parquet", CHAT)
    with pytest.raises(UserError, match=r"rows\.parquet could not be read"):
        open_file("rows.parquet", content[:-30])
    with pytest.raises(UserError, match="no Parquet file"):
        open_file("rows.parquet", b'{"a": 1}\n')


def test_save_as_makes_a_parquet_file_that_reads_back(open_file, tmp_path):
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in CHAT)
    document = open_file("rows.jsonl", lines)
    document.save_as(tmp_path / "new.parquet")
    assert values(document) == [CHAT[0], {"messages": CHAT[1]["messages"]}, CHAT[2]]
    mixed = open_file("mixed.jsonl", b'{"a": "x"}\n{"a": [1]}\n')
    with pytest.raises(UserError, match="different types"):
        mixed.save_as(tmp_path / "mixed.parquet")
    assert not (tmp_path / "mixed.parquet").exists()
