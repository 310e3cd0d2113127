"""Whether the answer of an unpaired preference is a good or a bad one: a switch of two words."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame

from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import tool_button
from tunedesk.desktop.widgets.layout import GRID, label, row


class Judgement(QFrame):
    def __init__(self, good: QAction, bad: QAction) -> None:
        super().__init__()
        set_look(self, "card")
        self.setAccessibleName("Judgement of the answer")
        self._good, self._bad = good, bad
        for each in (good, bad):
            each.setCheckable(True)
        self._none = label("This answer has no judgement yet.", "warning")
        parts = row(
            label("This answer is"), tool_button(good, with_text=True), tool_button(bad, with_text=True)
        )
        parts.addWidget(self._none)
        parts.addStretch(1)
        parts.setContentsMargins(GRID, 4, GRID, 4)
        self.setLayout(parts)

    def show_label(self, good: bool | None) -> None:
        self._good.setChecked(good is True)
        self._bad.setChecked(good is False)
        self._none.setVisible(good is None)
