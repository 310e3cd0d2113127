"""Cut, copy, paste and select all for what has the focus: a text field, or a widget that says what it can."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from tunedesk.desktop.widgets.buttons import action


@runtime_checkable
class EditTarget(Protocol):
    """A widget that is no text field and can be cut from, copied from or pasted into, such as a table."""

    def offered_edits(self) -> frozenset[str]:
        """Of "cut", "copy", "paste" and "select all", what can be done now."""
        ...

    def do_edit(self, what: str) -> None: ...


class EditActions(QObject):
    """Enabled is what would do something now: asked when the focus, a selection or the clipboard changes."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        key = QKeySequence.StandardKey
        self._window = window
        self._watched: QWidget | None = None
        self._actions = {
            "cut": self._new("Cu&t", "scissors", key.Cut),
            "copy": self._new("&Copy", "copy", key.Copy),
            "paste": self._new("&Paste", "clipboard", key.Paste),
            "select all": self._new("Select &all", "list", key.SelectAll),
        }
        for what, each in self._actions.items():
            each.triggered.connect(lambda _=False, what=what: self._do(what))
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow_focus)
        application.clipboard().dataChanged.connect(self.refresh)
        self.refresh()

    @property
    def menu(self) -> list[QAction]:
        return list(self._actions.values())

    def refresh(self) -> None:
        offered = _offered_by(self._focused())
        for what, each in self._actions.items():
            each.setEnabled(what in offered)

    def _new(self, text: str, icon: str, key: QKeySequence.StandardKey) -> QAction:
        return action(self._window, text, icon, key)

    def _focused(self) -> QWidget | None:
        widget = QApplication.focusWidget()
        return widget if widget is not None and self._window.isAncestorOf(widget) else None

    def _follow_focus(self, old: QWidget | None, now: QWidget | None) -> None:
        if self._watched is not None and isValid(self._watched):
            for signal in _signals_of(self._watched):
                signal.disconnect(self.refresh)
        self._watched = self._focused()
        for signal in _signals_of(self._watched):
            signal.connect(self.refresh)
        self.refresh()

    def _do(self, what: str) -> None:
        widget = self._focused()
        if isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit):
            doing: dict[str, Callable[[], None]] = {
                "cut": widget.cut,
                "copy": widget.copy,
                "paste": widget.paste,
                "select all": widget.selectAll,
            }
            doing[what]()
        elif isinstance(widget, EditTarget):
            widget.do_edit(what)


def _offered_by(widget: QWidget | None) -> frozenset[str]:
    if isinstance(widget, QLineEdit):
        has_text, selected = bool(widget.text()), widget.hasSelectedText()
        can_copy = selected and widget.echoMode() is QLineEdit.EchoMode.Normal
        can_paste = bool(QApplication.clipboard().text())
        return _set(has_text, can_copy, can_paste, widget.isReadOnly())
    if isinstance(widget, QPlainTextEdit | QTextEdit):
        has_text = not widget.document().isEmpty()
        return _set(has_text, widget.textCursor().hasSelection(), widget.canPaste(), widget.isReadOnly())
    return widget.offered_edits() if isinstance(widget, EditTarget) else frozenset()


def _set(has_text: bool, can_copy: bool, can_paste: bool, read_only: bool) -> frozenset[str]:
    offered = {
        "cut": can_copy and not read_only,
        "copy": can_copy,
        "paste": can_paste and not read_only,
        "select all": has_text,
    }
    return frozenset(what for what, can in offered.items() if can)


def _signals_of(widget: QWidget | None):  # type: ignore[no-untyped-def]
    """What tells that another edit may be possible."""
    if isinstance(widget, QPlainTextEdit | QTextEdit):
        return (
            widget.selectionChanged,
            widget.document().contentsChanged,
        )  # also of a text that is shown anew
    return (widget.selectionChanged, widget.textChanged) if isinstance(widget, QLineEdit) else ()
