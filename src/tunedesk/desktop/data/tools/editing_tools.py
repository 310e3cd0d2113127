"""The tools that change many rows at once: find and replace, and one change to many rows."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.query import Query
from tunedesk.dataset.replacing import Hits, Replaced, apply_hits, find_hits
from tunedesk.desktop.background import Job
from tunedesk.desktop.data.tools.bulk_page import BulkPage
from tunedesk.desktop.data.tools.replace_page import ReplacePage
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.widgets.buttons import action


class EditingTools(QObject):
    failed = Signal(Exception)

    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self._desk = desk
        self._shelf = shelf
        self._search: Job | None = None
        self._replace: ReplacePage | None = None
        self._bulk: BulkPage | None = None
        self.replace_action = action(owner, "Find and r&eplace…", "replace", "Ctrl+H")
        self.bulk_action = action(owner, "&Change many rows…", "rows", "Ctrl+Shift+B")
        self.replace_action.triggered.connect(lambda: self.open_replace())
        self.bulk_action.triggered.connect(self.open_bulk)

    @property
    def actions(self) -> list[QAction | None]:
        return [self.replace_action, self.bulk_action]

    def open_replace(self, text: str = "") -> ReplacePage:
        """text: what to look for at first."""
        if self._replace is None:
            self._replace = page = ReplacePage()
            page.search_asked.connect(self._find)
            page.apply_asked.connect(self._apply_hits)
            page.row_asked.connect(lambda row: self._desk.reveal([row]))
        self._shelf.show_tool(self._replace)
        self._replace.begin(text)
        return self._replace

    def open_bulk(self) -> BulkPage:
        if self._bulk is None:
            self._bulk = page = BulkPage(self._desk)
            page.failed.connect(self.failed)
        self._shelf.show_tool(self._bulk)
        self._bulk.look_again()
        return self._bulk

    def selection_changed(self) -> None:
        """The page that changes the selected rows looks at others now."""
        if self._bulk is not None and self._shelf.open_tool is self._bulk:
            self._bulk.look_again()

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none: what was found is about rows that are gone."""
        if self._replace is not None:
            self._replace.ask()
        if self._bulk is not None:
            self._bulk.look_again()

    def _find(self, query: Query, replacement: str) -> None:
        page, dataset = self._replace, self._desk.dataset()
        self._cancel()
        if page is None or dataset is None:
            return
        self._desk.flush()
        snapshot = dataset.session.now

        def then(found: Hits | None) -> None:
            self._search = None
            if found is not None:
                page.show_hits(found, dataset.session.number_of)

        def failed(error: Exception) -> None:
            self._search = None
            page.show_nothing(str(error))

        def stopped() -> None:
            if self._search is job:  # else another search has taken its place
                self._search = None
                page.show_nothing("The search was cancelled.")

        self._search = job = self._desk.background.run(
            lambda job: find_hits(
                snapshot, query, replacement, progress=job.report, cancelled=job.is_cancelled
            ),
            then,
            failed,
            stopped=stopped,
            owner=self,
            label="Searching",
        )

    def _apply_hits(self) -> None:
        page, dataset = self._replace, self._desk.dataset()
        if page is None or dataset is None:
            return
        self._desk.flush()
        hits, snapshot = page.list.hits.ticked, dataset.session.now
        count = len(hits)

        def then(done: Replaced | None) -> None:
            if done is None:
                return
            dataset.session.change_many(done.rows, f"Replace {count:,} hit{'' if count == 1 else 's'}")
            page.show_nothing(_told(done))

        self._desk.background.run(
            lambda job: apply_hits(snapshot, hits, progress=job.report, cancelled=job.is_cancelled),
            then,
            self.failed.emit,
            owner=self,
            label="Replacing",
        )

    def _cancel(self) -> None:
        if self._search is not None:
            self._desk.background.cancel(self._search)
            self._search = None


def _told(done: Replaced) -> str:
    words = f"Replaced {done.replaced:,} in {len(done.rows):,} row{'' if len(done.rows) == 1 else 's'}."
    if done.left_out:
        words += f" {len(done.left_out):,} places were left out: {done.left_out[0].reason}"
    return words
