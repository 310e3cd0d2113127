"""The tools that look at a dataset as a whole: its history."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.data.tools.history_tool import HistoryTool
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf


class LookingTools(QObject):
    failed = Signal(Exception)

    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self.history = HistoryTool(owner, desk, shelf)
        self.history.failed.connect(self.failed)

    @property
    def actions(self) -> list[QAction | None]:
        return [self.history.action]

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none."""
        self.history.dataset_changed()

    def rows_changed(self) -> None:
        self.history.look_again()
