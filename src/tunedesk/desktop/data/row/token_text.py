"""The rendered text with its tokens: what is trained, where it is cut, each id under the mouse."""

from bisect import bisect_right

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QSizePolicy, QTextEdit, QToolTip, QWidget

from tunedesk.desktop.text.exact_edit import ExactEdit
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.tokens import Tokens, tokens_of
from tunedesk.desktop.widgets.layout import GRID
from tunedesk.template.rendered import Rendered

NOTHING = Rendered("", (), (), ())


class TokenText(ExactEdit):
    """Read only. Trained: coloured and underlined. Cut: another colour, struck through, behind a bar."""

    def __init__(self) -> None:
        super().__init__("Text that the model is trained on")
        self.setFont(monospaced())
        self.set_read_only(True)
        self._rendered = NOTHING

    def show_rendered(self, rendered: Rendered) -> None:
        self._rendered = rendered
        self.show_text(rendered.text)
        self._colour()
        self.setAccessibleDescription(
            f"{rendered.tokens} tokens, {rendered.trained} of them trained"
            + (f", cut behind token {rendered.cut_at}" if rendered.cut_at is not None else "")
        )

    def token_at(self, character: int) -> int | None:
        """The number of the token that covers a character of the text, from 0."""
        starts = [start for start, _ in self._rendered.offsets]
        number = bisect_right(starts, character) - 1
        if number < 0 or character >= self._rendered.offsets[number][1]:
            return None
        return number

    def describe(self, number: int) -> str:
        """A sentence about a token for the tooltip."""
        rendered = self._rendered
        start, end = rendered.offsets[number]
        if rendered.cut_at is not None and number >= rendered.cut_at:
            state = "cut off"
        else:
            state = "trained" if rendered.mask[number] else "context, not trained"
        place = f"token {number + 1} of {rendered.tokens}"
        return f"{rendered.text[start:end]!r}\nid {rendered.ids[number]}, {place}, {state}"

    def _colour(self) -> None:
        tokens = tokens_of(self)
        cut = self._rendered.cut_character
        end = len(self._rendered.text) if cut is None else cut
        selections = [
            self._selection(span.start, min(span.end, end), _trained_format(tokens))
            for span in (self._rendered.spans if self._rendered.ids else ())
            if span.trained and span.start < end
        ]
        if cut is not None:
            selections.append(self._selection(cut, len(self._rendered.text), _cut_format(tokens)))
        self.setExtraSelections(selections)

    def _selection(self, start: int, end: int, looks: QTextCharFormat) -> QTextEdit.ExtraSelection:
        last = self.document().characterCount() - 1
        return self.selection(min(self.qt_position(start), last), min(self.qt_position(end), last), looks)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self.token_at(self.position_under(event.pos()))
            if number is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.describe(number), self)
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._rendered.ids:
            self._colour()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        cut = self._rendered.cut_character
        if cut is None:
            return
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(self.qt_position(cut), self.document().characterCount() - 1))
        place = self.cursorRect(cursor)
        painter = QPainter(self.viewport())
        painter.fillRect(
            QRect(place.left() - 2, place.top() - 2, 3, place.height() + 4), QColor(tokens_of(self).error)
        )
        painter.end()


class Legend(QWidget):
    """What the colours mean: drawn exactly as in the text."""

    WORDS = ("context", "trained", "cut off")

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(
            "Legend: underlined is trained, struck through is cut off, the rest is context"
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = tokens_of(self)
        painter = QPainter(self)
        looks = (None, _trained_format(tokens), _cut_format(tokens))
        left = 0
        for word, look in zip(self.WORDS, looks, strict=True):
            width = self.fontMetrics().horizontalAdvance(word) + 8
            box = QRect(left, 2, width, self.fontMetrics().height() + 2)
            if look is not None:
                painter.fillRect(box, look.background())
            painter.setPen(QPen(QColor(tokens.text if look is not None else tokens.muted)))
            painter.drawText(box.adjusted(4, 1, 0, 0), 0, word)
            if look is not None and look.fontStrikeOut():
                middle = box.center().y()
                painter.drawLine(box.left() + 4, middle, box.right() - 4, middle)
            elif look is not None:
                painter.setPen(QPen(look.underlineColor(), 1))
                painter.drawLine(box.left(), box.bottom(), box.right(), box.bottom())
            left += width + 2 * GRID
        painter.end()


def _trained_format(tokens: Tokens) -> QTextCharFormat:
    looks = QTextCharFormat()
    looks.setBackground(QColor(tokens.trained))
    looks.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
    looks.setUnderlineColor(QColor(tokens.accent))
    return looks


def _cut_format(tokens: Tokens) -> QTextCharFormat:
    looks = QTextCharFormat()
    looks.setBackground(QColor(tokens.cut))
    looks.setFontStrikeOut(True)
    return looks
