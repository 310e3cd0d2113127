"""The tools that make rows and datasets: columns, template, drafts, guards, split, export."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.data.tools.draft_tool import DraftTool
from tunedesk.desktop.data.tools.export_tool import ExportTool
from tunedesk.desktop.data.tools.guard_tool import GuardTool
from tunedesk.desktop.data.tools.mapping_tool import MappingTool
from tunedesk.desktop.data.tools.split_tool import SplitTool
from tunedesk.desktop.data.tools.template_tool import TemplateTool
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf

if TYPE_CHECKING:
    from tunedesk.project.folder import Project


class MakingTools(QObject):
    failed = Signal(Exception)

    def __init__(
        self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf, project: Callable[[], Project | None]
    ) -> None:
        super().__init__(owner)
        self.mapping = MappingTool(owner, desk, shelf)
        self.split = SplitTool(owner, desk, shelf, project)
        self.template = TemplateTool(owner, desk, shelf)
        self.draft = DraftTool(owner, desk, shelf)
        self.guard = GuardTool(owner, desk, shelf)
        self.export = ExportTool(owner, desk, shelf)
        for tool in (self.template, self.draft, self.guard):
            tool.failed.connect(self.failed)

    @property
    def actions(self) -> list[QAction | None]:
        making = [self.mapping.action, self.template.action, self.draft.action, self.guard.action]
        return [*making, None, self.split.action, self.export.action]

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none."""
        for tool in (self.split, self.template, self.draft, self.guard, self.export, self.mapping):
            tool.dataset_changed()
