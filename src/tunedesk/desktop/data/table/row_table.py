"""The table itself: fixed row heights, whole rows, columns that stay, no question about a million rows."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from tunedesk.dataset.order import Order
from tunedesk.desktop.data.table import shown_rows
from tunedesk.desktop.data.table.cell_paint import ChipDelegate
from tunedesk.desktop.data.table.column_layout import ColumnLayout
from tunedesk.desktop.data.table.columns import Column
from tunedesk.desktop.data.table.frozen_columns import FrozenColumns, dress, use_own_header_selection
from tunedesk.desktop.data.table.row_grip import RowGrip
from tunedesk.desktop.data.table.row_model import Index, RowModel
from tunedesk.desktop.shell.layout_memory import LayoutMemory

ROW_HEIGHT = 28
SIDEWAYS = 60
"""Pixels that the left and right keys scroll."""
MOST_SELECTED = 1000
"""Rows that are selected one by one; more of them only when they stand together."""


class RowTable(QTableView):
    current_row_changed = Signal(int)
    """The id of the row that is shown beside the table; -1 for none."""
    selection_changed = Signal()
    delete_pressed = Signal()
    key_pressed = Signal(str)
    """A letter or a space, without Ctrl or Alt; see `takes_letters`."""
    header_clicked = Signal(int)
    header_menu_asked = Signal(int, QPoint)
    """The column, and where on the screen."""
    star_clicked = Signal(int)
    """The id of a row whose star was clicked."""
    edit_asked = Signal(str)
    """Cut, copy, paste or select all, in lower case, of those that `offered` names."""
    rows_dropped = Signal(object, int)
    """Ids of rows that were dragged, and of the one they were dropped before; -1 at the end."""

    def __init__(self, memory: LayoutMemory | None = None) -> None:
        super().__init__()
        self.setAccessibleName("Examples")
        dress(self, ROW_HEIGHT)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.takes_letters = False
        """Letters are told by `key_pressed`. They never search: that would read every row."""
        self.offered: Callable[[], frozenset[str]] = frozenset
        """What of `edit_asked` would do something now."""
        self._grip = RowGrip(self)
        self.setAcceptDrops(True)
        self.columns = ColumnLayout(self, memory or LayoutMemory({}))
        self._frozen = FrozenColumns(self, ROW_HEIGHT)
        self._rows: RowModel | None = None
        self._restoring = False
        self._standing = QTimer(self, interval=0, singleShot=True)
        self._standing.timeout.connect(lambda: self._frozen.stand(self.columns.frozen))
        self.columns.changed.connect(self._standing.start)
        self.horizontalScrollBar().rangeChanged.connect(lambda *_: self._standing.start())
        for view in (self, self._frozen):
            for column in (Column.USER, Column.TAGS):
                view.setItemDelegateForColumn(column, ChipDelegate(view))
            header = view.horizontalHeader()
            header.sectionClicked.connect(self.header_clicked)
            header.customContextMenuRequested.connect(
                lambda at, header=header: self._ask_header_menu(header, at)
            )
            view.clicked.connect(self._take_click)

    def show_model(self, model: RowModel, keys: tuple[str, ...] = ()) -> None:
        """keys: top-level keys of the rows that may have columns."""
        self._rows = model
        self.setModel(model)
        use_own_header_selection(self, model)
        self._frozen.show_model(model)
        self.columns.begin(model, keys)

    def show_nothing(self) -> None:
        self._rows = None
        self.setModel(None)
        self._frozen.show_model(None)

    def show_sort(self, column: int | None, descending: bool) -> None:
        """The arrow in the head of a column; None: no arrow."""
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        header = self.horizontalHeader()
        header.setSortIndicatorShown(column is not None)
        header.setSortIndicator(-1 if column is None else column, order)
        self._standing.start()

    @property
    def current_row_id(self) -> int:
        index = self.currentIndex()
        return self._rows.row_id(index.row()) if self._rows is not None and index.isValid() else -1

    def selected_row_ids(self) -> Sequence[int]:
        """In the order of the table. Read from ranges: selectedRows() takes seconds when all are selected."""
        if self._rows is None:
            return []
        ranges = self._selected_ranges()
        if sum(bottom - top + 1 for top, bottom in ranges) > shown_rows.FEW:
            ids = self._rows.ids
            if ranges == [(0, len(ids) - 1)]:
                return ids
            return Order(run for top, bottom in ranges for run in ids.slice_runs(top, bottom + 1))
        return [row for top, bottom in ranges for row in self._rows.row_ids(top, bottom + 1)]

    def selected_count(self) -> int:
        return sum(bottom - top + 1 for top, bottom in self._selected_ranges())

    def select_rows(self, row_ids: Sequence[int], current: int) -> None:
        """Select rows by id, make one the current one and show it; ids that the filter hides are left out.

        Of very many, all are selected when they stand together, else the first thousand.
        """
        if self._rows is None:
            return
        selection = QItemSelection()
        last = self._rows.columnCount() - 1
        for top, bottom in self._ranges_of(row_ids):
            selection.select(self._rows.index(top, 0), self._rows.index(bottom, last))
        self._select(selection, self._rows.row_of(current))

    def select_places(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Rows of the table from top to bottom, from 0; the first becomes the current one."""
        if self._rows is None or not ranges:
            return
        selection = QItemSelection()
        last = self._rows.columnCount() - 1
        for top, bottom in ranges:
            selection.append(QItemSelectionRange(self._rows.index(top, 0), self._rows.index(bottom, last)))
        self._select(selection, ranges[0][0])

    def invert_selection(self) -> None:
        """What was selected is not, and the other way round."""
        if self._rows is None:
            return
        at, ranges = 0, []
        for top, bottom in [*self._selected_ranges(), (len(self._rows.ids), len(self._rows.ids))]:
            if top > at:
                ranges.append((at, top - 1))
            at = bottom + 1
        if ranges:
            self.select_places(ranges)
        else:
            self.clearSelection()

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
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
        if event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and plain:
            step = SIDEWAYS if event.key() == Qt.Key.Key_Right else -SIDEWAYS
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + step)
        elif self.takes_letters and plain and event.text().strip(" ").isalpha() | (event.text() == " "):
            self.key_pressed.emit(event.text().lower())
        else:
            super().keyPressEvent(event)

    def offered_edits(self) -> frozenset[str]:
        return self.offered()

    def do_edit(self, what: str) -> None:
        self.edit_asked.emit(what)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: Qt would ask the model for the text of every row."""

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Up and down only: going to another row must not go back to the first columns."""
        at = self.horizontalScrollBar().value()
        super().scrollTo(index, hint)
        self.horizontalScrollBar().setValue(at)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.columns.fit()
        self._standing.start()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if not self._grip.press(event, index):
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._grip.move(event, self.selected_row_ids):
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._grip.release():
            super().mouseReleaseEvent(event)
            return
        self.go_to_row(self.indexAt(event.position().toPoint()).row())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._grip.take_drag(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._grip.take_drag(event)

    def dropEvent(self, event: QDropEvent) -> None:
        rows = self._grip.dropped(event)
        if rows is None or self._rows is None:
            event.ignore()
            return
        event.accept()
        at = event.position().toPoint()
        index = self.indexAt(at)
        place = index.row() if index.isValid() else len(self._rows.ids)
        if index.isValid() and at.y() > self.visualRect(index).center().y():
            place += 1
        self.rows_dropped.emit(rows, self._rows.row_id(place) if place < len(self._rows.ids) else -1)

    def _take_click(self, index: Index) -> None:
        if index.column() == Column.STAR and self._rows is not None:
            self.star_clicked.emit(self._rows.row_id(index.row()))

    def _ask_header_menu(self, header: QHeaderView, at: QPoint) -> None:
        self.header_menu_asked.emit(header.logicalIndexAt(at), header.mapToGlobal(at))

    def _selected_ranges(self) -> list[tuple[int, int]]:
        """First and last place of rows that are selected, in their order, none twice."""
        if self._rows is None or self.selectionModel() is None:
            return []
        ranges = sorted((each.top(), each.bottom()) for each in self.selectionModel().selection().toList())
        whole: list[tuple[int, int]] = []
        for top, bottom in ranges:
            if whole and top <= whole[-1][1] + 1:
                whole[-1] = (whole[-1][0], max(bottom, whole[-1][1]))
            else:
                whole.append((top, bottom))
        return whole

    def _ranges_of(self, row_ids: Sequence[int]) -> list[tuple[int, int]]:
        assert self._rows is not None
        count = len(row_ids)
        if count > MOST_SELECTED:
            top, bottom = self._rows.row_of(row_ids[0]), self._rows.row_of(row_ids[-1])
            if top is not None and bottom is not None and bottom - top == count - 1:
                return [(top, bottom)]
        rows = sorted(row for row in map(self._rows.row_of, row_ids[:MOST_SELECTED]) if row is not None)
        return [(row, row) for row in rows]

    def _select(self, selection: QItemSelection, place: int | None) -> None:
        assert self._rows is not None
        self._restoring = True
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if place is not None:
            index = self._rows.index(place, Column.USER)
            view, row = self.viewport().rect(), self.visualRect(index)
            is_seen = view.top() <= row.top() and row.bottom() <= view.bottom() and row.isValid()
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            hint = QAbstractItemView.ScrollHint
            self.scrollTo(index, hint.EnsureVisible if is_seen else hint.PositionAtCenter)
        self._restoring = False
        self.current_row_changed.emit(self.current_row_id)
        self.selection_changed.emit()
