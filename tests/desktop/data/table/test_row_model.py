"""The table model against pytest-qt's model tester and against edits of a real document."""

import json
import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon

from tunedesk.dataset.document import Document
from tunedesk.dataset.order import Order
from tunedesk.desktop.data.table.row_model import Column, RowModel
from tunedesk.desktop.data.table.row_summary import SHOWN_CHARACTERS, summary_of
from tunedesk.desktop.data.table.row_table import RowTable


def line(text):
    return json.dumps(
        {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}]}
    )


@pytest.fixture
def document(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(line(f"Question {number}") + "\n" for number in range(20)), encoding="utf-8")
    return Document.open(file, tmp_path / "state.db")


@pytest.fixture
def model(qapp, document):
    return RowModel(document.snapshot, lambda row_id: (0, 0, 0), lambda severity: QIcon())


def texts(model):
    return [model.index(row, Column.USER).data() for row in range(model.rowCount())]


def truth(document):
    rows = [json.loads(document.raw_at(position)) for position in range(len(document))]
    return [row["messages"][0]["content"] for row in rows]


def test_it_is_a_well_behaved_model(qtmodeltester, model):
    qtmodeltester.check(model)


def some_edit(document, chance, number):
    """One edit of a random kind, or undo or redo; what it changed."""
    ids = list(document.row_ids())
    some, place = chance.sample(ids, 3), chance.randint(0, len(ids))
    kind = chance.choice(["insert", "delete", "move", "replace", "undo", "redo"])
    if kind == "insert":
        return document.insert(place, [line(f"New {number}").encode()] * 2, "Add")
    if kind == "delete":
        return document.delete(some, "Delete")
    if kind == "move":
        return document.move(some, place, "Move")
    if kind == "replace":
        return document.replace(some[0], line(f"Other {number}").encode(), "Edit")
    return document.undo() if kind == "undo" else document.redo()


@pytest.mark.parametrize("seed", range(3))
def test_it_follows_every_kind_of_edit_and_stays_well_behaved(qtmodeltester, document, model, seed):
    qtmodeltester.check(model)  # goes on watching the signals
    chance = random.Random(seed)
    for number in range(30):
        change = some_edit(document, chance, number)
        if change is not None:
            model.apply(change)
        assert texts(model) == truth(document)
        if len(document) < 4:
            model.apply(document.insert(0, [line("More").encode()] * 5, "Add"))


def test_a_filter_keeps_the_documents_order_and_shows_new_rows(document, model):
    ids = list(document.row_ids())
    model.show_only(Order.of_ids([ids[3], ids[7]]))
    assert texts(model) == ["Question 3", "Question 7"]
    model.apply(document.insert(5, [line("New").encode()], "Add"))
    assert texts(model) == ["Question 3", "New", "Question 7"]
    model.apply(document.delete([ids[3]], "Delete"))
    assert texts(model) == ["New", "Question 7"]
    assert model.index(1, Column.NUMBER).data() == "8"


def test_reading_one_cell_reads_one_row(document):
    asked = []
    model = RowModel(
        document.snapshot, lambda row_id: asked.append(row_id) or (1, 0, 0), lambda severity: QIcon()
    )
    assert model.index(12, Column.FINDINGS).data() == "1"
    assert asked == [document.id_at(12)]


def test_findings_are_said_in_words_too(document):
    model = RowModel(document.snapshot, lambda row_id: (2, 1, 0), lambda severity: QIcon())
    said = model.index(0, Column.FINDINGS).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "2 errors, 1 warning"


def test_select_all_asks_nothing_of_the_rows(qtbot, document, model):
    table = RowTable()
    qtbot.addWidget(table)
    table.show_model(model)
    table.show()
    table.selectAll()
    assert table.selected_row_ids() == list(document.row_ids())
    assert not table.horizontalHeader().selectionModel().hasSelection()


def test_a_cell_is_one_short_line():
    summary = summary_of(line("one\ntwo " + "x" * 5000).encode())
    assert summary.user.startswith("one two x")
    assert len(summary.user) <= SHOWN_CHARACTERS


def test_a_row_that_cannot_be_read_shows_its_bytes():
    summary = summary_of(b'{"messages": \xff oh')
    assert summary.is_broken
    assert summary.user.startswith('{"messages":')


def test_a_huge_row_is_named_by_its_size_and_not_parsed():
    assert "MB" in summary_of(b'{"messages": "' + b"x" * 3_000_000).answer
