"""One plot of curves over training steps, with a cursor that reads values. Knows no runs.

The recipe is measured: at most 450 buckets, the raw curve one pixel wide without antialiasing, only the
smoothed one two pixels wide with it. Raw points drawn wide and smooth freeze the window from 10,000 steps on.
"""

from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.runs.buckets import Floats, bucket, nearest
from tunedesk.desktop.runs.plot_parts import Curve, LegendKey, PlainAxis, dress, number
from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.desktop.widgets.layout import GRID, column, label, row

MOST_BUCKETS = 450
PIXELS_PER_BUCKET = 3
LOW_PLOT = 130
"""Pixels of height below which an axis has room for few numbers."""
SHORTEST_AXIS = 10
"""Steps that the axis spans at least, so that the first points of a run do not jump about."""
Points = tuple[Floats, Floats]


class CurvePlot(QWidget):
    """Title, legend and values above the curves: the values under the cursor, else the last ones."""

    cursor_moved = Signal(object)
    """The step under the cursor, or None."""
    zoomed = Signal(float, float)
    """The user moved or zoomed; first and last step in view."""
    reset_requested = Signal()

    def __init__(self, title: str, curves: tuple[Curve, ...]) -> None:
        super().__init__()
        self._title = title
        self._curves = curves
        self._points: dict[str, Points] = {}
        self._range: tuple[float, float] | None = None
        self._cursor: float | None = None
        self._logarithmic = False
        self._values = ""
        self._told = label(look="muted")
        self._keys = [LegendKey(curve) for curve in curves] if len(curves) > 1 else []
        self._view = pg.PlotWidget(axisItems={side: PlainAxis(side) for side in ("left", "bottom")})
        self._items = [self._view.plot() for _ in curves]
        self._line = pg.InfiniteLine(angle=90)
        self._build()
        self._paint()
        self._draw()

    def _build(self) -> None:
        box = self._view.getPlotItem()
        box.setMenuEnabled(False)
        box.setContentsMargins(0, 0, 0, 0)
        box.hideButtons()
        box.vb.setMouseEnabled(x=True, y=False)
        box.vb.setLimits(xMin=0, minXRange=2)
        box.vb.sigRangeChangedManually.connect(self._was_zoomed)
        self._line.hide()
        self._view.addItem(self._line, ignoreBounds=True)
        self._view.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self._view.setAccessibleName(self._title)
        self._view.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the view itself takes the keys
        self._view.scene().sigMouseMoved.connect(self._mouse_moved)
        self._view.scene().sigMouseClicked.connect(self._clicked)
        self._view.installEventFilter(self)
        head = row(label(self._title, "heading"), *self._keys, None, self._told, spacing=2 * GRID)
        layout = column(head, self._view, spacing=4)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def show_points(self, points: Mapping[str, Points]) -> None:
        """x (ascending) and y of each curve, by its name."""
        self._points = dict(points)
        self._draw()

    def show_range(self, shown: tuple[float, float] | None) -> None:
        """First and last step in view; None follows the whole run."""
        self._range = shown
        self._draw()

    def show_cursor(self, step: float | None) -> None:
        self._cursor = step
        self._line.setVisible(step is not None)
        if step is not None:
            self._line.setPos(step)
        self._tell_values()

    def show_logarithmic(self, logarithmic: bool) -> None:
        """Values that are not positive have no place on a logarithmic axis and are left out of its range."""
        self._logarithmic = logarithmic
        self._view.getPlotItem().setLogMode(x=False, y=logarithmic)
        self._draw()

    @property
    def cursor_step(self) -> float | None:
        return self._cursor

    @property
    def values(self) -> str:
        """What is written beside the title: the step under the cursor, and each curve's value."""
        return self._values

    def sizeHint(self) -> QSize:
        return QSize(320, 180)

    def _extent(self) -> tuple[float, float]:
        return 0.0, max(float(SHORTEST_AXIS), self._last_step())

    def _last_step(self) -> float:
        return max((float(x[-1]) for x, _ in self._points.values() if len(x)), default=0.0)

    def _draw(self) -> None:
        first, last = self._range or self._extent()
        count = max(50, min(MOST_BUCKETS, self._view.width() // PIXELS_PER_BUCKET))
        heights: list[Floats] = []
        for curve, item in zip(self._curves, self._items, strict=True):
            x, y = self._points.get(curve.name, _NOTHING)
            if curve.look in ("points", "marks"):
                item.setData(x, y)
                heights.append(y[(x >= first) & (x <= last)])
            else:
                buckets = bucket(x, y, count, first, last)
                item.setData(*(buckets.envelope() if curve.look == "raw" else (buckets.x, buckets.mean)))
                heights += [buckets.low, buckets.high] if curve.look == "raw" else [buckets.mean]
        known = np.concatenate(heights) if heights else np.empty(0)
        self._view.getAxis("left").setStyle(showValues=len(known) > 0)
        self._view.getAxis("bottom").setStyle(showValues=len(known) > 0)
        self._set_ranges(first, last, known)
        self._tell_values()

    def _set_ranges(self, first: float, last: float, heights: Floats) -> None:
        box = self._view.getPlotItem().vb
        box.setXRange(first, last, padding=0.01)
        if self._logarithmic:
            heights = np.log10(heights[heights > 0])
        if len(heights):
            low, high = float(heights.min()), float(heights.max())
            room = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
            box.setYRange(low - room, high + room, padding=0)

    def _tell_values(self) -> None:
        found = [(curve.name, self._value_at(curve)) for curve in self._curves]
        known = [(name, value) for name, value in found if value is not None]
        where = [f"step {self._cursor:,.0f}"] if self._cursor is not None and known else []
        for key, (_, value) in zip(self._keys, found, strict=False):
            key.show_value(value)
        told = [] if self._keys else [number(value) for _, value in known]
        self._told.setText("   ".join([*where, *told]) or ("" if known else "no step yet"))
        named = told or [f"{name} {number(value)}" for name, value in known]
        self._values = "   ".join([*where, *named]) or "no step yet"
        self._view.setAccessibleDescription(self._sentence(known))

    def _sentence(self, known: list[tuple[str, float]]) -> str:
        if not known:
            return f"{self._title}: no values yet."
        step = self._cursor if self._cursor is not None else self._last_step()
        values = ", ".join(f"{name} {number(value)}" for name, value in known)
        return f"{self._title} at step {step:,.0f}: {values}."

    def _value_at(self, curve: Curve) -> float | None:
        """The value under the cursor, else the last one; points that are far from the cursor stay silent."""
        x, y = self._points.get(curve.name, _NOTHING)
        if curve.look == "marks" and self._cursor is None:
            return None  # the last one says nothing of where the run stands
        index = len(x) - 1 if self._cursor is None else nearest(x, self._cursor)
        if index is None or index < 0:
            return None
        if (
            curve.look in ("points", "marks")
            and self._cursor is not None
            and abs(x[index] - self._cursor) > 0.5
        ):
            return None
        return float(y[index])

    def _was_zoomed(self) -> None:
        (first, last), _ = self._view.getPlotItem().vb.viewRange()
        self.zoomed.emit(max(first, 0.0), last)

    def _mouse_moved(self, place: QPointF) -> None:
        box = self._view.getPlotItem().vb
        inside = box.sceneBoundingRect().contains(place)
        self._move_cursor_near(box.mapSceneToView(place).x() if inside else None)

    def _move_cursor_near(self, position: float | None) -> None:
        x = max((points[0] for points in self._points.values()), key=len, default=_NOTHING[0])
        index = None if position is None else nearest(x, position)
        step = None if index is None else float(x[index])
        if step != self._cursor:
            self.cursor_moved.emit(step)

    def _clicked(self, event: MouseClickEvent) -> None:
        if event.double():
            self.reset_requested.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave and self._cursor is not None:
            self.cursor_moved.emit(None)
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key_moved_cursor(event)
        return super().eventFilter(watched, event)

    def _key_moved_cursor(self, event: QKeyEvent) -> bool:
        """Left and Right read the curve without a mouse, Escape lets go."""
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape:
            self.cursor_moved.emit(None)
            return True
        if by is None:
            return False
        first, last = self._range or self._extent()
        start = last if self._cursor is None else self._cursor
        self._move_cursor_near(min(max(start + by * max(1.0, (last - first) / 100), first), last))
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        low = self._view.height() < LOW_PLOT
        self._view.getAxis("left").setTickDensity(0.4 if low else 1.0)  # numbers must not cover each other
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()

    def _paint(self) -> None:
        """Give everything the colours of the theme; pyqtgraph keeps none of Qt's palette by itself."""
        tokens = tokens_of(self)
        self._view.setBackground(tokens.surface)
        for side in ("left", "bottom"):
            axis = self._view.getAxis(side)
            axis.setPen(QColor(tokens.border))
            axis.setTextPen(QColor(tokens.muted))
        self._line.setPen(pg.mkPen(tokens.muted, width=1, style=Qt.PenStyle.DashLine))
        for curve, item in zip(self._curves, self._items, strict=True):
            dress(item, curve, tokens)


_NOTHING: Points = (np.empty(0), np.empty(0))
