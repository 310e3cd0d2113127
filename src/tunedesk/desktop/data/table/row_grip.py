"""Dragging rows by their numbers: elsewhere a drag over the table selects rows, as in a spreadsheet."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt
from PySide6.QtGui import QDrag, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QTableView

from tunedesk.desktop.data.table.columns import Column

MOVED_MIME = "application/x-tunedesk-moved-rows"


class RowGrip:
    def __init__(self, table: QTableView) -> None:
        self._table = table
        self._pressed: QPoint | None = None
        self._rows: Sequence[int] | None = None

    def press(self, event: QMouseEvent, index: QModelIndex) -> bool:
        """True when a drag may begin here: on the number of a row that is selected."""
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        left = event.button() == Qt.MouseButton.LeftButton
        chosen = index.isValid() and self._table.selectionModel().isSelected(index)
        is_grip = plain and left and chosen and index.column() == Column.NUMBER
        self._pressed = event.position().toPoint() if is_grip else None
        return is_grip

    def move(self, event: QMouseEvent, selected: Callable[[], Sequence[int]]) -> bool:
        if self._pressed is None:
            return False
        far = (event.position().toPoint() - self._pressed).manhattanLength()
        if far >= QApplication.startDragDistance():
            self._pressed, self._rows = None, selected()
            drag = QDrag(self._table)
            data = QMimeData()
            data.setData(MOVED_MIME, b"rows")
            drag.setMimeData(data)
            drag.exec(Qt.DropAction.MoveAction)
            self._rows = None
        return True

    def release(self) -> bool:
        """True when it was a click after all."""
        was_pressed, self._pressed = self._pressed is not None, None
        return was_pressed

    def take_drag(self, event: QDragMoveEvent) -> None:
        """Files go on to the window, which opens them."""
        if self._rows is not None and event.mimeData().hasFormat(MOVED_MIME):
            event.accept()
        else:
            event.ignore()

    def dropped(self, event: QDropEvent) -> Sequence[int] | None:
        """The rows that are being dragged; None when it is something else."""
        return self._rows if event.mimeData().hasFormat(MOVED_MIME) else None
