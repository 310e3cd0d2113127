"""The tools that look at a dataset as a whole: findings, statistics, history, comparing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.steps import Change
from tunedesk.desktop.data.tools.compare_tool import CompareTool
from tunedesk.desktop.data.tools.findings_tool import FindingsTool
from tunedesk.desktop.data.tools.history_tool import HistoryTool
from tunedesk.desktop.data.tools.statistics_tool import StatisticsTool
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf

if TYPE_CHECKING:
    from tunedesk.project.folder import Project


class LookingTools(QObject):
    failed = Signal(Exception)

    def __init__(
        self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf, project: Callable[[], Project | None]
    ) -> None:
        super().__init__(owner)
        self.findings = FindingsTool(owner, desk, shelf, project)
        self.statistics = StatisticsTool(owner, desk, shelf)
        self.history = HistoryTool(owner, desk, shelf)
        self.compare = CompareTool(owner, desk, shelf)
        for tool in (self.findings, self.statistics, self.history, self.compare):
            tool.failed.connect(self.failed)

    @property
    def actions(self) -> list[QAction | None]:
        looking = [self.findings.action, self.statistics.action]
        return [*looking, None, self.history.action, self.compare.action]

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none."""
        self.findings.dataset_changed()
        self.statistics.dataset_changed()
        self.history.dataset_changed()
        self.compare.dataset_changed()

    def rows_changed(self, change: Change) -> None:
        self.statistics.rows_changed(change)
        self.history.look_again()
