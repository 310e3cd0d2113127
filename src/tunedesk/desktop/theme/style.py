"""The few style-sheet rules on top of Fusion: outlines, spacing and the `look` of a widget.

A widget chooses a look with `set_look(widget, "card")`; the looks are card, surface, line, bare, primary,
muted, title, heading, error, warning, ok. Everything else comes from the palette.
"""

from dataclasses import asdict
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.theme.tokens import Tokens

SHEET = Template("""
QToolTip { color: $text; background: $raised; border: 1px solid $edge; padding: 4px 6px; }
QFrame[look="card"] { background: $surface; border: 1px solid $border; border-radius: 6px; }
QFrame[look="notice"] { background: $raised; border: none; border-bottom: 1px solid $border; }
QFrame[look="line"] { background: $border; border: none; }
QWidget[look="surface"] { background: $surface; }
QLabel[look="muted"] { color: $muted; }
QLabel[look="title"] { font-size: 15pt; font-weight: 600; }
QLabel[look="heading"] { font-weight: 600; }
QLabel[look="error"] { color: $error; }
QLabel[look="warning"] { color: $warning; }
QLabel[look="ok"] { color: $ok; }
QLineEdit, QPlainTextEdit, QTextEdit {
    background: $surface; border: 1px solid $edge; border-radius: 4px; padding: 3px 6px; }
QAbstractSpinBox QLineEdit { border: none; background: transparent; padding: 0; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus { border-color: $accent; }
QPlainTextEdit[look="bare"], QTextEdit[look="bare"], QTextBrowser[look="bare"] { border: none; padding: 0; }
QPushButton { background: $raised; border: 1px solid $edge; border-radius: 4px; padding: 4px 12px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed, QPushButton:checked { background: $pressed; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $faint; border-color: $border; }
QPushButton[look="primary"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[look="primary"]:disabled { background: $pressed; color: $faint; border-color: $pressed; }
QPushButton[look="primary"]:focus { border-color: $text; }
QPushButton[look="link"] { background: transparent; border-color: transparent; color: $accent; padding: 2px; }
QPushButton[look="link"]:focus { border-color: $accent; }
QFrame[look="finding"] { border: 1px solid transparent; border-radius: 4px; }
QFrame[look="finding"]:hover { background: $hover; }
QFrame[look="finding"]:focus { border-color: $accent; }
QToolButton { border: 1px solid transparent; border-radius: 4px; padding: 3px; color: $text; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $pressed; }
QToolButton:focus { border-color: $accent; }
QToolButton[look="rail"] { color: $muted; padding: 6px 2px 4px 2px; }
QToolButton[look="rail"]:checked { color: $text; }
QToolButton:disabled { color: $faint; }
QToolButton::menu-indicator { image: none; }
QAbstractItemView { border: none; outline: none; background: $surface; }
QHeaderView { background: $surface; }
QHeaderView::section { background: $surface; color: $muted; border: none; border-bottom: 1px solid $border;
    padding: 5px 6px; }
QAbstractItemView::item:selected { background: $selection; color: $text; }
QSplitter::handle { background: $border; }
QScrollArea { border: none; background: transparent; }
QScrollBar:vertical { width: 10px; background: transparent; border: none; }
QScrollBar:horizontal { height: 10px; background: transparent; border: none; }
QScrollBar::handle { background: $edge; border-radius: 3px; margin: 2px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QProgressBar { background: $border; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: $muted; border-radius: 2px; }
QMenuBar { background: $window; border-bottom: 1px solid $border; }
QMenu { background: $raised; border: 1px solid $edge; padding: 4px 0; }
QMenu::item:selected, QMenuBar::item:selected { background: $selection; color: $text; }
QMenu::item { padding: 4px 28px 4px 8px; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
""")


def style_sheet(tokens: Tokens) -> str:
    return SHEET.substitute(asdict(tokens))


def set_look(widget: QWidget, look: str) -> None:
    """Choose the look of a widget; may be called again when it changes."""
    if widget.property("look") == look:
        return
    widget.setProperty("look", look)
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        widget.style().unpolish(widget)
        widget.style().polish(widget)
