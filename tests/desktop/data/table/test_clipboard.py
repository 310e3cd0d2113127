"""Rows to the clipboard and back: exact inside TuneDesk, as a table for spreadsheets."""

import json

import pytest
from PySide6.QtGui import QGuiApplication

from tests.desktop.conftest import settle
from tests.desktop.finding import WAIT, act
from tunedesk.desktop.data.table.row_clipboard import ROWS_MIME


@pytest.fixture
def clipboard(qapp):
    board = QGuiApplication.clipboard()
    board.clear()
    yield board
    board.clear()


def raws(app):
    return [app.data.document.raw(row) for row in app.data.document.row_ids()]


def select(table, *rows):
    table.select_rows([table.model().row_id(row) for row in rows], table.model().row_id(rows[0]))
    table.setFocus()


def copy(qtbot, app, clipboard):
    act(app.window, "Copy").trigger()
    qtbot.waitUntil(lambda: _has_rows(clipboard), timeout=WAIT)
    settle(qtbot, app)


def _has_rows(clipboard):
    data = clipboard.mimeData()
    return data is not None and data.hasFormat(ROWS_MIME)


def test_copied_rows_are_a_table_with_a_header_for_spreadsheets(qtbot, app, table, clipboard):
    select(table, 0, 1)
    copy(qtbot, app, clipboard)
    lines = clipboard.text().splitlines()
    assert len(lines) == 3
    assert lines[0].split("\t") == ["system", "user", "assistant"]


def test_rows_pasted_inside_tunedesk_are_exactly_what_was_copied(qtbot, app, table, clipboard):
    before = raws(app)
    select(table, 0, 7)  # the second of them is no JSON
    copy(qtbot, app, clipboard)
    act(app.window, "Paste").trigger()
    qtbot.waitUntil(lambda: len(app.data.document) == 62, timeout=WAIT)
    assert raws(app)[8:10] == [before[0], before[7]]
    settle(qtbot, app)
    app.data.actions_of_pane.undo.trigger()
    qtbot.waitUntil(lambda: raws(app) == before, timeout=WAIT)


def test_cells_of_a_spreadsheet_become_rows_below_the_current_one(qtbot, app, table, clipboard):
    select(table, 2)
    clipboard.setText('user\tassistant\nIs it late?\t"A ""little""\nlate."\nAnd now?\tNo.\n')
    act(app.window, "Paste").trigger()
    qtbot.waitUntil(lambda: len(app.data.document) == 62, timeout=WAIT)
    turns = json.loads(raws(app)[3])["messages"]
    assert [turn["content"] for turn in turns][-2:] == ["Is it late?", 'A "little"\nlate.']


def test_cells_can_be_pasted_over_the_selected_rows(qtbot, app, table, clipboard):
    select(table, 0)
    clipboard.setText("assistant\nanother answer\n")
    act(app.window, "Paste over").trigger()
    qtbot.waitUntil(lambda: b"another answer" in raws(app)[0], timeout=WAIT)
    assert len(app.data.document) == 60
