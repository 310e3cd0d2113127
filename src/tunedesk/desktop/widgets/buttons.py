"""Buttons made from actions: an action carries text, icon, shortcut and tooltip, the button only shows it."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QPushButton, QToolButton, QWidget

from tunedesk.desktop.theme.icons import name_icon, set_icon
from tunedesk.desktop.theme.style import set_look


def tool_button(action: QAction, *, with_text: bool = False) -> QToolButton:
    """A flat button; without text its accessible name is still the action's text."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(16, 16))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if with_text:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button


def push_button(text: str, icon: str = "", *, primary: bool = False) -> QPushButton:
    """A button with a word on it; primary is for the one next step of a page."""
    button = QPushButton(text)
    if primary:
        set_look(button, "primary")
    if icon:
        set_icon(button, icon, "on_accent" if primary else "text")
    return button


def action(
    parent: QWidget,
    text: str,
    icon: str,
    shortcut: str | QKeySequence.StandardKey | None = None,
    *,
    tip: str = "",
    tint: str = "text",
    later: bool = False,
) -> QAction:
    """An action of a widget. Its tooltip names the key, so that the key is learned where it is used.

    later: its icon is drawn with the next change of theme or `tint_again`, not now.
    """
    made = QAction(text, parent)
    if later:
        name_icon(made, icon, tint)
    else:
        set_icon(made, icon, tint)
    if shortcut is not None:
        made.setShortcut(QKeySequence(shortcut))
    keys = made.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    words = tip or text.replace("&", "").rstrip("…")
    made.setToolTip(f"{words} ({keys})" if keys else words)
    made.setStatusTip(words)
    return made


def show_action_on(button: QAbstractButton, source: QAction) -> None:
    """Let a push button follow an action: text, icon, tooltip, enabled, and a click triggers it."""

    def follow() -> None:
        button.setText(source.text().replace("&", "").rstrip("…") or button.text())
        button.setToolTip(source.toolTip())
        button.setEnabled(source.isEnabled())

    source.changed.connect(follow)
    button.clicked.connect(source.trigger)
    follow()
