"""Cut, copy, paste and select all do something exactly when they look as if they did."""

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget

from tunedesk.desktop.shell.edit_actions import EditActions
from tunedesk.desktop.text.exact_edit import ExactEdit


class Cells(QWidget):
    """A widget that is no text field and can be copied from."""

    def __init__(self):
        super().__init__()
        self.done = []

    def offered_edits(self):
        return frozenset({"copy"})

    def do_edit(self, what):
        self.done.append(what)


@pytest.fixture
def window(qtbot):
    window = QWidget()
    window.text, window.line, window.cells, window.label = (
        ExactEdit("Text"),
        QLineEdit(),
        Cells(),
        QLabel("x"),
    )
    layout = QVBoxLayout(window)
    for part in (window.text, window.line, window.cells, window.label):
        layout.addWidget(part)
    window.edits = EditActions(window)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    QApplication.clipboard().clear()
    return window


def offered(window):
    return [each.iconText() for each in window.edits.menu if each.isEnabled()]


def press(window, text):
    next(each for each in window.edits.menu if each.iconText() == text).trigger()


def test_nothing_is_offered_where_there_is_nothing_to_edit(window):
    window.label.setFocus()
    window.line.clear()
    window.line.setFocus()
    assert offered(window) == []


def test_copying_needs_a_selection_and_cutting_a_text_that_may_change(window):
    window.text.show_text("a\u00a0b")
    window.text.setFocus()
    assert offered(window) == ["Select all"]
    press(window, "Select all")
    assert offered(window) == ["Cut", "Copy", "Select all"]
    window.text.set_read_only(True)
    window.edits.refresh()
    assert offered(window) == ["Copy", "Select all"]


def test_what_is_cut_from_one_field_is_pasted_into_another_without_loss(window):
    window.text.show_text("a\u00a0b\r\u2029")
    window.text.setFocus()
    press(window, "Select all")
    press(window, "Cut")
    assert window.text.exact_text() == ""
    assert "Paste" in offered(window)
    press(window, "Paste")
    assert window.text.exact_text() == "a\u00a0b\r\u2029"


def test_a_line_of_text_is_offered_the_same(window):
    window.line.setText("word")
    window.line.setFocus()
    window.line.deselect()
    assert offered(window) == ["Select all"]
    window.line.selectAll()
    assert offered(window) == ["Cut", "Copy", "Select all"]
    press(window, "Copy")
    assert offered(window) == ["Cut", "Copy", "Paste", "Select all"]


def test_another_widget_is_asked_what_it_can(window):
    window.cells.setFocus()
    assert offered(window) == ["Copy"]
    press(window, "Copy")
    assert window.cells.done == ["copy"]
