"""Statistics and advice through their page; they follow edits."""

from PySide6.QtWidgets import QPushButton, QSpinBox, QWidget

from tests.desktop.finding import WAIT, words_on
from tunedesk.desktop.data.row.trained_view import TrainedView


def open_statistics(qtbot, app):
    app.data.looking_tools.statistics.action.trigger()
    page = app.data.tool_shelf.open_tool
    qtbot.waitUntil(lambda: "Suggested epochs" in words_on(page), timeout=WAIT)
    return page


def fact(page, name):
    words = words_on(page)
    return words[words.index(name) + 1]


def test_rows_tokens_and_advice_are_shown(qtbot, app, table):
    page = open_statistics(qtbot, app)
    assert fact(page, "Rows") == "60"
    assert "are trained" in fact(page, "Tokens")
    assert {"Enough", "Consistent", "Representative", "Balanced", "Descriptive"} <= set(words_on(page))
    charts = [each.accessibleName() for each in page.findChildren(QWidget)]
    assert any(name.startswith("Rows by tokens.") for name in charts)


def test_they_follow_an_edit(qtbot, app, table):
    page = open_statistics(qtbot, app)
    app.data.actions_of_pane.duplicate_row.trigger()
    qtbot.waitUntil(lambda: fact(page, "Rows") == "61", timeout=WAIT)
    app.data.actions_of_pane.undo.trigger()
    qtbot.waitUntil(lambda: fact(page, "Rows") == "60", timeout=WAIT)


def test_the_rows_that_would_be_cut_are_shown_in_the_table(qtbot, app, table):
    app.window.findChild(TrainedView).findChild(QSpinBox).setValue(125)
    qtbot.waitUntil(lambda: app.background.is_idle, timeout=WAIT)
    page = open_statistics(qtbot, app)
    qtbot.waitUntil(lambda: bool(_button(page)), timeout=WAIT)
    _button(page)[0].click()
    assert table.selected_count() > 1


def _button(page):
    return [
        each for each in page.findChildren(QPushButton) if "would be cut" in each.text() and each.isVisible()
    ]
