"""Settings in three views: how the window behaves, services, prices. Each is made when it is first shown."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from tunedesk.desktop.widgets.buttons import action
from tunedesk.desktop.widgets.layout import GRID, column, line, row
from tunedesk.desktop.widgets.segmented import Segmented

VIEWS = (("general", "General", "settings"), ("services", "Services", "cloud"), ("prices", "Prices", "tag"))


class SettingsViews(QWidget):
    view_shown = Signal(str)

    def __init__(self, make: Callable[[str], QWidget]) -> None:
        """make: the page of a view, by its name."""
        super().__init__()
        self._make = make
        self._pages: dict[str, QWidget] = {}
        self._stack = QStackedWidget()
        self._switch = Segmented("Which settings")
        for name, text, icon in VIEWS:
            self._switch.add(action(self, text, icon, tip=f"Settings: {text.lower()}"))
            self._pages[name] = QWidget()
            self._stack.addWidget(self._pages[name])
        self._made: set[str] = set()
        self._switch.chosen.connect(self._show)
        head = row(self._switch, None)
        head.setContentsMargins(3 * GRID, GRID + 4, 3 * GRID, GRID)
        layout = column(head, line(), self._stack, spacing=0)
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self._show(0)

    @property
    def shown(self) -> str:
        return VIEWS[self._stack.currentIndex()][0]

    def page(self, name: str) -> QWidget | None:
        """None when it has not been shown yet."""
        return self._pages[name] if name in self._made else None

    def show_view(self, name: str) -> None:
        self._switch.choose([one for one, *_ in VIEWS].index(name))

    def forget(self, name: str) -> None:
        """Make this view anew when it is shown next, because what it shows has changed elsewhere."""
        self._made.discard(name)
        if self.shown == name:
            self._show(self._stack.currentIndex())

    def _show(self, place: int) -> None:
        name = VIEWS[place][0]
        if name not in self._made:
            self._made.add(name)
            old, made = self._pages[name], self._make(name)
            self._stack.removeWidget(old)
            old.deleteLater()
            self._stack.insertWidget(place, made)
            self._pages[name] = made
        self._stack.setCurrentIndex(place)
        self.view_shown.emit(name)
