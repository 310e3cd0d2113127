"""What plots are made of: a curve's looks, its key in the legend, an axis with plain numbers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.theme.tokens import Tokens, tokens_of
from tunedesk.desktop.widgets.layout import label, row

AXIS_WIDTH = 52
"""Pixels for numbers like "0.0002"; the same everywhere, so that stacked plots line up."""
RAW_ALPHA = 120
WIDTHS = {"raw": 1.0, "line": 2.0, "quiet": 1.5}

Look = Literal["raw", "line", "points", "marks"]
"""points are joined by a dotted line, marks stand alone."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve of a plot. name: in the legend and beside its values; tint: a colour token."""

    name: str
    tint: str
    look: Look


def number(value: float) -> str:
    """Four digits that matter, without an exponent where one can do without."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2e}" if abs(value) < 1e-4 else f"{value:.4g}"


def colour_of(curve: Curve, tokens: Tokens) -> QColor:
    tints = {"accent": tokens.accent, "warning": tokens.warning, "muted": tokens.muted, "error": tokens.error}
    colour = QColor(tints[curve.tint])
    if curve.look == "raw":
        colour.setAlpha(RAW_ALPHA)
    return colour


def dress(item: pg.PlotDataItem, curve: Curve, tokens: Tokens) -> None:
    colour = colour_of(curve, tokens)
    if curve.look in ("points", "marks"):
        joined = pg.mkPen(colour, width=1, style=Qt.PenStyle.DotLine) if curve.look == "points" else None
        item.setPen(joined)
        item.setSymbol("o")
        item.setSymbolSize(8)
        item.setSymbolBrush(QColor(tokens.surface))
        item.setSymbolPen(pg.mkPen(colour, width=2))
        return
    item.setPen(pg.mkPen(colour, width=WIDTHS[curve.look if curve.tint != "muted" else "quiet"]))
    item.opts["antialias"] = curve.look == "line"


def _power(exponent: float) -> str:
    """The number at a place of a logarithmic axis; all but 1, 2 and 5 of each decade stay unwritten."""
    value = 10.0**exponent
    leading = round(value / 10.0 ** np.floor(exponent + 1e-9), 6)
    return number(float(f"{value:.6g}")) if leading in (1, 2, 5) else ""


class LegendKey(QWidget):
    """A short stroke as the curve is drawn, its name, and its value under the cursor."""

    WIDTH, HEIGHT = 22, 12

    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self._stroke = _Stroke(curve)
        self._value = label()
        self._value.setFixedWidth(self.fontMetrics().horizontalAdvance("0.00000"))  # so that nothing jumps
        self.setLayout(row(self._stroke, label(curve.name, "muted"), self._value, spacing=6))

    def show_value(self, value: float | None) -> None:
        self._value.setText("" if value is None else number(value))


class _Stroke(QWidget):
    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self._curve = curve
        self.setFixedSize(LegendKey.WIDTH, LegendKey.HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = tokens_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(colour_of(self._curve, tokens), 1 if self._curve.look == "raw" else 2)
        painter.setPen(pen)
        middle = self.height() / 2
        if self._curve.look in ("points", "marks"):
            painter.setBrush(QColor(tokens.surface))
            painter.drawEllipse(QPointF(self.width() / 2, middle), 3.5, 3.5)
        else:
            painter.drawLine(QPointF(1, middle), QPointF(self.width() - 1, middle))
        painter.end()


class PlainAxis(pg.AxisItem):
    """Plain numbers: pyqtgraph would factor out thousandths and write "(x0.001)"."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=-4, hideOverlappingLabels=True)
        if side == "left":
            self.setWidth(AXIS_WIDTH)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [_power(value) for value in values]
        return [number(round(value, 10)) for value in values]
