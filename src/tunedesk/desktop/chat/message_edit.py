"""The text field for messages and corrections: exact text, as high as needed, Enter accepts, Escape gives up.

What is typed here may become training data, so it goes through `ExactEdit`; unlike a field of the dataset it
has an undo of its own, because no journal knows it.
"""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent

from tunedesk.desktop.text.exact_edit import ExactEdit
from tunedesk.desktop.widgets.layout import GRID

Keys = Qt.Key
HIGHEST_LINES = 14


class MessageEdit(ExactEdit):
    accepted = Signal()
    given_up = Signal()

    def __init__(self, name: str, *, lines: int = 2) -> None:
        super().__init__(name)
        self.setUndoRedoEnabled(True)
        self._lowest_lines = lines
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Undo is kept from the window's menu while the field has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _undo_of(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if wish := _undo_of(event):
            (self.undo if wish == "undo" else self.redo)()
        elif event.key() in (Keys.Key_Return, Keys.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.textCursor().insertBlock()
                self.ensureCursorVisible()
            else:
                self.accepted.emit()
        elif event.key() == Keys.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self, *_: object) -> None:
        lines = min(max(int(self.document().size().height()), self._lowest_lines), HIGHEST_LINES)
        height = lines * self.fontMetrics().lineSpacing() + 2 * GRID + 4
        if height != self.height():
            self.setFixedHeight(height)


def _undo_of(event: QKeyEvent) -> str:
    if event.matches(QKeySequence.StandardKey.Undo):
        return "undo"
    return "redo" if event.matches(QKeySequence.StandardKey.Redo) else ""
