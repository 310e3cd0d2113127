"""One plot by itself: cursor, zoom, logarithmic axis, the theme's colours."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QWidget

from tunedesk.desktop.runs.curve_plot import CurvePlot
from tunedesk.desktop.runs.plot_parts import Curve
from tunedesk.desktop.theme.palettes import palette_of
from tunedesk.desktop.theme.tokens import DARK, LIGHT


@pytest.fixture
def plot(qtbot):
    plot = CurvePlot("Loss", (Curve("training", "accent", "raw"), Curve("validation", "warning", "points")))
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.show()
    x = np.arange(1.0, 101.0)
    plot.show_points({"training": (x, 100 / x), "validation": (np.array([50.0]), np.array([3.0]))})
    plot.cursor_moved.connect(plot.show_cursor)
    return plot


def view(plot):
    return next(child for child in plot.findChildren(QWidget) if child.accessibleName() == "Loss")


def move_mouse(plot, step):
    """Through the scene, as a mouse move arrives there."""
    box = view(plot).getPlotItem().vb
    place = box.mapViewToScene(QPointF(step, box.viewRange()[1][0] + 1))
    view(plot).scene().sigMouseMoved.emit(place)


def test_without_a_cursor_the_last_values_are_shown(plot):
    assert plot.values == "training 1   validation 3"


def test_the_cursor_reads_the_nearest_step(qtbot, plot):
    move_mouse(plot, 50.3)
    assert plot.values == "step 50   training 2   validation 3"


def test_a_validation_is_read_only_where_it_was_made(qtbot, plot):
    move_mouse(plot, 20)
    assert plot.values == "step 20   training 5"


def test_leaving_the_plot_lets_go_of_the_cursor(qtbot, plot):
    move_mouse(plot, 20)
    QApplication.sendEvent(view(plot), QEvent(QEvent.Type.Leave))
    assert plot.values == "training 1   validation 3"


def test_the_curve_can_be_read_with_the_keyboard(qtbot, plot):
    qtbot.keyClick(view(plot), Qt.Key.Key_Left)
    assert plot.values.startswith("step 99")
    qtbot.keyClick(view(plot), Qt.Key.Key_Right)
    assert plot.values.startswith("step 100")
    qtbot.keyClick(view(plot), Qt.Key.Key_Escape)
    assert plot.values == "training 1   validation 3"


def test_a_zoom_fits_the_height_to_what_is_in_view(plot):
    plot.show_range((80, 100))
    (first, last), (_, high) = view(plot).getPlotItem().vb.viewRange()
    assert first == pytest.approx(80, abs=1)
    assert last == pytest.approx(100, abs=1)
    assert high < 2
    plot.show_range(None)
    assert view(plot).getPlotItem().vb.viewRange()[1][1] > 100


def test_a_logarithmic_axis_shows_powers_of_ten_evenly(plot):
    plot.show_logarithmic(True)
    low, high = view(plot).getPlotItem().vb.viewRange()[1]
    assert low == pytest.approx(0, abs=0.3)
    assert high == pytest.approx(2, abs=0.3)


def test_a_logarithmic_axis_writes_few_numbers(plot):
    plot.show_logarithmic(True)
    axis = view(plot).getAxis("left")
    texts = axis.tickStrings([np.log10(number) for number in (0.5, 1, 2, 3, 4, 5, 6, 9, 10, 20)], 1, 1)
    assert texts == ["0.5", "1", "2", "", "", "5", "", "", "10", "20"]


def test_the_colours_follow_the_theme(qtbot, plot):
    application = QApplication.instance()
    before = QPalette(application.palette())
    try:
        for tokens in (DARK, LIGHT):
            application.setPalette(palette_of(tokens))
            colour = tokens.surface.lower()
            qtbot.waitUntil(lambda colour=colour: view(plot).backgroundBrush().color().name() == colour)
    finally:
        application.setPalette(before)


def test_a_plot_without_points_says_so(qtbot):
    plot = CurvePlot("Loss", (Curve("training", "accent", "line"),))
    qtbot.addWidget(plot)
    assert plot.values == "no step yet"
    assert view(plot).accessibleDescription() == "Loss: no values yet."
