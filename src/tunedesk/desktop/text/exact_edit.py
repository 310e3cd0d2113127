"""A plain text editor that gives back exactly the text it was given, plus what the user changed.

It keeps no undo of its own: the document's journal is the undo, so its keys go to the window's actions.
"""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QToolTip

from tunedesk.desktop.text.block_looks import BlockLooks, LooksOf
from tunedesk.desktop.text.clipboard import mime_of, text_of
from tunedesk.desktop.text.exact_text import BLOCK_END, Carrier, Stretches, utf16_length
from tunedesk.desktop.text.stand_in_paint import paint_stand_ins
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
        self._shows_invisible = True
        self._carrier = Carrier.for_text("", shows_invisible=True)
        self._known = ""
        self._is_cut = False
        self._wants_read_only = False
        self._has_stand_ins = False
        self._looks: BlockLooks | None = None
        self._marks: tuple[Mark, ...] = ()
        self._changes: tuple[Stretches, str] = ((), "")
        self._idle = QTimer(self, interval=IDLE_MS, singleShot=True)
        self._idle.timeout.connect(self.flush)
        self.textChanged.connect(self._note_change)

    @property
    def is_cut(self) -> bool:
        """Whether the text is too long to be edited here."""
        return self._is_cut

    def exact_text(self) -> str:
        return self._known if self._is_cut else self._text_on_screen()

    def show_text(self, text: str) -> None:
        """Show a text; one that is already shown leaves cursor and scroll position alone."""
        self._idle.stop()
        if text == self.exact_text():
            self._known = text
            return
        self._known = text
        self._is_cut = len(text) > LIMIT
        shown = text[:SHOWN_OF_LONGER] if self._is_cut else text
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

    def show_invisible(self, shown: bool) -> None:
        """Whether characters that cannot be seen get a mark; those that Qt would lose always have one."""
        if shown != self._shows_invisible:
            self._shows_invisible = shown
            self._lay_out_again()

    def show_blanks(self, shown: bool) -> None:
        """Whether blanks, tabs and line ends get a faint sign."""
        flags = QTextOption.Flag.ShowTabsAndSpaces | QTextOption.Flag.ShowLineAndParagraphSeparators
        option = self.document().defaultTextOption()
        option.setFlags(option.flags() | flags if shown else option.flags() & ~flags)
        self.document().setDefaultTextOption(option)

    def set_looks(self, looks_of: LooksOf) -> None:
        """How each line is coloured, asked for whenever the line changes."""
        self._looks_of_blocks().set_looks(looks_of)

    def mark(self, marks: tuple[Mark, ...]) -> None:
        """Underline parts of the text; positions are characters of the exact text."""
        if marks != self._marks:
            self._marks = marks
            self._redraw_marks()

    def show_changes(self, stretches: Stretches, kind: Literal["added", "removed"]) -> None:
        """Mark the words that another version of the text lacks: underlined when they came, struck through
        when they went.
        """
        if (stretches, kind) != self._changes:
            self._changes = (stretches, kind)
            self._redraw_marks()

    def cursor_to(self, position: int) -> None:
        """Put the cursor before a character of the exact text and make it visible."""
        self._put_cursor(self.qt_position(position))
        self.ensureCursorVisible()

    def qt_position(self, position: int) -> int:
        """Qt's position of a character of the exact text."""
        return utf16_length(self._carried()[:position])

    def exact_position(self, qt_position: int) -> int:
        """The character of the exact text at one of Qt's positions."""
        units = self._carried().encode("utf-16-le", "surrogatepass")[: 2 * qt_position]
        return len(units.decode("utf-16-le", "ignore"))

    def words_at(self, place: QPoint) -> str:
        """What there is to say about the character at a point of the widget."""
        position = self.position_under(place)
        character = self._carried()[position : position + 1]
        words = [self._carrier.words_for(character) or ""] if character else []
        words += [
            mark.words for mark in self._marks if mark.start <= position < max(mark.end, mark.start + 1)
        ]
        return "\n".join(each for each in words if each)

    def position_under(self, place: QPoint) -> int:
        """The character of the exact text under a point of the widget."""
        inside = self.viewport().mapFrom(self, place)
        cursor = self.cursorForPosition(inside)
        position = cursor.position()
        if self.cursorRect(cursor).left() > inside.x() and position > 0:
            position -= 1
        return self.exact_position(position)

    def _carried(self) -> str:
        """The text as the widget holds it, character for character beside the exact one."""
        return self.document().toRawText().replace(BLOCK_END, "\n")

    def _text_on_screen(self) -> str:
        return self._carrier.from_widget(self.document().toRawText())

    def _replace_all(self, text: str, *coming: str) -> None:
        """coming: texts that will be inserted too, so that their characters are no stand-ins."""
        self._carrier = Carrier.for_text(text, *coming, shows_invisible=self._shows_invisible)
        carried = self._carrier.to_widget(text)
        self._note_stand_ins(carried != text)
        self.blockSignals(True)
        self.setPlainText(carried)
        self.blockSignals(False)
        self.document().setModified(False)
        self._redraw_marks()
        self.updateGeometry()

    def _lay_out_again(self, *coming: str) -> None:
        """Choose stand-ins anew for what is on the screen; nothing that was typed is lost."""
        was_edited = self.document().isModified()
        place = self.exact_position(self.textCursor().position())
        self._replace_all(self._text_on_screen(), *coming)
        self.document().setModified(was_edited)
        self._put_cursor(self.qt_position(place))

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
        selections = self.extra_selections()
        if not self._marks and not self._changes[0]:
            self.setExtraSelections(selections)
            return
        carried, end = self._carried(), self.document().characterCount() - 1
        for first, behind in self._changes[0]:
            start = min(utf16_length(carried[:first]), end)
            stop = min(utf16_length(carried[:behind]), end)
            selections.append(self.selection(start, stop, self._look_of_change()))
        tokens = tokens_of(self)
        for mark in self._marks:
            start = min(utf16_length(carried[: mark.start]), end)
            stop = min(max(utf16_length(carried[: mark.end]), start + 1), end)
            looks = QTextCharFormat()
            looks.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            looks.setUnderlineColor(QColor(getattr(tokens, mark.tint)))
            selections.append(self.selection(start, stop, looks))
        self.setExtraSelections(selections)

    def extra_selections(self) -> list[QTextEdit.ExtraSelection]:
        """What an editor for something special marks as well."""
        return []

    def _look_of_change(self) -> QTextCharFormat:
        tokens, looks = tokens_of(self), QTextCharFormat()
        if self._changes[1] == "added":
            looks.setBackground(QColor(tokens.trained))
            looks.setFontUnderline(True)
        else:
            looks.setBackground(QColor(tokens.cut))
            looks.setFontStrikeOut(True)
        return looks

    def selection(self, start: int, stop: int, looks: QTextCharFormat) -> QTextEdit.ExtraSelection:
        """A format for a stretch between two of Qt's positions."""
        selection = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(stop, QTextCursor.MoveMode.KeepAnchor)
        selection.cursor, selection.format = cursor, looks
        return selection

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_undo(event):
            event.ignore()
            return False
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            if words := self.words_at(event.pos()):
                QToolTip.showText(event.globalPos(), words, self)
            else:
                QToolTip.hideText()
            return True
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
        self._carry_typed(event.text())

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        super().inputMethodEvent(event)
        self._carry_typed(event.commitString())

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
        if event.type() == QEvent.Type.PaletteChange and (self._marks or self._changes[0]):
            self._redraw_marks()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Qt's own would copy U+00A0 as a space."""
        return mime_of(self._carrier.from_widget(self.textCursor().selectedText()))

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = text_of(source)
        if not self._carrier.is_free_in(text):  # it uses our stand-ins: choose others
            self._lay_out_again(text)
        carried = self._carrier.to_widget(text)
        self._note_stand_ins(carried != text or self._has_stand_ins)
        self.textCursor().insertText(carried)
        self.ensureCursorVisible()

    def _note_stand_ins(self, some: bool) -> None:
        self._has_stand_ins = some
        if some:
            self._looks_of_blocks()

    def _looks_of_blocks(self) -> BlockLooks:
        if self._looks is None:
            self._looks = BlockLooks(self, lambda: self._carrier)
        return self._looks

    def _carry_typed(self, typed: str) -> None:
        """A keyboard can type a no-break space, which is to be seen like any other."""
        if not typed.isascii() and self._carrier.to_widget(typed) != typed and not self.isReadOnly():
            self._lay_out_again()
            self._note_change()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._has_stand_ins:
            paint_stand_ins(self, self._carrier)


def _is_undo(event: QKeyEvent) -> bool:
    return event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
