"""Where a message is written; its one button sends, and stops while an answer is written."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.chat.message_edit import MessageEdit
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row


class Composer(QWidget):
    message_sent = Signal(str)
    stop_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._field = MessageEdit("Message to the models")
        self._field.setPlaceholderText("Write a message. Enter sends it, Shift+Enter starts a new line.")
        self._send = push_button("Send", "send", primary=True)
        self._send.setToolTip("Send (Enter)")
        self._stop = push_button("Stop", "stop")
        self._stop.setToolTip("Stop the answers where they are (Escape)")
        self._state = label("", "muted", wrap=True)
        self._is_busy = False
        self._can_send = False
        self._send.clicked.connect(self._try_to_send)
        self._stop.clicked.connect(self.stop_wanted)
        self._field.accepted.connect(self._try_to_send)
        self._field.given_up.connect(self._escape)
        self._field.textChanged.connect(self._refresh)
        buttons = column(None, self._stop, self._send, spacing=0)
        writing = row(self._field, buttons, spacing=GRID)
        writing.setStretch(0, 1)
        self.setLayout(column(self._state, writing, spacing=4))
        self._refresh()

    def show_state(self, words: str, look: str = "muted") -> None:
        """What the models are doing, or what went wrong."""
        set_look(self._state, look)
        self._state.setText(words)
        self._state.setVisible(bool(words))

    @property
    def state(self) -> str:
        return self._state.text()

    def set_busy(self, busy: bool) -> None:
        self._is_busy = busy
        self._refresh()

    def set_can_send(self, can_send: bool) -> None:
        self._can_send = can_send
        self._refresh()

    def give_back(self, text: str) -> None:
        """A message that could not be sent returns to the field, unless something else stands there."""
        if not self._field.exact_text():
            self._field.show_text(text)

    def take_focus(self) -> None:
        self._field.setFocus()

    def _try_to_send(self) -> None:
        text = self._field.exact_text()
        if self._is_busy or not self._can_send or not text.strip():
            return
        self._field.show_text("")
        self.message_sent.emit(text)

    def _escape(self) -> None:
        if self._is_busy:
            self.stop_wanted.emit()

    def _refresh(self) -> None:
        self._stop.setVisible(self._is_busy)
        self._send.setVisible(not self._is_busy)
        self._send.setEnabled(self._can_send and bool(self._field.exact_text().strip()))
