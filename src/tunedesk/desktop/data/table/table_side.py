"""The left half of the data pane: which split, search, filter, the table, and how many rows there are."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from tunedesk.desktop.data.table.mark_bar import MarkBar
from tunedesk.desktop.data.table.row_table import RowTable
from tunedesk.desktop.shell.layout_memory import LayoutMemory
from tunedesk.desktop.widgets.buttons import tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, line, row

TYPING_MS = 250
SPLIT_NAMES = {"train": "Training", "valid": "Validation", "heldout": "Held-out"}


class TableSide(QWidget):
    split_chosen = Signal(str)
    filter_changed = Signal(str, bool)
    """The text that is searched for, and whether only rows with findings are wanted."""

    def __init__(
        self,
        row_actions: list[QAction],
        menu: list[QAction | None],
        only_findings: QAction,
        memory: LayoutMemory,
    ) -> None:
        """row_actions: buttons above the table. menu: of a right click; None is a separator."""
        super().__init__()
        self.table = RowTable(memory)
        self.mark_bar = MarkBar()
        self._splits: tuple[str, ...] = ()
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._split = QComboBox()
        self._split.setAccessibleName("Split")
        self._split.setToolTip("Which of the project's datasets is shown")
        self._split.activated.connect(lambda number: self.split_chosen.emit(self._splits[number]))
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search")
        self._search.setClearButtonEnabled(True)
        self._search.setAccessibleName("Search in all rows")
        self._search.textChanged.connect(lambda: self._typing.start())
        self._only = only_findings
        self._only.setCheckable(True)
        self._only.toggled.connect(self._tell_filter)
        self._counts = label("", "muted")
        self._typing.timeout.connect(self._tell_filter)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for each in menu:
            self.table.addAction(each if each is not None else _separator(self))
        self.setLayout(self._laid_out(row_actions))

    @property
    def search_text(self) -> str:
        return self._search.text()

    @property
    def only_findings(self) -> bool:
        return self._only.isChecked()

    def show_splits(self, splits: tuple[str, ...], chosen: str) -> None:
        """The names of project.json: train, valid, heldout, or the user's own."""
        self._splits = splits
        self._split.clear()
        self._split.addItems([SPLIT_NAMES.get(split, split) for split in splits])
        self._split.setCurrentIndex(splits.index(chosen) if chosen in splits else -1)

    def show_counts(self, text: str) -> None:
        self._counts.setText(text)

    def focus_search(self) -> None:
        self._search.setFocus()
        self._search.selectAll()

    def clear_filter(self) -> None:
        """Without a question of its own; the caller shows all rows."""
        for part in (self._search, self._only):
            part.blockSignals(True)
        self._search.clear()
        self._only.setChecked(False)
        for part in (self._search, self._only):
            part.blockSignals(False)
        self._typing.stop()

    def _laid_out(self, row_actions: list[QAction]) -> QVBoxLayout:
        above = row(self._split, None, *[tool_button(each) for each in row_actions], spacing=2)
        above.setContentsMargins(GRID, GRID, GRID, 0)
        finding = row(self._search, tool_button(self._only))
        finding.setStretch(0, 1)
        finding.setContentsMargins(GRID, GRID, GRID, GRID)
        foot = row(self._counts)
        foot.setContentsMargins(GRID + 4, 4, GRID, 4)
        whole = column(above, finding, line(), self.table, self.mark_bar, line(), foot, spacing=0)
        whole.setStretch(3, 1)
        return whole

    def _tell_filter(self) -> None:
        self._typing.stop()
        self.filter_changed.emit(self._search.text().strip(), self._only.isChecked())


def _separator(owner: QWidget) -> QAction:
    made = QAction(owner)
    made.setSeparator(True)
    return made
