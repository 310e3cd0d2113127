"""Rewriting a text where it stands: a field with two buttons takes the text's place until it is decided."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunedesk.desktop.chat.message_edit import MessageEdit
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, row


class InPlaceEdit(QObject):
    """One text of a card. shown: the widget that shows it, hidden meanwhile; place: where the field goes."""

    accepted = Signal(str)

    def __init__(self, shown: QWidget, place: QVBoxLayout, parent: QObject) -> None:
        super().__init__(parent)
        self._shown = shown
        self._place = place
        self._editor: QWidget | None = None

    def begin(self, text: str, name: str, word: str, icon: str, *, lines: int = 2) -> None:
        """name: of the field; word and icon: of the button that accepts. Does nothing while one is open."""
        if self._editor is not None:
            return
        field = MessageEdit(name, lines=lines)
        field.show_text(text)
        accept, cancel = push_button(word, icon, primary=True), push_button("Cancel")
        accept.setToolTip(f"{word} (Enter)")
        self._editor = QWidget()
        self._editor.setLayout(column(field, row(None, cancel, accept), spacing=GRID))
        for taken in (accept.clicked, field.accepted):
            taken.connect(lambda: self._accept(field))
        for left in (cancel.clicked, field.given_up):
            left.connect(self._end)
        self._place.addWidget(self._editor)
        self._shown.hide()
        self._editor.show()  # Qt shows what is added to a layout only later, and focus needs it shown
        field.setFocus()

    def _accept(self, field: MessageEdit) -> None:
        text = field.exact_text()
        self._end()
        self.accepted.emit(text)

    def _end(self) -> None:
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
        self._shown.show()
