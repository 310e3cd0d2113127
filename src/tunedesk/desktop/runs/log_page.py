"""What happened in a run, in words, and the engine's own log below it. Only ever appended to."""

from collections.abc import Iterable
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QSplitter, QWidget

from tunedesk.desktop.runs import sentences
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.layout import GRID, card, column, label
from tunedesk.runs.events import Event, Sampled, Step

MOST_LINES = 5000


class LogPage(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._events = _text("What happened")
        self._log = _text("The engine's log")
        self._log.setFont(monospaced())
        self._log.setPlaceholderText("Empty so far. The engine writes here only what is unusual.")
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setHandleWidth(2 * GRID)
        splitter.setStyleSheet("QSplitter::handle { background: transparent; }")
        splitter.addWidget(card(label("What happened", "heading"), self._events))
        splitter.addWidget(card(label("The engine's log (log.txt)", "heading"), self._log))
        splitter.setSizes([300, 200])
        self.setLayout(column(splitter))

    @property
    def events_text(self) -> str:
        return self._events.toPlainText()

    @property
    def log_text(self) -> str:
        return self._log.toPlainText()

    def clear(self) -> None:
        self._events.clear()
        self._log.clear()

    def add_events(self, events: Iterable[Event]) -> None:
        """Steps and samples have pages of their own; a line for each would drown what matters."""
        told = [_line(event) for event in events if not isinstance(event, Step | Sampled)]
        if told:
            _append(self._events, "\n".join(told) + "\n")

    def add_log(self, text: str) -> None:
        if text:
            _append(self._log, text)


def _line(event: Event) -> str:
    return f"{datetime.fromtimestamp(event.time):%H:%M:%S}  {sentences.event_sentence(event)}"


def _text(name: str) -> QPlainTextEdit:
    text = QPlainTextEdit(readOnly=True)
    set_look(text, "bare")
    text.setAccessibleName(name)
    text.setMaximumBlockCount(MOST_LINES)
    text.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
    return text


def _append(text: QPlainTextEdit, more: str) -> None:
    """At the end, and in view only when the end was in view: a reader who scrolled up is not pulled away."""
    bar = text.verticalScrollBar()
    at_end = bar.value() >= bar.maximum() - 2
    cursor = QTextCursor(text.document())
    cursor.movePosition(QTextCursor.MoveOperation.End)
    cursor.insertText(more)
    if at_end:
        bar.setValue(bar.maximum())
