"""The columns that stay while a table scrolls sideways: a second view with its model and selection."""

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from tunedesk.desktop.data.table.row_model import RowModel
from tunedesk.desktop.theme.style import set_look


def dress(table: QTableView, row_height: int) -> None:
    """What both views have in common."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setWordWrap(False)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setCornerButtonEnabled(False)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(row_height)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setTextElideMode(Qt.TextElideMode.ElideRight)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    header.setSectionsClickable(True)
    header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)


def use_own_header_selection(table: QTableView, model: RowModel) -> None:
    """The header asks its selection model whether whole columns are selected, which visits every row: ten
    seconds with a million selected. An empty selection model of its own answers at once.
    """
    old = table.horizontalHeader().selectionModel()
    table.horizontalHeader().setSelectionModel(QItemSelectionModel(model, table))
    if old is not None and old is not table.selectionModel() and old.parent() is table:
        old.deleteLater()


class FrozenColumns(QTableView):
    def __init__(self, table: QTableView, row_height: int) -> None:
        super().__init__(table)
        self._over = table
        self.setAccessibleName("Columns that stay")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        dress(self, row_height)
        set_look(self, "frozen")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.pressed.connect(lambda _: table.setFocus(Qt.FocusReason.MouseFocusReason))
        table.verticalScrollBar().valueChanged.connect(self.verticalScrollBar().setValue)
        self.verticalScrollBar().valueChanged.connect(table.verticalScrollBar().setValue)
        self.hide()

    def show_model(self, model: RowModel | None) -> None:
        self.setModel(model)
        if model is None:
            self.hide()
            return
        self.setSelectionModel(self._over.selectionModel())
        use_own_header_selection(self, model)

    def stand(self, columns: tuple[int, ...]) -> None:
        """Lie over the table's left edge, as wide as these columns; not at all when all is in sight."""
        if self.model() is None or not self._over.horizontalScrollBar().maximum():
            self.hide()
            return
        header, above = self.horizontalHeader(), self._over.horizontalHeader()
        for column in range(self.model().columnCount()):
            self.setColumnHidden(column, column not in columns)
            if column in columns:
                header.resizeSection(column, self._over.columnWidth(column))
        header.setFixedHeight(above.height())
        header.setSortIndicatorShown(above.isSortIndicatorShown())
        header.setSortIndicator(above.sortIndicatorSection(), above.sortIndicatorOrder())
        width = sum(self._over.columnWidth(column) for column in columns) + 1
        view = self._over.viewport().geometry()
        self.setGeometry(view.left(), above.geometry().top(), width, above.height() + view.height())
        self.verticalScrollBar().setValue(self._over.verticalScrollBar().value())
        self.show()
        self.raise_()
