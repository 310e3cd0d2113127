"""A run's memory as one bar in parts, with a legend that says the same in words."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from tunedesk.desktop.theme.tokens import Tokens, tokens_of
from tunedesk.desktop.train import words
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.widgets.layout import GRID, column, label, row
from tunedesk.plan.memory import MemoryEstimate

HEIGHT = 12
KEYS_IN_A_ROW = 3
SHADES = (1.0, 0.72, 0.5, 0.34, 0.2)
"""Strength of the text colour, part after part; neighbours differ enough to be told apart in both themes."""


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    size: int


def parts_of(memory: MemoryEstimate) -> tuple[Part, ...]:
    return (
        Part("model", memory.weights),
        Part("adapter", memory.adapter),
        Part("activations", memory.activations),
        Part("loss", memory.loss),
        Part("program", memory.overhead),
    )


class MemoryBar(QWidget):
    """The parts fill the bar; what does not fit into the free memory stands behind a line."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = _Bar()
        self._holder = QWidget()
        self._layout = column(self._bar, self._holder, spacing=GRID)
        self.setLayout(self._layout)

    def show_memory(self, memory: MemoryEstimate, free: int) -> None:
        """free: bytes that a run may fill."""
        parts = parts_of(memory)
        self._bar.show_parts(tuple(part.size for part in parts), free)
        told = ", ".join(f"{part.name} {words.bytes_of(part.size)}" for part in parts)
        self.setAccessibleName(f"Memory: {told}")
        new = QWidget()
        keys = QGridLayout()
        keys.setContentsMargins(0, 0, 0, 0)
        keys.setHorizontalSpacing(3 * GRID)
        keys.setVerticalSpacing(4)
        for number, part in enumerate(parts):
            keys.addWidget(_Key(number, part), number // KEYS_IN_A_ROW, number % KEYS_IN_A_ROW)
        keys.setColumnStretch(KEYS_IN_A_ROW, 1)
        new.setLayout(keys)
        self._holder = swap(self._layout, self._holder, new)


class _Bar(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._sizes: tuple[int, ...] = ()
        self._free = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_parts(self, sizes: tuple[int, ...], free: int) -> None:
        self._sizes, self._free = sizes, max(free, 1)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = tokens_of(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.border))
        whole = max(sum(self._sizes), 1)
        left = 0.0
        for number, size in enumerate(self._sizes):
            width = self.width() * size / whole
            painter.fillRect(QRectF(left, 0, width, HEIGHT), shade(tokens, number))
            left += width
        if whole > self._free:
            limit = self.width() * self._free / whole
            painter.fillRect(QRectF(limit - 1, 0, 2, HEIGHT), QColor(tokens.error))
        painter.end()


def shade(tokens: Tokens, number: int) -> QColor:
    """The text colour, mixed into the surface so that it does not depend on what lies below."""
    text, surface, strength = QColor(tokens.text), QColor(tokens.surface), SHADES[number]
    return QColor(
        round(strength * text.red() + (1 - strength) * surface.red()),
        round(strength * text.green() + (1 - strength) * surface.green()),
        round(strength * text.blue() + (1 - strength) * surface.blue()),
    )


class _Key(QWidget):
    def __init__(self, number: int, part: Part) -> None:
        super().__init__()
        told = label(f"{part.name} {words.bytes_of(part.size)}", "muted")
        self.setLayout(row(_Swatch(number), told, spacing=6))


class _Swatch(QWidget):
    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.setFixedSize(10, 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade(tokens_of(self), self._number))
        painter.drawRoundedRect(self.rect(), 2, 2)
        painter.end()
