"""The export of a dataset: plans it in the background, and writes it into a folder that is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from tunedesk.desktop.background import Job
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.widgets.buttons import action
from tunedesk.errors import UserError

if TYPE_CHECKING:  # the page and its libraries come when it is first opened
    from tunedesk.dataset.exporting import ExportOptions, ExportPlan
    from tunedesk.dataset.target_profiles import TargetProfile
    from tunedesk.desktop.data.tools.export_page import ExportPage


class ExportTool(QObject):
    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self._owner = owner
        self._desk = desk
        self._shelf = shelf
        self._page: ExportPage | None = None
        self._plan: ExportPlan | None = None
        self._job: Job | None = None
        tip = "Write the rows as another tool or provider wants them"
        self.action = action(owner, "E&xport…", "download", "Ctrl+Shift+E", tip=tip)
        self.action.triggered.connect(self.open)

    def open(self) -> None:
        from tunedesk.desktop.data.tools.export_page import ExportPage

        dataset = self._desk.dataset()
        if dataset is None:
            return
        if self._page is None:
            self._page = page = ExportPage()
            page.plan_asked.connect(self._look)
            page.apply_asked.connect(self._ask_for_folder)
        self._shelf.show_tool(self._page)
        self._page.begin(dataset.document.path.name.split(".")[0])

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none: the plan was for other rows."""
        self._plan = None
        if self._page is not None and self._shelf.open_tool is self._page:
            self._shelf.close_tool()

    def write_into(self, folder: Path) -> None:
        """Write what is planned."""
        from tunedesk.dataset.exporting import write_export

        page, plan = self._page, self._plan
        if page is None or plan is None:
            return

        def then(written: tuple[Path, ...]) -> None:
            if written:
                names = ", ".join(path.name for path in written)
                page.say(f"Written into {folder}: {names}.", "ok")

        self._desk.background.run(
            lambda job: write_export(plan, folder, job.report, job.is_cancelled),
            then,
            lambda error: page.say(_words(error), "error"),
            owner=self,
            label="Exporting",
        )

    def _look(self, target: TargetProfile, options: ExportOptions) -> None:
        from tunedesk.dataset.exporting import plan_export

        page, dataset = self._page, self._desk.dataset()
        if page is None or dataset is None:
            return
        if self._job is not None:
            self._desk.background.cancel(self._job)
        self._plan = None
        self._desk.flush()
        snapshot = dataset.session.now

        def then(plan: ExportPlan | None) -> None:
            self._job = None
            if plan is not None:
                self._plan = plan
                page.show_plan(plan)

        def failed(error: Exception) -> None:
            self._job = None
            page.show_trouble(_words(error))

        def stopped() -> None:
            if self._job is job:
                self._job = None
                page.show_trouble("Cancelled.")

        self._job = job = self._desk.background.run(
            lambda job: plan_export(snapshot, target, options, job.report, job.is_cancelled),
            then,
            failed,
            stopped=stopped,
            owner=self,
            label="Looking what would be written",
        )

    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self._owner, "Write the files into")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.write_into(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _words(error: Exception) -> str:
    return error.sentence if isinstance(error, UserError) else str(error)
