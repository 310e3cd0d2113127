"""One message of the user with the answers below it, base and tuned side by side."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tunedesk.chat.conversation import Exchange
from tunedesk.desktop.chat.answer_card import AnswerCard
from tunedesk.desktop.chat.in_place import InPlaceEdit
from tunedesk.desktop.chat.markdown_view import MarkdownView
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.layout import GRID, card, column, label, row
from tunedesk.runs.generation import Voice


class ExchangeView(QWidget):
    resend_wanted = Signal(str)
    regenerate_wanted = Signal()
    correction_accepted = Signal(str, str)
    """Voice and text."""
    example_wanted = Signal(str)
    """Voice."""
    copy_wanted = Signal(str)
    link_clicked = Signal(str)

    def __init__(self, exchange: Exchange, voices: tuple[Voice, ...], exact: bool) -> None:
        super().__init__()
        self._exchange = exchange
        self._words = MarkdownView("Your message", plain=True)
        self._edit = action(self, "Edit and send again…", "pencil", tip="Change this message and ask again")
        self._edit.triggered.connect(self._begin_edit)
        self._again = action(self, "Answer again", "refresh", tip="Ask for other answers to this message")
        self._again.triggered.connect(self.regenerate_wanted)
        head = row(label("You", "heading"), None, tool_button(self._edit), tool_button(self._again))
        self._said = column(head, self._words, spacing=4)
        self._editing = InPlaceEdit(self._words, self._said, self)
        self._editing.accepted.connect(self.resend_wanted)
        self._cards: dict[Voice, AnswerCard] = {}
        self._columns = row(spacing=GRID + 4)
        for voice in voices:
            self._add_card(voice, exact)
        self.setLayout(column(card(self._said), self._columns, spacing=GRID))
        self.show_exchange(exchange)

    def show_exchange(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._words.show_text(exchange.user)
        for voice, view in self._cards.items():
            view.show_answer(exchange.answer(voice))

    def show_exact(self, exact: bool) -> None:
        for view in self._cards.values():
            view.show_exact(exact)

    def set_busy(self, busy: bool) -> None:
        """While an answer is written, nothing above it can be changed."""
        for each in self._actions():
            each.setEnabled(not busy)

    def _actions(self) -> tuple[QAction, ...]:
        return (self._edit, self._again)

    def _add_card(self, voice: Voice, exact: bool) -> None:
        view = AnswerCard(voice)
        view.show_exact(exact)
        view.correction_accepted.connect(lambda text: self.correction_accepted.emit(voice, text))
        view.example_wanted.connect(lambda: self.example_wanted.emit(voice))
        view.copy_wanted.connect(self.copy_wanted)
        view.link_clicked.connect(self.link_clicked)
        self._cards[voice] = view
        self._columns.addWidget(view, 1)

    def _begin_edit(self) -> None:
        self._editing.begin(self._exchange.user, "Your message, to be sent again", "Send again", "send")
