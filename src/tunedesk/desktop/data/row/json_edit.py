"""An editor for the JSON of a row: colours, the counterpart of a bracket, and words offered while typing."""

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QColor, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QCompleter, QListView, QTextEdit

from tunedesk.desktop.data.row.json_colours import JsonColours
from tunedesk.desktop.data.row.json_places import Spot, bracket_pair, spot_at
from tunedesk.desktop.data.row.json_words import is_literal, words_at
from tunedesk.desktop.text.exact_edit import ExactEdit
from tunedesk.desktop.text.exact_text import utf16_length
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.theme.tokens import tokens_of

LONGEST = 50_000
"""Characters; in a longer text words are offered only when asked for."""
_KEYS_OF_POPUP = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape)


class JsonEdit(ExactEdit):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setFont(monospaced())
        self._brackets: tuple[int, ...] = ()
        self._colours = JsonColours(self)
        self._words = QStringListModel(self)
        self._completer = QCompleter(self._words, self)
        self._completer.setWidget(self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self._completer.activated[str].connect(self._complete)  # type: ignore[index]
        self._popup = QListView()
        self._completer.setPopup(self._popup)
        self._popup.setAccessibleName("Words that fit here")
        self._popup.setFont(self.font())
        set_look(self._popup, "popup")
        self.cursorPositionChanged.connect(self._find_brackets)

    def offer_words(self) -> None:
        """Show what can be written where the cursor stands."""
        spot = self._spot_of_cursor()
        written = self._written(spot) if spot is not None else ""
        words = words_at(spot) if spot is not None else ()
        fitting = [word for word in words if word.startswith(written) and word != written]
        if not fitting or written in words:
            self._popup.hide()
            return
        self._words.setStringList(fitting)
        self._completer.setCompletionPrefix(written)
        self._popup.setCurrentIndex(self._completer.completionModel().index(0, 0))
        place = self.cursorRect()
        place.setWidth(
            self._popup.sizeHintForColumn(0) + self._popup.verticalScrollBar().sizeHint().width() + 16
        )
        self._completer.complete(place)

    def offered_words(self) -> list[str]:
        """The words that are on the screen now."""
        if not self._popup.isVisible():
            return []
        model = self._completer.completionModel()
        return [model.index(row, 0).data() for row in range(model.rowCount())]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._popup.isVisible() and event.key() in _KEYS_OF_POPUP:
            event.ignore()  # the popup takes it
            return
        ctrl = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier)
        if ctrl and event.key() == Qt.Key.Key_Space:
            self.offer_words()
            return
        super().keyPressEvent(event)
        if not self.isReadOnly() and not ctrl and self._asks_for_words(event):
            self.offer_words()

    def _asks_for_words(self, event: QKeyEvent) -> bool:
        """A quote begins a word, a letter goes on with it, an open list of words follows what is typed."""
        typed = event.text()
        if not typed or self.document().characterCount() > LONGEST:
            return False
        if self._popup.isVisible() or typed == '"':
            return True
        spot = self._spot_of_cursor() if typed.isalpha() else None
        return spot is not None and spot.is_quoted

    def extra_selections(self) -> list[QTextEdit.ExtraSelection]:
        tokens, looks = tokens_of(self), QTextCharFormat()
        looks.setBackground(QColor(tokens.selection))
        if len(self._brackets) == 1:
            looks.setBackground(QColor(tokens.cut))
            looks.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
            looks.setUnderlineColor(QColor(tokens.error))
        return [self.selection(place, place + 1, looks) for place in self._brackets]

    def _spot_of_cursor(self) -> Spot | None:
        return spot_at(self._carried(), self._character())

    def _character(self) -> int:
        return self.exact_position(self.textCursor().position())

    def _written(self, spot: Spot) -> str:
        return self._carried()[spot.start : self._character()]

    def _complete(self, word: str) -> None:
        """Put the word in place of what is written of it, with its quotes, and a colon behind a key."""
        spot = self._spot_of_cursor()
        if spot is None or self.isReadOnly():
            return
        text, position = self._carried(), self._character()
        behind = text[position:]
        literal = is_literal(word) and not spot.is_key
        opening = "" if spot.is_quoted or literal else '"'
        closing = "" if literal and not spot.is_quoted else '"'
        if closing and behind.startswith('"'):
            closing = ""
        colon = ": " if spot.is_key and closing and not behind.lstrip().startswith(":") else ""
        cursor = self.textCursor()
        cursor.setPosition(utf16_length(text[: spot.start]))
        cursor.setPosition(utf16_length(text[:position]), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(f"{opening}{word}{closing}{colon}")
        self.setTextCursor(cursor)

    def _find_brackets(self) -> None:
        pair = bracket_pair(self._carried(), self._character()) if self._beside_bracket() else None
        found = () if pair is None else tuple(place for place in pair if place is not None)
        text = self._carried() if found else ""
        brackets = tuple(utf16_length(text[:place]) for place in found)
        if brackets != self._brackets:
            self._brackets = brackets
            self._redraw_marks()

    def _beside_bracket(self) -> bool:
        """Looked at first, since it costs nothing."""
        cursor = self.textCursor()
        line, place = cursor.block().text(), cursor.positionInBlock()
        return any(each in "{}[]" for each in line[max(place - 1, 0) : place + 1])
