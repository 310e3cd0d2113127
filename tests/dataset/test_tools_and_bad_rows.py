"""Every tool on rows meets the worst rows there are: it does its work or says why not."""

import json
from collections.abc import Callable

import pytest

from tunedesk.dataset import bulk
from tunedesk.dataset.diffing import diff_rows
from tunedesk.dataset.document import Document
from tunedesk.dataset.filtering import Contains, filter_rows
from tunedesk.dataset.guarding import make_guards
from tunedesk.dataset.hydrating import PromptTemplate, fill_rows
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.query import Query
from tunedesk.dataset.replacing import apply_hits, find_hits
from tunedesk.dataset.row_pairing import RowList
from tunedesk.dataset.sort_keys import Column, ColumnKind, sorted_rows
from tunedesk.dataset.split_recipe import SplitRecipe
from tunedesk.dataset.splitting import plan_split
from tunedesk.dataset.spreadsheet import copy_rows, paste_new, paste_over
from tunedesk.dataset.text_diff import diff_texts
from tunedesk.dataset.three_way import merge_rows
from tunedesk.errors import UserError

DEEP = 900
BAD = [
    b"",
    b"   ",
    b"oops a",
    b"\xff\xfea",
    b'"a"',
    b"[]",
    b"{}",
    b'{"prompt": "a", "prompt": "a"}',
    b'{"prompt": "a", "score": NaN}',
    b'{"prompt": "a \\ud800", "completion": "\\udc00"}',
    b'{"prompt": "a", "id": 123456789012345678901234567890}',
    b'{"prompt": ["a"], "completion": {"a": 1}}',
    b'{"messages": "a"}',
    b'{"messages": [null, 1, "a", {}, {"role": 1, "content": ["a"]}, {"role": "user"}]}',
    b'{"messages": [{"role": "", "content": "a"}, {"role": "system", "content": null}]}',
    b'{"messages": [{"role": "user", "content": [{"type": "image_url"}, {"type": "text", "text": "a"}]}]}',
    b'{"conversations": [{"from": "human", "value": 3}, {"value": "a"}]}',
    b'{"input": {"messages": 3}, "preferred_output": "a", "non_preferred_output": []}',
    b'{"chosen": [{"role": "assistant", "content": "a"}], "rejected": null}',
    b'{"text": null}',
    b'{"": "a", "a/b~c": "a"}',
    b'{"prompt": "a", "deep": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    b'{"prompt": "a\x00\x01\\u2028\\u0000"}',
    b'{"prompt": "' + b"a " * 20_000 + b'"}',
]
ACTIONS = [
    bulk.SetWeight("last"),
    bulk.SetSystem("New"),
    bulk.AppendToSystem("New"),
    bulk.RemoveSystem(),
    bulk.RenameRole("user", "human"),
    bulk.AddKey("key", "[1]"),
    bulk.RemoveKey("prompt"),
    bulk.TrimTexts(),
]


@pytest.fixture
def document(make: Callable[[bytes], Document]) -> Document:
    return make(b"\n".join(BAD) + b"\n")


def check(rows: dict[int, bytes]) -> None:
    """What a tool wrote is a row that can be read."""
    for raw in rows.values():
        assert b"\n" not in raw
        assert parse_row(raw).value is not None


def test_search_and_replace(document: Document) -> None:
    snapshot = document.snapshot()
    for query in (
        Query("a"),
        Query("a", roles=("user",)),
        Query("[a-b]", regex=True),
        Query("a", where="turns"),
    ):
        hits = find_hits(snapshot, query, "bb")
        assert hits.hits
        check(apply_hits(snapshot, hits.hits).rows)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
def test_bulk_changes(document: Document, action: bulk.Action) -> None:
    snapshot = document.snapshot()
    done = bulk.change_rows(snapshot, snapshot.ids, action)
    assert len(done.rows) + done.unchanged + len(done.left_out) == len(BAD)
    check(done.rows)
    document.replace_many(done.rows, bulk.label_of(action))


@pytest.mark.parametrize("kind", ColumnKind)
def test_sorting_and_filtering(document: Document, kind: ColumnKind) -> None:
    snapshot = document.snapshot()
    column = Column(kind, "prompt")
    for descending in (False, True):
        assert sorted(sorted_rows(snapshot, column, descending=descending)) == sorted(snapshot.ids)
    assert len(list(filter_rows(snapshot, Contains(column, "")))) == len(BAD)


def test_the_clipboard() -> None:
    copied = copy_rows(BAD)
    pasted = paste_new(copied.text, BAD)
    check(dict(enumerate(pasted.raws)))
    over = paste_over(list(enumerate(BAD)), copied.columns, "\n".join("x\ty\tz" for _ in BAD))
    check(over.rows)


@pytest.mark.parametrize("method", ["random", "label", "group", "date"])
def test_splits(document: Document, method: str) -> None:
    recipe = SplitRecipe(method, key="score" if method == "date" else "")
    plan = plan_split(document.snapshot(), recipe)
    assert sum(len(part.row_ids) for part in plan.parts) == len(BAD)


def test_templates_and_guards(document: Document) -> None:
    snapshot = document.snapshot()
    made = fill_rows(snapshot.rows(), len(BAD), PromptTemplate(user="{prompt}"), "bad", keep_incomplete=True)
    check(dict(enumerate(made.raws)))
    with pytest.raises(UserError, match="no place for a question and its answer"):
        make_guards(snapshot, ["Q?"], ["No."], system="")


def test_differences_and_merges(document: Document) -> None:
    snapshot = document.snapshot()
    turned = RowList([raw + b" " for raw in BAD[::-1]])
    assert diff_rows(snapshot, turned, by_id=False) is not None
    theirs = RowList([raw.replace(b"a", b"c") for raw in BAD])
    merged = merge_rows(snapshot, turned, theirs)
    assert merged is not None and list(merged.raws(turned))
    for raw in BAD:
        text = raw.decode("utf-8", "surrogateescape")
        pieces = diff_texts(text, text[::-1])
        assert "".join(piece.text for piece in pieces if piece.kind != "added") == text


def test_what_was_deep_is_as_deep_afterwards(document: Document) -> None:
    snapshot = document.snapshot()
    row = snapshot.ids[next(place for place, raw in enumerate(BAD) if b"deep" in raw)]
    done = bulk.change_rows(snapshot, [row], bulk.RemoveKey("prompt"))
    assert done.left_out or json.loads(done.rows[row])["deep"]
