"""How the lines of an editor look: room for the names of stand-ins, and colours that somebody else chooses.

One highlighter for both, since a second one on the same document would wipe out the first one's formats.
"""

from collections.abc import Callable, Iterable

from PySide6.QtGui import QFont, QFontMetricsF, QSyntaxHighlighter, QTextCharFormat
from PySide6.QtWidgets import QPlainTextEdit

from tunedesk.desktop.text.exact_text import WIDTH, Carrier

LooksOf = Callable[[str], Iterable[tuple[int, int, QTextCharFormat]]]
"""From a line to the stretches (first, length, format) that look different."""
NAME_SIZE = 0.7
"""Of a stand-in's name beside the text."""
AROUND_NAME = 6.0
"""Pixels."""


class BlockLooks(QSyntaxHighlighter):
    def __init__(self, editor: QPlainTextEdit, carrier: Callable[[], Carrier]) -> None:
        super().__init__(editor.document())
        self._editor = editor
        self._carrier = carrier
        self._looks_of: LooksOf | None = None

    def set_looks(self, looks_of: LooksOf | None) -> None:
        self._looks_of = looks_of
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        if self._looks_of is not None:
            for first, length, looks in self._looks_of(text):
                self.setFormat(first, length, looks)
        carrier = self._carrier()
        for place, character in carrier.stand_ins(text):
            if name := carrier.name_of(character):
                self.setFormat(place, WIDTH, self._wide_enough(character, name))

    def _wide_enough(self, character: str, name: str) -> QTextCharFormat:
        font = self._editor.font()
        """A stand-in is as wide as its name; the glyph that a font has for it is often narrower."""
        wanted = QFontMetricsF(name_font(font)).horizontalAdvance(name) + AROUND_NAME
        has = QFontMetricsF(font).horizontalAdvance(character)
        looks = QTextCharFormat()
        looks.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
        looks.setFontLetterSpacing(max(wanted - has, 0.0))
        return looks


def name_font(font: QFont) -> QFont:
    """The font of the names of stand-ins in a text of this font."""
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * NAME_SIZE)
    return small
