"""The filters that are set, as chips that can be taken away, and a menu to set more. Knows no dataset."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from tunedesk.desktop.data.table.questions import Filter
from tunedesk.desktop.theme.icons import set_icon
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.flow import FlowLayout


class FilterBar(QWidget):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._filters: list[Filter] = []
        self._chips = FlowLayout(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Filters")
        self.hide()

    @property
    def filters(self) -> tuple[Filter, ...]:
        return tuple(self._filters)

    def add(self, wanted: Filter) -> None:
        if wanted not in self._filters:
            self._filters.append(wanted)
            self._redraw()
            self.changed.emit()

    def remove(self, unwanted: Filter) -> None:
        self._filters.remove(unwanted)
        self._redraw()
        self.changed.emit()

    def show_filters(self, filters: Sequence[Filter]) -> None:
        """Without a question of its own; the caller asks."""
        self._filters = list(filters)
        self._redraw()

    def _redraw(self) -> None:
        while (item := self._chips.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for each in self._filters:
            chip = push_button(each.words)
            set_look(chip, "chip")
            set_icon(chip, "close", "muted")
            chip.setToolTip(f"Take this filter away: {each.words}")
            chip.setAccessibleName(f"Filter {each.words}, take it away")
            chip.clicked.connect(lambda _=False, each=each: self.remove(each))
            self._chips.addWidget(chip)
        self.setVisible(bool(self._filters))
        self.updateGeometry()


class FilterMenu(QMenu):
    """Filled when it is opened, since what it offers depends on the rows."""

    def __init__(self, owner: QWidget) -> None:
        super().__init__("Add filter", owner)
        self.setToolTipsVisible(True)

    def empty(self) -> None:
        """`clear` would keep the menus inside this one for as long as the window lives."""
        self.clear()
        for inner in self.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
            inner.setParent(None)
            inner.deleteLater()

    def section(self, title: str) -> QMenu:
        return self.addMenu(title)

    @staticmethod
    def entry(menu: QMenu, words: str, then: Callable[[], None]) -> QAction:
        made = menu.addAction(words.replace("&", "&&"))
        made.triggered.connect(lambda: then())
        return made
