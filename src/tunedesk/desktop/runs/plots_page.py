"""The plots of a run under one cursor and one zoom, and a picture of them."""

from collections.abc import Iterable

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.runs.buckets import Floats, bucket
from tunedesk.desktop.runs.curve_plot import CurvePlot, Points
from tunedesk.desktop.runs.curves import Curves, Quantity
from tunedesk.desktop.runs.plot_parts import Curve
from tunedesk.desktop.runs.smoothing import smooth
from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.desktop.widgets.layout import GRID, card, column, row
from tunedesk.runs.events import Event

PNG_SCALE = 2
"""Pixels per point of a saved picture: sharp in a document and on a slide."""
MOST_SMOOTHED = 20_000
"""A longer curve is bucketed before it is smoothed; a plot shows far fewer points anyway."""
EACH_STEP, SMOOTHED, VALIDATION = "training, each step", "smoothed", "validation"
SPIKES = "stands out"


class PlotsPage(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._curves = Curves()
        raw, smooth_ = Curve(EACH_STEP, "accent", "raw"), Curve(SMOOTHED, "accent", "line")
        spikes = Curve(SPIKES, "error", "marks")
        self._loss = CurvePlot("Loss", (raw, smooth_, Curve(VALIDATION, "warning", "points"), spikes))
        self._rate = CurvePlot("Learning rate", (Curve("learning rate", "muted", "line"),))
        self._norm = CurvePlot("Gradient norm", (Curve("gradient norm", "muted", "line"),))
        self._speed = CurvePlot("Tokens a second", (Curve("tokens a second", "muted", "line"),))
        self._accuracy = CurvePlot("Token accuracy", (Curve("token accuracy", "muted", "line"),))
        self._plots = (self._loss, self._rate, self._norm, self._speed, self._accuracy)
        for plot in self._plots:
            plot.cursor_moved.connect(self._show_cursor)
            plot.zoomed.connect(self._zoom)
            plot.reset_requested.connect(self.reset_zoom)
        self._small = {plot: card(plot) for plot in self._plots[1:]}
        small = row(*self._small.values(), spacing=2 * GRID)
        self._layout = column(card(self._loss), small, spacing=2 * GRID)
        self._layout.setStretch(0, 3)
        self._layout.setStretch(1, 2)
        self.setLayout(self._layout)

    @property
    def plots(self) -> tuple[CurvePlot, ...]:
        """Loss, learning rate, gradient norm, tokens a second, token accuracy."""
        return self._plots

    def clear(self) -> None:
        """Forget the run that was shown, and the zoom that belonged to it."""
        self._curves = Curves()
        self.reset_zoom()
        self.draw()

    def add_events(self, events: Iterable[Event]) -> None:
        """Take them in; `draw` shows them."""
        self._curves.add_all(events)

    def draw(self) -> None:
        series = {name: one.arrays() for name, one in self._curves.series.items()}
        self._loss.show_points(
            {
                EACH_STEP: series["loss"],
                SMOOTHED: _smoothed(*series["loss"]),
                VALIDATION: self._curves.validation.arrays(),
                SPIKES: self._curves.spikes.arrays(),
            }
        )
        self._rate.show_points({"learning rate": series["learning_rate"]})
        self._norm.show_points({"gradient norm": series["grad_norm"]})
        self._speed.show_points({"tokens a second": series["tokens_per_second"]})
        self._accuracy.show_points({"token accuracy": series["token_accuracy"]})
        self._hide_what_nobody_tells()

    def _hide_what_nobody_tells(self) -> None:
        """A service tells losses and little else; before the first step everything may still come."""
        series = self._curves.series
        small: tuple[tuple[CurvePlot, Quantity], ...] = (
            (self._rate, "learning_rate"),
            (self._norm, "grad_norm"),
            (self._speed, "tokens_per_second"),
        )
        for plot, name in small:
            self._small[plot].setVisible(len(series[name]) > 0 or not len(series["loss"]))
        # An engine tells more important things; of a service it is all that there is beside the losses.
        is_all = not len(series["learning_rate"])
        self._small[self._accuracy].setVisible(is_all and len(series["token_accuracy"]) > 0)
        any_shown = any(not one.isHidden() for one in self._small.values())
        self._layout.setStretch(1, 2 if any_shown else 0)

    def reset_zoom(self) -> None:
        for plot in self._plots:
            plot.show_range(None)

    def picture(self) -> QImage:
        """The plots as they stand on the screen, at twice the size."""
        image = QImage(self.size() * PNG_SCALE, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(PNG_SCALE)
        image.fill(QColor(tokens_of(self).window))
        painter = QPainter(image)
        self.render(painter, QPoint())
        painter.end()
        return image

    def _show_cursor(self, step: float | None) -> None:
        for plot in self._plots:
            plot.show_cursor(step)

    def _zoom(self, first: float, last: float) -> None:
        for plot in self._plots:
            plot.show_range((first, last))


def _smoothed(x: Floats, y: Floats) -> Points:
    if len(x) > MOST_SMOOTHED:
        buckets = bucket(x, y, MOST_SMOOTHED)
        x, y = buckets.x, buckets.mean
    return x, smooth(y)
