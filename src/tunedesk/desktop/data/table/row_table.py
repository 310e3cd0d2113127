"""The table itself: fixed row heights, whole rows, and a header that does not ask about a million rows."""

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from tunedesk.desktop.data.table.row_model import Column, Index, RowModel

ROW_HEIGHT = 28
WIDTHS = {Column.NUMBER: 56, Column.FINDINGS: 48, Column.TOKENS: 64}


class RowTable(QTableView):
    current_row_changed = Signal(int)
    """The id of the row that is shown beside the table; -1 for none."""
    selection_changed = Signal()
    delete_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Examples")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._rows: RowModel | None = None
        self._restoring = False

    def show_model(self, model: RowModel) -> None:
        self._rows = model
        self.setModel(model)
        # The header asks its selection model whether whole columns are selected, which visits every row: ten
        # seconds with a million selected. An empty selection model of its own answers at once.
        self.horizontalHeader().setSelectionModel(QItemSelectionModel(model, self))
        header = self.horizontalHeader()
        for column in Column:
            stretches = column in (Column.USER, Column.ANSWER)
            header.setSectionResizeMode(
                column, QHeaderView.ResizeMode.Stretch if stretches else QHeaderView.ResizeMode.Interactive
            )
            if column in WIDTHS:
                header.resizeSection(column, WIDTHS[column])

    def show_nothing(self) -> None:
        self._rows = None
        self.setModel(None)

    @property
    def current_row_id(self) -> int:
        index = self.currentIndex()
        return self._rows.row_id(index.row()) if self._rows is not None and index.isValid() else -1

    def selected_row_ids(self) -> list[int]:
        """In the order of the table. Read from ranges: selectedRows() takes seconds when all are selected."""
        if self._rows is None:
            return []
        ranges = sorted((each.top(), each.bottom()) for each in self.selectionModel().selection().toList())
        ids = (row_id for top, bottom in ranges for row_id in self._rows.row_ids(top, bottom + 1))
        return list(dict.fromkeys(ids))

    def selected_count(self) -> int:
        if self._rows is None:
            return 0
        return sum(each.height() for each in self.selectionModel().selection().toList())

    def select_rows(self, row_ids: list[int], current: int) -> None:
        """Select rows by id, make one the current one and show it; ids that the filter hides are left out."""
        if self._rows is None:
            return
        rows = sorted(row for row in map(self._rows.row_of, row_ids) if row is not None)
        selection = QItemSelection()
        last = self._rows.columnCount() - 1
        for row in rows[:1000]:
            selection.select(self._rows.index(row, 0), self._rows.index(row, last))
        place = self._rows.row_of(current)
        self._restoring = True
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if place is not None:
            index = self._rows.index(place, Column.USER)
            is_seen = self.viewport().rect().contains(self.visualRect(index))
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            hint = QAbstractItemView.ScrollHint
            self.scrollTo(index, hint.EnsureVisible if is_seen else hint.PositionAtCenter)
        self._restoring = False
        self.current_row_changed.emit(self.current_row_id)
        self.selection_changed.emit()

    def go_to_row(self, row: int) -> None:
        """Select one row of the table, from 0; the nearest one when there is no such row."""
        if self._rows is None or not self._rows.rowCount():
            return
        row = max(0, min(row, self._rows.rowCount() - 1))
        self.select_rows([self._rows.row_id(row)], self._rows.row_id(row))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        if not self._restoring:
            self.selection_changed.emit()

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if not self._restoring and current.row() != previous.row():
            self.current_row_changed.emit(self.current_row_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)
