"""What an empty pane shows: what it is for, and the one thing to do next."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from tunedesk.desktop.theme.icons import pixmap, set_icon
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import push_button, show_action_on
from tunedesk.desktop.widgets.layout import GRID, column, label, row

PICTURE = 40


class EmptyState(QWidget):
    """One icon, one title, one sentence, one primary button and at most a few quiet ones."""

    def __init__(
        self,
        icon: str,
        title: str,
        sentence: str,
        next_step: QAction | None = None,
        others: tuple[QAction, ...] = (),
    ) -> None:
        super().__init__()
        self._icon = icon
        self._picture = QLabel()
        self._title = label(title, "title")
        self._sentence = label(sentence, "muted", wrap=True)
        self._sentence.setMaximumWidth(440)
        self._sentence.setMinimumWidth(440)
        for part in (self._picture, self._title, self._sentence):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
        buttons = row(None)
        for number, action in enumerate((next_step, *others)):
            if action is not None:
                buttons.addWidget(_button(action, primary=number == 0))
        buttons.addStretch(1)
        self.setLayout(
            column(
                None,
                row(None, self._picture, None),
                self._title,
                row(None, self._sentence, None),
                buttons,
                None,
                spacing=2 * GRID,
                margin=3 * GRID,
            )
        )

    def show_words(self, title: str, sentence: str) -> None:
        self._title.setText(title)
        self._sentence.setText(sentence)

    def showEvent(self, event: QShowEvent) -> None:
        self._picture.setPixmap(pixmap(self._icon, self, "muted", PICTURE))
        super().showEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if self.isVisible():
            self._picture.setPixmap(pixmap(self._icon, self, "muted", PICTURE))
        super().changeEvent(event)


def _button(action: QAction, primary: bool) -> QWidget:
    button = push_button("", primary=primary)
    show_action_on(button, action)
    name = action.property("tinted_icon")
    if name:
        set_icon(button, name, "on_accent" if primary else "text")
    set_look(button, "primary" if primary else "")
    return button
