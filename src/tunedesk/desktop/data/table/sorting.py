"""Sorts what the table shows, in the background; the file's order changes only when that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.order import Order
from tunedesk.dataset.sort_keys import ColumnKind, sorted_rows
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.table.columns import ColumnLook
from tunedesk.desktop.data.table.questions import TableFacts
from tunedesk.desktop.data.table.token_counts import count_missing
from tunedesk.errors import UserError


class Sorting(QObject):
    sorted = Signal(object)
    """The Order to show; None: the file's."""
    changed = Signal()
    """Another column, another direction, or the order is out of date."""
    failed = Signal(Exception)

    _counted = Signal(object)

    def __init__(
        self,
        background: Background,
        dataset: Callable[[], OpenDataset | None],
        facts: Callable[[], TableFacts],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._dataset = dataset
        self._facts = facts
        self._column: int | None = None
        self._is_descending = False
        self._is_stale = False
        self._job: Job | None = None
        self._must_restart = False
        self._counted.connect(self._take_counts)

    @property
    def column(self) -> int | None:
        """None: the file's order."""
        return self._column

    @property
    def is_descending(self) -> bool:
        return self._is_descending

    @property
    def words(self) -> str:
        """For the line below the table; "" in the file's order."""
        dataset = self._dataset()
        if self._column is None or dataset is None:
            return ""
        words = f"sorted by {self.look(self._column).said}{', largest first' if self._is_descending else ''}"
        return f"{words}; edited rows keep their place until you sort again" if self._is_stale else words

    def look(self, column: int) -> ColumnLook:
        dataset = self._dataset()
        assert dataset is not None
        return dataset.model.looks[column]

    def step(self, column: int) -> None:
        """A click on the column's head: up, down, and then the file's order again."""
        if column != self._column:
            self.start(column, descending=False)
        elif self._is_stale:
            self.start(column, descending=self._is_descending)
        elif not self._is_descending:
            self.start(column, descending=True)
        else:
            self.clear()

    def start(self, column: int, *, descending: bool) -> None:
        dataset = self._dataset()
        if dataset is None:
            return
        self._cancel()
        kind = self.look(column).sort.kind
        if kind is ColumnKind.NUMBER and not descending:
            self.clear()
            return
        template, known = dataset.renderer.template, dataset.model.tokens
        if kind is ColumnKind.TOKENS and template is None:
            self.failed.emit(
                UserError(
                    "Tokens cannot be counted without a model.",
                    hint="Choose one under What will be trained.",
                )
            )
            return
        snapshot, facts, sort = dataset.session.now, self._facts(), self.look(column).sort
        self._must_restart = False

        def work(job: Job) -> Order | None:
            if kind is ColumnKind.TOKENS and template is not None:
                count_missing(snapshot, template, known, job, self._counted.emit)
            order = sorted_rows(
                snapshot,
                sort,
                descending=descending,
                facts=facts.without_codes,
                progress=job.report,
                cancelled=job.is_cancelled,
            )
            return None if order is None else Order.of_ids(order)

        self._job = self._background.run(
            work,
            lambda order: self._take(dataset, order, column, descending),
            self._fail,
            owner=self,
            label="Sorting",
        )

    def clear(self) -> None:
        """The file's order."""
        self._cancel()
        self._column, self._is_descending, self._is_stale = None, False, False
        self.sorted.emit(None)
        self.changed.emit()

    def forget(self) -> None:
        """Another dataset is shown, as its file has it."""
        self._cancel()
        self._column, self._is_descending, self._is_stale = None, False, False
        self.changed.emit()

    def rows_changed(self, *, structural: bool) -> None:
        """structural: rows came, went or were moved."""
        self._must_restart = self._must_restart or structural
        if self._column is not None and not self._is_stale:
            self._is_stale = True
            self.changed.emit()

    def _cancel(self) -> None:
        if self._job is not None:
            self._background.cancel(self._job)
            self._job = None

    def _take(self, dataset: OpenDataset, order: Order | None, column: int, descending: bool) -> None:
        self._job = None
        if order is None or dataset is not self._dataset():
            return
        if self._must_restart:
            self.start(column, descending=descending)
            return
        self._column, self._is_descending, self._is_stale = column, descending, False
        self.sorted.emit(order)
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self._job = None
        self.failed.emit(error)

    def _take_counts(self, counts: Mapping[int, int | None]) -> None:
        dataset = self._dataset()
        if dataset is not None:
            dataset.model.show_tokens(counts)
