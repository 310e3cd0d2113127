"""All exchanges of a conversation in one scrolled column; follows the end unless the reader scrolled away."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from tunedesk.chat.conversation import Conversation
from tunedesk.desktop.chat.exchange_view import ExchangeView
from tunedesk.desktop.widgets.layout import GRID, column
from tunedesk.runs.generation import Voice

NEAR_END = 48
"""Pixels from the end within which the reader counts as following it."""


class Transcript(QScrollArea):
    resend_wanted = Signal(int, str)
    regenerate_wanted = Signal(int)
    correction_accepted = Signal(int, str, str)
    example_wanted = Signal(int, str)
    copy_wanted = Signal(str)
    link_clicked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("Conversation")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._voices: tuple[Voice, ...] = ()
        self._exact = False
        self._views: list[ExchangeView] = []
        self._column = column(spacing=2 * GRID)
        page = QWidget()
        page.setLayout(column(self._column, None, spacing=0, margin=2 * GRID))
        self.setWidget(page)
        self.verticalScrollBar().rangeChanged.connect(self._range_changed)
        self._follows_end = True
        self.verticalScrollBar().valueChanged.connect(self._note_place)

    def show_conversation(self, conversation: Conversation, voices: tuple[Voice, ...]) -> None:
        """Views that still fit stay, so that an open correction or a selection is not lost."""
        exchanges = conversation.exchanges
        if voices != self._voices:
            self._drop_from(0)
            self._voices = voices
        self._drop_from(len(exchanges))
        for number, exchange in enumerate(exchanges):
            if number < len(self._views):
                self._views[number].show_exchange(exchange)
            else:
                self._follows_end = True
                self._add(number, ExchangeView(exchange, voices, self._exact))

    def show_exact(self, exact: bool) -> None:
        self._exact = exact
        for view in self._views:
            view.show_exact(exact)

    def set_busy(self, busy: bool) -> None:
        for view in self._views:
            view.set_busy(busy)

    def _add(self, number: int, view: ExchangeView) -> None:
        view.resend_wanted.connect(lambda text: self.resend_wanted.emit(number, text))
        view.regenerate_wanted.connect(lambda: self.regenerate_wanted.emit(number))
        view.correction_accepted.connect(
            lambda voice, text: self.correction_accepted.emit(number, voice, text)
        )
        view.example_wanted.connect(lambda voice: self.example_wanted.emit(number, voice))
        view.copy_wanted.connect(self.copy_wanted)
        view.link_clicked.connect(self.link_clicked)
        self._views.append(view)
        self._column.addWidget(view)

    def _drop_from(self, number: int) -> None:
        for view in self._views[number:]:
            self._column.removeWidget(view)
            view.hide()
            view.deleteLater()
        del self._views[number:]

    def _note_place(self, value: int) -> None:
        self._follows_end = value >= self.verticalScrollBar().maximum() - NEAR_END

    def _range_changed(self, _low: int, high: int) -> None:
        if self._follows_end:
            QTimer.singleShot(0, self, lambda: self.verticalScrollBar().setValue(high))
