"""The menu in the table's head: which columns are shown, which stay, and how rows are sorted."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu

from tunedesk.desktop.data.table.columns import Column, key_look
from tunedesk.desktop.data.table.row_model import RowModel
from tunedesk.desktop.data.table.row_table import RowTable
from tunedesk.desktop.data.table.sorting import Sorting


class ColumnMenu(QObject):
    def __init__(
        self,
        table: RowTable,
        sorting: Sorting,
        model: Callable[[], RowModel | None],
        keys: Callable[[], tuple[str, ...]],
    ) -> None:
        """keys: top-level keys of the rows, which may have columns."""
        super().__init__(table)
        self._table = table
        self._sorting = sorting
        self._model = model
        self._keys = keys
        self._menu = QMenu("Columns", table)
        table.header_menu_asked.connect(self._open)

    def fill(self, column: int) -> QMenu:
        """For the head of a column."""
        menu, model, columns = self._menu, self._model(), self._table.columns
        menu.clear()
        for inner in menu.findChildren(QMenu):  # clear() would keep it for as long as the table lives
            inner.deleteLater()
        if model is None:
            return menu
        if column >= 0:
            said = model.looks[column].said
            up, down = menu.addAction(f"Sort by {said}"), menu.addAction(f"Sort by {said}, largest first")
            up.triggered.connect(lambda: self._sorting.start(column, descending=False))
            down.triggered.connect(lambda: self._sorting.start(column, descending=True))
        menu.addAction("The file's order").triggered.connect(self._sorting.clear)
        menu.addSeparator()
        if column >= 0:
            menu.addAction("Freeze up to this column").triggered.connect(lambda: columns.freeze(column))
        menu.addAction("Freeze the number only").triggered.connect(lambda: columns.freeze(Column.NUMBER))
        menu.addSeparator()
        self._add_columns(menu, model)
        menu.addSeparator()
        menu.addAction("All columns as they were at first").triggered.connect(columns.forget)
        return menu

    def _add_columns(self, menu: QMenu, model: RowModel) -> None:
        columns = self._table.columns
        for number, look in enumerate(model.looks[1 : len(Column)], start=1):
            entry = menu.addAction(look.said)
            entry.setCheckable(True)
            entry.setChecked(columns.is_shown(number))
            entry.toggled.connect(lambda shown, number=number: columns.show(number, shown))
        keys = menu.addMenu("Keys of the rows")
        for key in self._keys():
            entry = keys.addAction(key.replace("&", "&&"))
            entry.setCheckable(True)
            look = key_look(key)
            entry.setChecked(look in model.looks and columns.is_shown(model.looks.index(look)))
            entry.toggled.connect(lambda shown, key=key: columns.show(model.column_of_key(key), shown))
        keys.setEnabled(not keys.isEmpty())

    def _open(self, column: int, at: QPoint) -> None:
        self.fill(column).popup(at)
