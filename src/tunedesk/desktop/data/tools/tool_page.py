"""The frame of a tool: what it does, its settings, at the foot what will happen, and the button that does it.

A tool is a page beside the table, not a dialog: the rows stay in sight, and can be chosen while it is open.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import action, push_button, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, line, row


class ToolPage(QWidget):
    """Subclasses, or their owners, fill it with `set_body` and answer `apply_asked`."""

    closed = Signal()
    """The person is done with it: the button, or Escape."""
    apply_asked = Signal()

    def __init__(self, title: str, sentence: str, apply_text: str = "") -> None:
        """sentence: what the tool is for. apply_text: what the button says; "" for a page that only shows."""
        super().__init__()
        self._close = action(self, "Close this tool", "close", "Esc")
        self._close.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._close.triggered.connect(self.closed)
        self.addAction(self._close)
        self._title = label(title, "title")
        self._sentence = label(sentence, "muted", wrap=True)
        self._summary = label("", wrap=True, selectable=True)
        self._button = push_button(apply_text, primary=True)
        self._button.setVisible(bool(apply_text))
        self._button.clicked.connect(self.apply_asked)
        self._body = QScrollArea()
        self._body.setWidgetResizable(True)
        self._body.setFrameShape(QFrame.Shape.NoFrame)
        self._body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(title)
        self._lay_out()

    @property
    def apply_button(self) -> QWidget:
        return self._button

    def set_body(self, body: QWidget, *, scrolls: bool = True) -> None:
        """scrolls: False for a body that scrolls by itself, such as a table, and takes all the room."""
        if scrolls:
            self._body.setWidget(body)
            return
        self._whole.replaceWidget(self._body, body)
        self._body.hide()
        self._whole.setStretch(self._whole.indexOf(body), 1)

    def say(self, summary: str, look: str = "") -> None:
        """What would happen, or what has happened; look: "" or "error", "warning", "ok", "muted"."""
        self._summary.setText(summary)
        set_look(self._summary, look)

    def offer(self, text: str, *, enabled: bool) -> None:
        """The button's words, best with the number of rows: "Replace 12 hits"."""
        self._button.setText(text)
        self._button.setEnabled(enabled)

    def _lay_out(self) -> None:
        head = row(self._title, tool_button(self._close))
        head.setStretch(0, 1)
        above = column(head, self._sentence, spacing=GRID // 2)
        above.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        foot = row(self._summary, self._button)
        foot.setStretch(0, 1)
        foot.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        self._whole = column(above, line(), self._body, line(), foot, spacing=0)
        self._whole.setStretch(2, 1)
        self.setLayout(self._whole)
