"""Colours of JSON in an editor. Few on purpose: keys, text, words and marks."""

import re
from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor, QFont, QTextCharFormat

from tunedesk.desktop.text.exact_edit import ExactEdit
from tunedesk.desktop.text.exact_text import utf16_length
from tunedesk.desktop.theme.tokens import tokens_of

_PART = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<word>\b(?:true|false|null)\b|-?\b\d[\d.eE+-]*)|(?P<mark>[{}\[\]:,])"
)
_TINT = {"key": "text", "text": "ok", "word": "warning", "mark": "muted"}
LONGEST = 20_000
"""Characters of a line that are coloured."""


class JsonColours(QObject):
    def __init__(self, editor: ExactEdit) -> None:
        super().__init__(editor)
        self._editor = editor
        self._tokens = tokens_of(editor)
        self._formats = self._made()
        editor.installEventFilter(self)
        editor.set_looks(self._looks_of)

    def _looks_of(self, text: str) -> Iterator[tuple[int, int, QTextCharFormat]]:
        is_narrow = text.isascii()  # then Qt counts as Python does
        for match in _PART.finditer(text[:LONGEST]):
            if match.lastgroup:
                start = match.start() if is_narrow else utf16_length(text[: match.start()])
                yield start, utf16_length(match.group()), self._formats[match.lastgroup]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.PaletteChange and self._tokens is not tokens_of(self._editor):
            self._tokens = tokens_of(self._editor)
            self._formats = self._made()
            self._editor.set_looks(self._looks_of)
        return False

    def _made(self) -> dict[str, QTextCharFormat]:
        formats = {}
        for kind, tint in _TINT.items():
            formats[kind] = QTextCharFormat()
            formats[kind].setForeground(QColor(getattr(self._tokens, tint)))
        formats["key"].setFontWeight(QFont.Weight.DemiBold)
        return formats
