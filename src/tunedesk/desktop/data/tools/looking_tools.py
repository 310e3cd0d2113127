"""The tools that look at a dataset as a whole: its statistics and its history."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.steps import Change
from tunedesk.desktop.data.tools.history_tool import HistoryTool
from tunedesk.desktop.data.tools.statistics_tool import StatisticsTool
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf


class LookingTools(QObject):
    failed = Signal(Exception)

    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self.statistics = StatisticsTool(owner, desk, shelf)
        self.history = HistoryTool(owner, desk, shelf)
        for tool in (self.statistics, self.history):
            tool.failed.connect(self.failed)

    @property
    def actions(self) -> list[QAction | None]:
        return [self.statistics.action, self.history.action]

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none."""
        self.statistics.dataset_changed()
        self.history.dataset_changed()

    def rows_changed(self, change: Change) -> None:
        self.statistics.rows_changed(change)
        self.history.look_again()
