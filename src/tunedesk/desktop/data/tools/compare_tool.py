"""Compares the shown dataset with another file, and takes over what a colleague changed there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.document import Document
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.history import HistoryEntry, Version
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.background import Job
from tunedesk.desktop.data.tools.moment_list import when
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.shell.window_actions import ask_for_file
from tunedesk.desktop.widgets.buttons import action

if TYPE_CHECKING:  # the page and its libraries come when it is first opened
    from tunedesk.dataset.diffing import RowDiff
    from tunedesk.dataset.row_pairing import RowList
    from tunedesk.desktop.data.tools.compare_page import ComparePage

Moment = Snapshot | Version | HistoryEntry
MOST_STEPS = 50
"""Steps of the history that are offered besides the versions."""


class CompareTool(QObject):
    failed = Signal(Exception)

    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self._owner = owner
        self._desk = desk
        self._shelf = shelf
        self._page: ComparePage | None = None
        self._theirs: Path | None = None
        self._moments: list[Version | HistoryEntry | None] = [None]
        self._job: Job | None = None
        tip = "What differs in another file, and a colleague's changes together with yours"
        self.action = action(owner, "Compare and &merge…", "merge", tip=tip)
        self.action.triggered.connect(self.open)

    def open(self) -> None:
        from tunedesk.desktop.data.tools.compare_page import ComparePage

        dataset = self._desk.dataset()
        if dataset is None:
            return
        if self._page is None:
            self._page = page = ComparePage()
            page.file_asked.connect(self._ask_for_file)
            page.begun_changed.connect(self._compare)
            page.apply_asked.connect(self._merge)
            page.difference.row_asked.connect(lambda row: self._desk.reveal([row]))
        self._shelf.show_tool(self._page)
        self._desk.flush()
        self._desk.background.run(
            lambda job: _moments(dataset.document), self._show_moments, self.failed.emit, owner=self
        )

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none."""
        self._theirs = None
        if self._page is not None:
            self._page.show_nothing()
            if self._shelf.open_tool is self._page:
                self._shelf.close_tool()

    def choose_file(self, path: Path) -> None:
        self._theirs = path
        self._compare()

    def _ask_for_file(self) -> None:
        dataset = self._desk.dataset()
        start = dataset.document.path if dataset is not None else None
        dialog = ask_for_file(self._owner, "Choose the other file", saving=False, start=start)
        dialog.fileSelected.connect(lambda name: self.choose_file(Path(name)))

    def _show_moments(self, found: list[tuple[str, Version | HistoryEntry | None]]) -> None:
        if self._page is not None:
            self._moments = [moment for _, moment in found]
            self._page.show_moments([name for name, _ in found])
            if self._theirs is not None:
                self._compare()

    def _compare(self) -> None:
        page, dataset, theirs = self._page, self._desk.dataset(), self._theirs
        if page is None or dataset is None or theirs is None:
            return
        if self._job is not None:
            self._desk.background.cancel(self._job)
        page.show_file(str(theirs))
        document, now = dataset.document, dataset.session.now
        moment = self._moments[max(page.begun, 0)]

        from tunedesk.dataset.diffing import diff_rows
        from tunedesk.dataset.row_pairing import RowList
        from tunedesk.desktop.data.tools.difference_view import summary_of

        def work(job: Job) -> tuple[Snapshot, RowList, RowDiff | None]:
            begun = now if moment is None else document.at_version(moment)
            rows = RowList([raw for _, raw in read_rows(theirs)])
            found = diff_rows(begun, rows, by_id=False, progress=job.report, cancelled=job.is_cancelled)
            return begun, rows, found

        def then(found: tuple[Snapshot, RowList, RowDiff | None]) -> None:
            self._job = None
            begun, rows, difference = found
            if difference is not None:
                page.difference.show_difference(difference, begun, rows, links_old=True)
                page.show_summary(summary_of(difference), can_merge=bool(difference.changes))

        def failed(error: Exception) -> None:
            self._job = None
            page.show_nothing()
            page.say(str(error), "error")

        self._job = self._desk.background.run(work, then, failed, owner=self, label="Comparing")

    def _merge(self) -> None:
        page, dataset, theirs = self._page, self._desk.dataset(), self._theirs
        if page is None or dataset is None or theirs is None:
            return
        self._desk.flush()
        moment: Moment | None = self._moments[max(page.begun, 0)]
        begun: Moment = dataset.session.now if moment is None else moment

        def then(sentence: str, conflicts: tuple[int, ...]) -> None:
            page.difference.show_nothing()
            page.show_summary(f"{sentence} One undo takes it back.", can_merge=False)
            if conflicts:
                self._desk.reveal(conflicts)

        dataset.session.merge_with(theirs, begun, then)


def _moments(document: Document) -> list[tuple[str, Version | HistoryEntry | None]]:
    """What is shown now, the versions, and the last steps; each newest first."""
    versions = [(f"version {each.name}", each) for each in reversed(document.versions())]
    steps = [entry for entry in reversed(document.history()) if not entry.is_undone][:MOST_STEPS]
    named = [(f"{entry.label}, {when(entry.time)}".rstrip(", "), entry) for entry in steps]
    return [("what is shown now", None), *versions, *named]
