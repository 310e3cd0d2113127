"""Colours of JSON in an editor. Few on purpose: keys, text, words and marks."""

import re

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat
from PySide6.QtWidgets import QPlainTextEdit

from tunedesk.desktop.theme.tokens import tokens_of

_PART = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<word>\b(?:true|false|null)\b|-?\b\d[\d.eE+-]*)|(?P<mark>[{}\[\]:,])"
)
_TINT = {"key": "text", "text": "ok", "word": "warning", "mark": "muted"}


class JsonColours(QSyntaxHighlighter):
    def __init__(self, editor: QPlainTextEdit) -> None:
        super().__init__(editor.document())
        self._editor = editor
        self._tokens = tokens_of(editor)
        self._formats = self._made()
        editor.installEventFilter(self)

    def highlightBlock(self, text: str) -> None:
        for match in _PART.finditer(text[:20_000]):
            kind = match.lastgroup
            if kind:
                self.setFormat(match.start(), match.end() - match.start(), self._formats[kind])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.PaletteChange and self._tokens is not tokens_of(self._editor):
            self._tokens = tokens_of(self._editor)
            self._formats = self._made()
            self.rehighlight()
        return False

    def _made(self) -> dict[str, QTextCharFormat]:
        formats = {}
        for kind, tint in _TINT.items():
            formats[kind] = QTextCharFormat()
            formats[kind].setForeground(QColor(getattr(self._tokens, tint)))
        formats["key"].setFontWeight(QFont.Weight.DemiBold)
        return formats
