"""Finds the rows that answer a question in the background and streams them. Knows no widget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.filtering import needs_text
from tunedesk.dataset.order import Order
from tunedesk.dataset.search import find_rows
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.sort_keys import RowView, view_of, views
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.data.table.questions import Question, TableFacts, is_answer
from tunedesk.desktop.data.table.token_counts import count_missing

if TYPE_CHECKING:
    from tunedesk.template.chat_template import ChatTemplate

FLUSH_SECONDS = 0.15
LOOK_UP = 64
"""Rows between two looks at the clock."""


class RowFinder(QObject):
    """Answers to a question that another has overtaken never arrive: each carries its question's number."""

    found = Signal(Order)
    """Rows in the document's order, some more of them."""
    finished = Signal()
    refused = Signal(Exception)
    """The question cannot be answered, e.g. because of a broken regular expression."""
    tokens_counted = Signal(object)
    """Token counts of rows, which the question needed."""

    _batch = Signal(int, object)

    def __init__(
        self, snapshot_of: Callable[[], Snapshot], background: Background, parent: QObject | None = None
    ) -> None:
        """snapshot_of: the rows as they are shown."""
        super().__init__(parent)
        self._snapshot_of = snapshot_of
        self._background = background
        self._question = 0
        self._job: Job | None = None
        self._batch.connect(self._hand_on)

    def start(
        self,
        question: Question,
        facts: TableFacts,
        known: Mapping[int, int | None],
        template: ChatTemplate | None,
    ) -> None:
        """known: tokens that are counted already. template: counts those that the question needs."""
        self.cancel()
        self._question += 1
        number, snapshot = self._question, self._snapshot_of()

        def work(job: Job) -> None:
            if question.needs_tokens and template is not None:
                count_missing(snapshot, template, known, job, self.tokens_counted.emit)
            batch: list[int] = []
            told = time.monotonic()
            for row_id in _answers(snapshot, question, facts, job):
                batch.append(row_id)
                if len(batch) % LOOK_UP == 0 and time.monotonic() - told > FLUSH_SECONDS:
                    self._batch.emit(number, Order.of_ids(batch))
                    batch, told = [], time.monotonic()
            self._batch.emit(number, Order.of_ids(batch))

        label = "Filtering" if question.query is None else "Searching"
        self._job = self._background.run(
            work,
            lambda _: self._finish(number),
            lambda error: self._refuse(number, error),
            owner=self,
            label=label,
        )

    def cancel(self) -> None:
        if self._job is not None:
            self._background.cancel(self._job)
            self._job = None

    def _hand_on(self, number: int, row_ids: Order) -> None:
        if number == self._question and self._job is not None:
            self.found.emit(row_ids)

    def _finish(self, number: int) -> None:
        if number == self._question:
            self._job = None
            self.finished.emit()

    def _refuse(self, number: int, error: Exception) -> None:
        if number == self._question:
            self._job = None
            self.refused.emit(error)


def _answers(snapshot: Snapshot, question: Question, facts: TableFacts, job: Job) -> Iterator[int]:
    condition = question.condition
    for view, row in _candidates(snapshot, question, facts, job):
        if job.is_cancelled():
            return
        if is_answer(question, condition, facts.counts(row), view):
            yield row


def _candidates(
    snapshot: Snapshot, question: Question, facts: TableFacts, job: Job
) -> Iterator[tuple[RowView, int]]:
    """The rows that have the text, as their columns see them."""
    if question.query is not None:
        found = find_rows(snapshot, question.query, progress=job.report, cancelled=job.is_cancelled)
        for row in found:
            yield view_of(snapshot, row, snapshot.ids.index(row) + 1, facts.of(row)), row
        return
    with_text = question.condition is not None and needs_text(question.condition)
    for view, row in views(snapshot, facts.of, with_text=with_text):
        if view.number % 256 == 1:
            job.report(view.number, len(snapshot))
        yield view, row
