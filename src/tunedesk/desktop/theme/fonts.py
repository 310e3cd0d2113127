"""The two typefaces: the system's own, and its monospaced one for JSON and tokens."""

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication


def monospaced() -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(QApplication.font().pointSizeF())
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def scaled(factor: float, *, bold: bool = False) -> QFont:
    """The system font, larger or smaller."""
    font = QFont(QApplication.font())
    font.setPointSizeF(font.pointSizeF() * factor)
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font
