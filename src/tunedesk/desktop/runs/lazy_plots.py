"""The plots' place in the page: pyqtgraph and numpy are imported when it is first shown, and not before."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunedesk.desktop.background import Background
from tunedesk.runs.events import Event

if TYPE_CHECKING:
    from tunedesk.desktop.runs.plots_page import PlotsPage


PAUSE_MS = 60
"""Batches that follow each other quickly, as when a long run is first read, are drawn together."""


class LazyPlots(QWidget):
    """Keeps the events until there is somewhere to draw them, and draws no more often than an eye can see."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self._background = background
        self._is_loading = False
        self._page: PlotsPage | None = None
        self._waiting: list[Event] = []
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._draw)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    @property
    def page(self) -> "PlotsPage | None":
        """None until the plots were on the screen for the first time."""
        return self._page

    def clear(self) -> None:
        self._waiting = []
        if self._page is not None:
            self._page.clear()

    def add_events(self, events: tuple[Event, ...]) -> None:
        if self._page is None:
            self._waiting.extend(events)
        else:
            self._page.add_events(events)
        if self.isVisible() and not self._pause.isActive():
            self._pause.start()

    def reset_zoom(self) -> None:
        if self._page is not None:
            self._page.reset_zoom()

    def show_logarithmic(self, logarithmic: bool) -> None:
        """The loss on a logarithmic axis: a loss that fell far still shows what happens at its end."""
        self._shown_page().plots[0].show_logarithmic(logarithmic)

    def picture(self) -> QImage:
        """The plots as they would stand on the screen, also when another page is shown."""
        return self._shown_page().picture()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._page is not None:
            self._draw()
        elif not self._is_loading:
            self._is_loading = True
            self._background.run(lambda job: _load(), self._build, owner=self)

    def _build(self, page_class: "type[PlotsPage]") -> None:
        if self._page is None:
            self._page = page_class()
            self._page.add_events(self._waiting)
            self._waiting = []
            self._layout.addWidget(self._page)
            self._draw()

    def _draw(self) -> None:
        if self._page is not None:
            self._page.draw()

    def _shown_page(self) -> "PlotsPage":
        if self._page is None:
            self._build(_load())
        assert self._page is not None
        return self._page


def _load() -> "type[PlotsPage]":
    """Half a second of imports, so on a thread of its own where there is time for it."""
    from tunedesk.desktop.runs.plots_page import PlotsPage

    return PlotsPage
