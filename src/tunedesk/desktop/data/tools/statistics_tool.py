"""Statistics of the shown dataset: gathered once in the background, then kept right edit by edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.steps import Change
from tunedesk.desktop.background import Job
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.widgets.buttons import action

if TYPE_CHECKING:  # the page and its libraries come when it is first opened
    from tunedesk.desktop.data.tools.statistics_page import StatisticsPage
    from tunedesk.plan.row_statistics import RowFacts
    from tunedesk.plan.statistics import DataStatistics
    from tunedesk.template.counting import Counts, TokenCounter


class StatisticsTool(QObject):
    failed = Signal(Exception)

    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self._desk = desk
        self._shelf = shelf
        self._page: StatisticsPage | None = None
        self._data: DataStatistics | None = None
        self._job: Job | None = None
        self._late: set[int] = set()
        self.action = action(owner, "S&tatistics and advice", "info", "Ctrl+Shift+I")
        self.action.triggered.connect(self.open)

    def open(self) -> None:
        from tunedesk.desktop.data.tools.statistics_page import StatisticsPage

        if self._desk.dataset() is None:
            return
        if self._page is None:
            self._page = StatisticsPage()
            self._page.cut_rows_asked.connect(self._show_cut_rows)
        self._shelf.show_tool(self._page)
        self._desk.flush()
        self._gather()

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none."""
        self._data = None
        if self._job is not None:
            self._desk.background.cancel(self._job)
            self._job = None
        if self._page is not None and self._shelf.open_tool is self._page:
            self._shelf.close_tool()

    def rows_changed(self, change: Change) -> None:
        """Look at the rows of an edit; while everything is gathered they wait."""
        if self._page is None or self._shelf.open_tool is not self._page:
            self._data = None
            return
        self._late.update((*change.changed, *change.inserted, *change.deleted))
        if self._job is None:
            self._look_at_late()

    def _gather(self) -> None:
        from tunedesk.plan.statistics import gather

        page, dataset = self._page, self._desk.dataset()
        if page is None or dataset is None:
            return
        if self._job is not None:
            self._desk.background.cancel(self._job)
        page.show_waiting()
        self._late.clear()
        snapshot, counter = dataset.session.now, self._counter()

        def then(data: DataStatistics) -> None:
            self._job = None
            self._data = data
            self._show()
            self._look_at_late()

        def failed(error: Exception) -> None:
            self._job = None
            self.failed.emit(error)

        def stopped() -> None:
            if self._job is job:
                self._job = None
                page.say("Cancelled. Open the page again to count.", "muted")

        self._job = job = self._desk.background.run(
            lambda job: gather(
                snapshot.rows(), len(snapshot), counter, snapshot.mapping, job.report, job.is_cancelled
            ),
            then,
            failed,
            stopped=stopped,
            owner=self,
            label="Counting",
        )

    def _look_at_late(self) -> None:
        from tunedesk.plan.statistics import language_step, look_at

        dataset, data = self._desk.dataset(), self._data
        if dataset is None or data is None or not self._late:
            return
        rows, self._late = sorted(self._late), set()
        snapshot, counter = dataset.session.now, self._counter()
        every = language_step(len(snapshot))

        def work(job: Job) -> list[tuple[int, RowFacts | None]]:
            there = [row for row in rows if row in snapshot.ids]
            raws = [snapshot.raw(row) for row in there]
            looked = {
                row: look_at(raw, count, snapshot.mapping, with_language=row % every == 0)
                for row, raw, count in zip(there, raws, counter.count(raws), strict=True)
            }
            return [(row, looked.get(row)) for row in rows]

        def then(found: list[tuple[int, RowFacts | None]]) -> None:
            self._job = None
            for row, facts in found:
                if facts is None:
                    data.remove(row)
                else:
                    data.put(row, facts)
            self._show()
            self._look_at_late()

        self._job = self._desk.background.run(work, then, self.failed.emit, owner=self)

    def _show(self) -> None:
        from tunedesk.plan.data_advice import data_advice

        dataset = self._desk.dataset()
        if self._page is None or self._data is None or dataset is None:
            return
        template = dataset.renderer.template
        limit = self._desk.max_length() if template is not None else None
        model = template.name if template is not None else ""
        self._page.show_statistics(self._data, data_advice(self._data), limit, model)

    def _show_cut_rows(self) -> None:
        if self._data is not None:
            self._desk.reveal([each.row_id for each in self._data.cut_rows(self._desk.max_length())])

    def _counter(self) -> TokenCounter:
        from tunedesk.template.pair_counting import AnyRowCounter

        dataset = self._desk.dataset()
        template = dataset.renderer.template if dataset is not None else None
        if dataset is None or template is None:
            return _NoCounter()
        return AnyRowCounter(template, dataset.session.now.mapping)


class _NoCounter:
    """Without a model nobody knows how many tokens a row has."""

    lanes = 1

    def count(self, raws: Sequence[bytes]) -> Counts:
        return [None] * len(raws)
