"""A line below the table in which something short is typed: tags, a note, the value of a filter."""

from collections.abc import Callable

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QCompleter, QLineEdit, QWidget

from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, line, row


class AskBar(QWidget):
    closed = Signal()
    """Enter or Escape: whoever had the focus may have it again."""

    def __init__(self) -> None:
        super().__init__()
        self._title = label("", "muted")
        self.field = TagField()
        self.field.returnPressed.connect(self._accept)
        self._then: Callable[[str], None] = lambda text: None
        close = action(self, "Close this line", "close", "Esc")
        close.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        close.triggered.connect(self._close)
        self.addAction(close)
        inside = row(self._title, self.field, tool_button(close))
        inside.setContentsMargins(GRID + 4, 4, GRID, 4)
        inside.setStretch(1, 1)
        self.setLayout(column(line(), inside, spacing=0))
        self.hide()

    def ask(
        self,
        title: str,
        then: Callable[[str], None],
        *,
        text: str = "",
        hint: str = "",
        words: list[str] | None = None,
    ) -> None:
        """then: gets the text when Enter is pressed. words: tags to complete from; None: any text."""
        self._then = then
        self._title.setText(title)
        self._title.setBuddy(self.field)
        self.field.setAccessibleName(title)
        self.field.setPlaceholderText(hint)
        self.field.offer(words)
        self.field.setText(text + ", " if words is not None and text else text)
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _accept(self) -> None:
        self._then(self.field.text())
        self._close()

    def _close(self) -> None:
        self.hide()
        self.closed.emit()


class TagField(QLineEdit):
    """Completes the part after the last comma."""

    def __init__(self) -> None:
        super().__init__()
        self._words = QStringListModel(self)
        self._completer = QCompleter(self._words, self)
        self._completer.setWidget(self)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._completer.activated.connect(self._take)
        self._offers = False
        self.textEdited.connect(lambda _: self._complete())

    @property
    def offers(self) -> QAbstractItemView:
        """The list of words that fit."""
        popup = self._completer.popup()
        assert popup is not None  # a completer makes its own
        return popup

    def offer(self, words: list[str] | None) -> None:
        self._offers = words is not None
        self._words.setStringList(sorted(words or (), key=str.casefold))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        popup = self.offers
        chosen = popup.isVisible() and popup.currentIndex().isValid()
        if chosen and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            event.ignore()  # the completer takes it
            return
        if event.key() == Qt.Key.Key_Down and self._offers and not popup.isVisible():
            self._complete(even_empty=True)
            return
        super().keyPressEvent(event)

    def _complete(self, *, even_empty: bool = False) -> None:
        typed = self.text()[: self.cursorPosition()].rpartition(",")[2].strip()
        if not self._offers or not (typed or even_empty):
            self.offers.hide()
            return
        self._completer.setCompletionPrefix(typed)
        self._completer.complete()

    def _take(self, word: str) -> None:
        before, comma, _ = self.text()[: self.cursorPosition()].rpartition(",")
        self.setText(f"{before}{comma}{' ' if comma else ''}{word}, ")
