"""A plain text editor that gives back exactly the text it was given, plus what the user changed.

It keeps no undo of its own: the document's journal is the undo, so its keys go to the window's actions.
"""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QMimeData, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QWheelEvent,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from tunedesk.desktop.text.exact_text import Carrier, utf16_length
from tunedesk.desktop.theme.tokens import tokens_of

IDLE_MS = 300
"""After so long without a key the edit goes into the document."""

LIMIT = 200_000
"""Characters; a longer text is cut for the screen and not edited here: one block of a million takes half a
second to lay out."""
SHOWN_OF_LONGER = 20_000


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters start..end of the text, to be underlined in the colour of a token, with a tooltip."""

    start: int
    end: int
    tint: str
    words: str


class ExactEdit(QPlainTextEdit):
    text_edited = Signal(object)
    """The exact text (a str), some 300 ms after the last key, or at once when the focus leaves.

    Not Signal(str): that would make a QString of it, which loses lone surrogates.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self._carrier = Carrier.for_text("")
        self._known = ""
        self._is_cut = False
        self._wants_read_only = False
        self._has_stand_ins = False
        self._marks: tuple[Mark, ...] = ()
        self._idle = QTimer(self, interval=IDLE_MS, singleShot=True)
        self._idle.timeout.connect(self.flush)
        self.textChanged.connect(self._note_change)

    @property
    def is_cut(self) -> bool:
        """Whether the text is too long to be edited here."""
        return self._is_cut

    def exact_text(self) -> str:
        if self._is_cut:
            return self._known
        return self._carrier.from_widget(self.document().toRawText())

    def show_text(self, text: str) -> None:
        """Show a text; one that is already shown leaves cursor and scroll position alone."""
        self._idle.stop()
        if text == self.exact_text():
            self._known = text
            return
        self._known = text
        self._is_cut = len(text) > LIMIT
        shown = text[:SHOWN_OF_LONGER] if self._is_cut else text
        self._carrier = Carrier.for_text(shown)
        place = self.textCursor().position()
        self._replace_all(shown)
        if self.hasFocus():
            self._put_cursor(place)
        self._apply_read_only()

    def flush(self) -> None:
        """Tell of an edit that still waits for its idle moment."""
        self._idle.stop()
        text = self.exact_text()
        if text != self._known:
            self._known = text
            self.text_edited.emit(text)

    def set_read_only(self, read_only: bool) -> None:
        self._wants_read_only = read_only
        self._apply_read_only()

    def mark(self, marks: tuple[Mark, ...]) -> None:
        """Underline parts of the text; positions are characters of the exact text."""
        self._marks = marks
        self._redraw_marks()

    def cursor_to(self, position: int) -> None:
        """Put the cursor before a character of the exact text and make it visible."""
        self._put_cursor(self.qt_position(position))
        self.ensureCursorVisible()

    def marks_at(self, qt_position: int) -> tuple[Mark, ...]:
        found = (
            m for m in self._marks if self.qt_position(m.start) <= qt_position <= self.qt_position(m.end)
        )
        return tuple(found)

    def qt_position(self, position: int) -> int:
        """Qt's position of a character of the exact text."""
        return utf16_length(self._carrier.to_widget(self._known[:position]))

    def exact_position(self, qt_position: int) -> int:
        """The character of the exact text at one of Qt's positions."""
        count = 0
        for number, character in enumerate(self._carrier.to_widget(self._known)):
            count += utf16_length(character)
            if count > qt_position:
                return number
        return len(self._known)

    def _replace_all(self, text: str) -> None:
        carried = self._carrier.to_widget(text)
        self._has_stand_ins = carried != text
        self.blockSignals(True)
        self.setPlainText(carried)
        self.blockSignals(False)
        self.document().setModified(False)
        self._redraw_marks()
        self.updateGeometry()

    def _put_cursor(self, place: int) -> None:
        cursor = self.textCursor()
        cursor.setPosition(min(place, self.document().characterCount() - 1))
        self.setTextCursor(cursor)

    def _apply_read_only(self) -> None:
        self.setReadOnly(self._wants_read_only or self._is_cut)

    def _note_change(self) -> None:
        if self.document().isModified() and not self._is_cut:
            self._idle.start()

    def _redraw_marks(self) -> None:
        tokens = tokens_of(self)
        end = self.document().characterCount() - 1
        selections = []
        for mark in self._marks:
            selection = QTextEdit.ExtraSelection()
            start = min(self.qt_position(mark.start), end)
            stop = min(max(self.qt_position(mark.end), start + 1), end)
            cursor = QTextCursor(self.document())
            cursor.setPosition(start)
            cursor.setPosition(stop, QTextCursor.MoveMode.KeepAnchor)
            looks = QTextCharFormat()
            looks.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            looks.setUnderlineColor(QColor(getattr(tokens, mark.tint)))
            looks.setToolTip(mark.words)
            selection.cursor, selection.format = cursor, looks
            selections.append(selection)
        self.setExtraSelections(selections)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_undo(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _is_undo(event):
            event.ignore()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # Shift+Enter would insert U+2028, which only looks like a line feed.
            if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
                event.ignore()
            elif not self.isReadOnly():
                self.textCursor().insertBlock()
                self.ensureCursorVisible()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.flush()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """An editor that shows all of its text leaves the wheel to what it stands in."""
        if self.verticalScrollBar().maximum() == 0:
            event.ignore()
        else:
            super().wheelEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._marks:
            self._redraw_marks()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Qt's own would copy U+00A0 as a space."""
        data = QMimeData()
        data.setText(self._carrier.from_widget(self.textCursor().selectedText()))
        return data

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = source.text().replace("\r\n", "\n").replace("\r", "\n")
        if not self._carrier.is_free_in(text):
            self._change_carrier(text)
        carried = self._carrier.to_widget(text)
        self._has_stand_ins |= carried != text
        self.textCursor().insertText(carried)
        self.ensureCursorVisible()

    def _change_carrier(self, coming: str) -> None:
        """The pasted text uses our stand-ins: choose others, so that they stay apart."""
        own, place = self.exact_text(), self.textCursor().position()
        self._carrier = Carrier.for_text(own, coming)
        self.blockSignals(True)
        self.setPlainText(self._carrier.to_widget(own))
        self.blockSignals(False)
        self.document().setModified(True)
        self._put_cursor(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._has_stand_ins:
            self._paint_stand_ins()

    def _paint_stand_ins(self) -> None:
        """Draw what each visible stand-in stands for over the box that a font shows for it."""
        painter = QPainter(self.viewport())
        block = self.firstVisibleBlock()
        while block.isValid():
            area = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if area.top() > self.viewport().height():
                break
            self._paint_stand_ins_of(block, painter)
            block = block.next()
        painter.end()

    def _paint_stand_ins_of(self, block: QTextBlock, painter: QPainter) -> None:
        cursor = QTextCursor(block)
        place = block.position()
        for character in block.text():
            width = utf16_length(character)
            name = self._carrier.name_of(character)
            if name:
                cursor.setPosition(place)
                left = self.cursorRect(cursor)
                cursor.setPosition(place + width)
                right = self.cursorRect(cursor).left()
                box = QRectF(left.left(), left.top() + 2, max(right - left.left(), 8), left.height() - 4)
                self._paint_name(painter, box, name)
            place += width

    def _paint_name(self, painter: QPainter, box: QRectF, name: str) -> None:
        tokens = tokens_of(self)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * (0.6 if len(name) < 3 else 0.45))
        painter.setFont(font)
        painter.fillRect(box, QColor(tokens.hover))
        painter.setPen(QColor(tokens.warning))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)


def _is_undo(event: QKeyEvent) -> bool:
    return event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
