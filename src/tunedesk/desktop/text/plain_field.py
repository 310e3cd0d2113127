"""A field for a few lines of text that become part of rows; with Qt's own undo."""

from PySide6.QtWidgets import QPlainTextEdit

BLOCK_END = "\u2029"


class PlainField(QPlainTextEdit):
    """Tab leads on to the next field."""

    def __init__(self, name: str, height: int) -> None:
        """height: pixels at the most; longer text scrolls."""
        super().__init__()
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setMaximumHeight(height)

    @property
    def text(self) -> str:
        """What stands there. `toPlainText` would make blanks of no-break spaces and line feeds of U+2028."""
        return self.document().toRawText().replace(BLOCK_END, "\n")
