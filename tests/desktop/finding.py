"""Finding widgets as a person or a screen reader does: by their names and words, not by their variables."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from tunedesk.desktop.widgets.notice_bar import NoticeBar

WAIT = 60_000
"""Milliseconds; long, so that a busy computer fails no test. Nothing waits longer than it must."""


def named(root, name, kind=QWidget):
    """The one visible widget with this accessible name."""
    visible = [each for each in root.findChildren(kind) if each.isVisible() and not isinstance(each, QLabel)]
    found = [each for each in visible if (each.accessibleName() or said_name(each)) == name]
    assert len(found) == 1, f"{len(found)} visible widgets are named {name!r}"
    return found[0]


def buttons(root, text):
    """The visible buttons with this text."""
    return [each for each in root.findChildren(QAbstractButton) if each.text() == text and each.isVisible()]


def press(qtbot, root, text):
    """Wait for a button with this text and click it."""
    qtbot.waitUntil(lambda: bool(buttons(root, text)), timeout=WAIT)
    qtbot.mouseClick(buttons(root, text)[0], Qt.MouseButton.LeftButton)


def act(root, text):
    """The action with this text, whatever its mnemonic."""
    return next(each for each in root.findChildren(QAction) if each.text().replace("&", "") == text)


def words_on(root):
    """Every label that can be read now."""
    return [each.text() for each in root.findChildren(QLabel) if each.isVisible() and each.text()]


def notice(window):
    """The text of the notice on the screen; "" when there is none."""
    notices = window.findChild(NoticeBar).notices
    return notices[0].text if notices else ""


def said_name(widget):
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else ""
