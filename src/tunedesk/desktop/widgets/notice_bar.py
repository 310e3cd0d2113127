"""Messages above the pane: what happened, what can be done, details folded. Newest first, none is lost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QPushButton, QWidget

from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.icons import pixmap
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import action, push_button, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row

Kind = Literal["info", "ok", "warning", "error"]


@dataclass(frozen=True)
class Answer:
    """A button of a notice; the notice goes when it is pressed."""

    text: str
    then: Callable[[], None]


@dataclass(frozen=True)
class Notice:
    text: str
    kind: Kind = "info"
    answers: tuple[Answer, ...] = ()
    details: str = ""
    """Folded until asked for, e.g. a traceback."""
    key: str = ""
    """A notice replaces the one that has the same key."""
    can_close: bool = True


class NoticeBar(QFrame):
    closed = Signal()
    """The last notice went."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, "notice")
        self.setAccessibleName("Notice")
        self._notices: list[Notice] = []
        self._answers: list[QPushButton] = []
        self._picture = QLabel()
        self._text = label(wrap=True, selectable=True)
        self._more = label(look="muted")
        self._buttons = row()
        self._details: QPlainTextEdit | None = None
        self._fold = push_button("Details")
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._unfold)
        self._close = action(self, "Close this notice", "close")
        self._close.triggered.connect(self._drop_first)
        self._closer = tool_button(self._close)
        top = row(self._picture, self._text, self._more, self._buttons, self._fold, self._closer)
        top.setStretch(1, 1)
        self._layout = layout = column(top)
        layout.setContentsMargins(GRID + 4, GRID - 2, GRID, GRID - 2)
        self.setLayout(layout)
        self.hide()

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Newest first; the first is the one on the screen."""
        return tuple(self._notices)

    def show_notice(self, notice: Notice) -> None:
        self._notices = [
            old for old in self._notices if not (notice.key and old.key == notice.key) and old != notice
        ]
        self._notices.insert(0, notice)
        self._refresh()

    def withdraw(self, key: str) -> None:
        self._notices = [old for old in self._notices if old.key != key]
        self._refresh()

    def _drop_first(self) -> None:
        self._drop(self._notices[0])

    def _drop(self, notice: Notice) -> None:
        if notice in self._notices:
            self._notices.remove(notice)
        self._refresh()

    def _refresh(self) -> None:
        for old in self._answers:
            old.deleteLater()
        self._answers = []
        if not self._notices:
            self.hide()
            self.closed.emit()
            return
        notice = self._notices[0]
        self._text.setText(notice.text)
        waiting = len(self._notices) - 1
        self._more.setText(f"{waiting} more" if waiting else "")
        self._fold.setChecked(False)
        self._fold.setVisible(bool(notice.details))
        self._closer.setVisible(notice.can_close)
        for answer in notice.answers:
            self._answers.append(self._button(notice, answer))
            self._buttons.addWidget(self._answers[-1])
        self._show_picture()
        self.show()

    def _unfold(self, unfolded: bool) -> None:
        """The text field is made when somebody wants to read details: the first paint needs none."""
        if self._details is None:
            self._details = QPlainTextEdit(readOnly=True)
            self._details.setFont(monospaced())
            self._details.setAccessibleName("Details of the notice")
            self._details.setMaximumHeight(20 * GRID)
            self._layout.addWidget(self._details)
        self._details.setPlainText(self._notices[0].details if self._notices else "")
        self._details.setVisible(unfolded)

    def _button(self, notice: Notice, answer: Answer) -> QPushButton:
        button = push_button(answer.text)

        def pressed() -> None:
            self._drop(notice)
            answer.then()

        button.clicked.connect(pressed)
        return button

    def _show_picture(self) -> None:
        kind = self._notices[0].kind
        self._picture.setPixmap(pixmap(kind, self, "muted" if kind == "info" else kind))
        self._picture.setAccessibleName(kind)

    def changeEvent(self, event: QEvent) -> None:
        if self.isVisible() and self._notices:
            self._show_picture()
        super().changeEvent(event)
