"""The history of the shown dataset: reads it in the background, names versions, goes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.document import Document
from tunedesk.dataset.history import Version
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Change
from tunedesk.desktop.background import Job
from tunedesk.desktop.data.tools.moment_list import Moment, moments_of
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.widgets.buttons import action

if TYPE_CHECKING:  # the page and its libraries come when it is first opened
    from tunedesk.dataset.diffing import RowDiff
    from tunedesk.desktop.data.tools.history_page import HistoryPage


class HistoryTool(QObject):
    failed = Signal(Exception)

    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self._desk = desk
        self._shelf = shelf
        self._page: HistoryPage | None = None
        self._versions: tuple[Version, ...] = ()
        self._job: Job | None = None
        self.action = action(
            owner, "&History…", "history", "Ctrl+Shift+H", tip="Every change, and named versions"
        )
        self.action.triggered.connect(self.open)

    def open(self) -> None:
        from tunedesk.desktop.data.tools.history_page import HistoryPage

        if self._desk.dataset() is None:
            return
        if self._page is None:
            self._page = page = HistoryPage()
            page.moment_chosen.connect(self._compare)
            page.naming_asked.connect(self._keep)
            page.renaming_asked.connect(self._rename)
            page.forgetting_asked.connect(self._forget)
            page.return_asked.connect(self._go_back)
            page.difference.row_asked.connect(lambda row: self._desk.reveal([row]))
        self._shelf.show_tool(self._page)
        self.look_again()

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none."""
        if self._page is not None and self._shelf.open_tool is self._page:
            self._shelf.close_tool()

    def look_again(self) -> None:
        """The rows changed: there is one more moment."""
        dataset, page = self._desk.dataset(), self._page
        if dataset is None or page is None or self._shelf.open_tool is not page:
            return
        document = dataset.document

        def then(found: tuple[list[Moment], tuple[Version, ...]]) -> None:
            moments, self._versions = found
            page.show_moments(moments)

        self._desk.background.run(lambda job: _read(document), then, self.failed.emit, owner=self)

    def _compare(self, moment: Moment) -> None:
        dataset, page = self._desk.dataset(), self._page
        if dataset is None or page is None:
            return
        if self._job is not None:
            self._desk.background.cancel(self._job)
        document, now = dataset.document, dataset.session.now

        from tunedesk.dataset.diffing import diff_rows
        from tunedesk.desktop.data.tools.difference_view import summary_of

        def work(job: Job) -> tuple[Snapshot, RowDiff | None]:
            then = document.at_version(moment.target)
            return then, diff_rows(then, now, by_id=True, progress=job.report, cancelled=job.is_cancelled)

        def show(found: tuple[Snapshot, RowDiff | None]) -> None:
            self._job = None
            old, difference = found
            if difference is not None and page.list.chosen == moment:
                page.difference.show_difference(difference, old, now)
                page.say(summary_of(difference), "muted")
                page.offer("Go back to this moment", enabled=bool(difference.changes))

        def failed(error: Exception) -> None:
            self._job = None
            page.say(str(error), "error")
            page.offer("Go back to this moment", enabled=False)

        self._job = self._desk.background.run(work, show, failed, owner=self, label="Comparing")

    def _keep(self, name: str) -> None:
        self._change(lambda document: document.name_version(name))

    def _rename(self, moment: Moment, name: str) -> None:
        version = _version_of(moment, self._versions)
        if version is not None:
            self._change(lambda document: document.rename_version(version, name))

    def _forget(self, moment: Moment) -> None:
        version = _version_of(moment, self._versions)
        if version is not None:
            self._change(lambda document: document.delete_version(version))

    def _change(self, work: Callable[[Document], object]) -> None:
        dataset = self._desk.dataset()
        if dataset is None:
            return
        self._desk.flush()
        document = dataset.document
        self._desk.background.run(
            lambda job: work(document), lambda _: self.look_again(), self.failed.emit, owner=self
        )

    def _go_back(self, moment: Moment) -> None:
        dataset = self._desk.dataset()
        if dataset is None:
            return
        self._desk.flush()
        name = f"version {moment.name}" if moment.name else moment.when or "an earlier moment"

        def work(document: Document) -> Change:
            return document.restore(moment.target, f"Go back to {name}")

        dataset.session.change_document(work, "Going back")


def _version_of(moment: Moment, versions: tuple[Version, ...]) -> Version | None:
    """The version that a moment is, if it has a name."""
    return next((version for version in versions if version.name == moment.name), None)


def _read(document: Document) -> tuple[list[Moment], tuple[Version, ...]]:
    versions = tuple(document.versions())
    return moments_of(document.history(), versions), versions
