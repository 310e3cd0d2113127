"""The left half of the data pane: which split, search, filters, the table, and how many rows there are."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLineEdit, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from tunedesk.dataset.query import Query
from tunedesk.desktop.data.table.ask_bar import AskBar
from tunedesk.desktop.data.table.filter_bar import FilterBar, FilterMenu
from tunedesk.desktop.data.table.questions import Question
from tunedesk.desktop.data.table.review_bar import ReviewBar
from tunedesk.desktop.data.table.row_table import RowTable
from tunedesk.desktop.data.table.table_actions import TableActions
from tunedesk.desktop.shell.layout_memory import LayoutMemory
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.elided_label import ElidedLabel
from tunedesk.desktop.widgets.empty_state import EmptyState
from tunedesk.desktop.widgets.layout import GRID, column, label, line, row

TYPING_MS = 250
SPLIT_NAMES = {"train": "Training", "valid": "Validation", "heldout": "Held-out"}


class TableSide(QWidget):
    split_chosen = Signal(str)
    question_changed = Signal()
    """Another text is searched for, or another filter is set; see `question`."""

    def __init__(
        self,
        row_actions: list[QAction],
        menu: list[QAction | None],
        only_findings: QAction,
        actions: TableActions,
        memory: LayoutMemory,
    ) -> None:
        """row_actions: buttons above the table. menu: of a right click; None is a separator."""
        super().__init__()
        self.table = RowTable(memory)
        self.ask_bar = AskBar()
        self.ask_bar.closed.connect(self.table.setFocus)
        self.review_bar = ReviewBar([actions.review_next, actions.review_skip], actions.review)
        self.filter_bar = FilterBar()
        self.filter_menu = FilterMenu(self)
        self._splits: tuple[str, ...] = ()
        self._switches = (actions.match_case, actions.whole_word, actions.regex)
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
        self._problem = label("", "error", wrap=True)
        self._problem.hide()
        self._only = only_findings
        self._only.setCheckable(True)
        self._counts = ElidedLabel(Qt.TextElideMode.ElideRight, "muted")
        nothing = EmptyState(
            "search",
            "No row matches",
            "No row has all of what is searched for and filtered.",
            actions.show_all,
        )
        self._pages = QStackedWidget()
        self._pages.addWidget(self.table)
        self._pages.addWidget(nothing)
        self._connect()
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for each in menu:
            self.table.addAction(each if each is not None else _separator(self))
        self.setLayout(self._laid_out(row_actions))

    @property
    def question(self) -> Question:
        text = self._search.text().strip()
        case, whole_word, regex = (each.isChecked() for each in self._switches)
        query = Query(text, regex=regex, case=case, whole_word=whole_word) if text else None
        return Question(query, self._only.isChecked(), self.filter_bar.filters)

    def show_splits(self, splits: tuple[str, ...], chosen: str) -> None:
        """The names of project.json: train, valid, heldout, or the user's own."""
        self._splits = splits
        self._split.clear()
        self._split.addItems([SPLIT_NAMES.get(split, split) for split in splits])
        self._split.setCurrentIndex(splits.index(chosen) if chosen in splits else -1)

    def show_counts(self, text: str) -> None:
        self._counts.show_text(text)

    def show_problem(self, text: str) -> None:
        """Why the question has no answer; "" for none."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def show_emptiness(self, empty: bool) -> None:
        """Whether the question has no answers, so that a sentence stands in the table's place."""
        self._pages.setCurrentIndex(int(empty))

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
        self.filter_bar.show_filters(())
        self.show_problem("")
        self.show_emptiness(False)
        self._typing.stop()

    def _connect(self) -> None:
        self._only.toggled.connect(self._tell)
        self._typing.timeout.connect(self._tell)
        self.filter_bar.changed.connect(self._tell)
        for each in self._switches:
            each.toggled.connect(lambda: self._tell() if self._search.text() else None)

    def _laid_out(self, row_actions: list[QAction]) -> QVBoxLayout:
        above = row(self._split, None, *[tool_button(each) for each in row_actions], spacing=2)
        above.setContentsMargins(GRID, GRID, GRID, 0)
        switches = [tool_button(each) for each in self._switches]
        finding = row(self._search, *switches, tool_button(self._only), self._menu_button(), spacing=2)
        finding.setStretch(0, 1)
        finding.setContentsMargins(GRID, GRID, GRID, GRID)
        under = column(self._problem, self.filter_bar, spacing=0)
        under.setContentsMargins(GRID, 0, GRID, 0)
        foot = row(self._counts)
        foot.setStretch(0, 1)
        foot.setContentsMargins(GRID + 4, 4, GRID, 4)
        bars = (self.ask_bar, self.review_bar)
        whole = column(above, finding, under, line(), self._pages, *bars, line(), foot, spacing=0)
        whole.setStretch(4, 1)
        return whole

    def _menu_button(self) -> QToolButton:
        opening = action(self, "Add a filter", "plus", "Ctrl+Shift+J", tip="Show only some rows")
        button = tool_button(opening)
        opening.triggered.connect(
            lambda: self.filter_menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
        )
        return button

    def _tell(self) -> None:
        self._typing.stop()
        self.question_changed.emit()


def _separator(owner: QWidget) -> QAction:
    made = QAction(owner)
    made.setSeparator(True)
    return made
