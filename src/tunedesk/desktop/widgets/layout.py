"""The 8-pixel grid: rows, columns, cards, form rows and lines."""

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tunedesk.desktop.theme.style import set_look

GRID = 8

Box = TypeVar("Box", QHBoxLayout, QVBoxLayout)


def row(*items: QWidget | QLayout | None, spacing: int = GRID, margin: int = 0) -> QHBoxLayout:
    """Things side by side; None is a stretch."""
    return _fill(QHBoxLayout(), items, spacing, margin)


def column(*items: QWidget | QLayout | None, spacing: int = GRID, margin: int = 0) -> QVBoxLayout:
    """Things below each other; None is a stretch."""
    return _fill(QVBoxLayout(), items, spacing, margin)


def form() -> QFormLayout:
    """Label and field; Qt takes the label as the field's accessible name."""
    layout = QFormLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(2 * GRID)
    layout.setVerticalSpacing(GRID)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return layout


def card(*items: QWidget | QLayout | None, spacing: int = GRID) -> QFrame:
    frame = QFrame()
    set_look(frame, "card")
    frame.setLayout(column(*items, spacing=spacing, margin=2 * GRID))
    return frame


def line(vertical: bool = False) -> QFrame:
    """A hairline between two regions."""
    frame = QFrame()
    set_look(frame, "line")
    if vertical:
        frame.setFixedWidth(1)
    else:
        frame.setFixedHeight(1)
    return frame


def label(text: str = "", look: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if look:
        set_look(made, look)
    if wrap:
        made.setWordWrap(True)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def _fill(box: Box, items: tuple[QWidget | QLayout | None, ...], spacing: int, margin: int) -> Box:
    box.setContentsMargins(margin, margin, margin, margin)
    box.setSpacing(spacing)
    for item in items:
        if item is None:
            box.addStretch(1)
        elif isinstance(item, QLayout):
            box.addLayout(item)
        else:
            box.addWidget(item)
    return box
