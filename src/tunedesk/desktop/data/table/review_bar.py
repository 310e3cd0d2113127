"""The line below the table while rows are reviewed: how many are left, and what can be said of this one."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.widgets.buttons import tool_button
from tunedesk.desktop.widgets.elided_label import ElidedLabel
from tunedesk.desktop.widgets.layout import GRID, column, line, row


class ReviewBar(QWidget):
    def __init__(self, steps: list[QAction], stop: QAction) -> None:
        super().__init__()
        self._words = ElidedLabel()
        self._steps = [tool_button(each, with_text=True) for each in steps]
        inside = row(self._words, *self._steps, tool_button(stop), spacing=2)
        inside.setContentsMargins(GRID + 4, 4, GRID, 4)
        inside.setStretch(0, 1)
        self.setLayout(column(line(), inside, spacing=0))
        self.hide()

    def say(self, words: str, *, is_over: bool) -> None:
        self._words.show_text(words)
        for each in self._steps:
            each.setVisible(not is_over)
        self.show()
