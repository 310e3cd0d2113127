"""Runs the search and the findings filter in the background and streams what it finds. Knows no widget."""

import time
from collections.abc import Callable, Iterable, Iterator

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.order import Order
from tunedesk.dataset.search import find_rows
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.background import Background, Job

FLUSH_SECONDS = 0.15


class RowFinder(QObject):
    """Answers to a question that another has overtaken never arrive: each carries its question's number."""

    found = Signal(Order)
    """Rows in the document's order, some more of them."""
    finished = Signal()

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

    def start(self, text: str, only: frozenset[int] | None) -> None:
        """Find rows with a text ("" for any), among `only` when given."""
        self.cancel()
        self._question += 1
        number, snapshot = self._question, self._snapshot_of()

        def work(job: Job) -> None:
            batch: list[int] = []
            told = time.monotonic()
            for row_id in _matches(snapshot, text, only, job):
                batch.append(row_id)
                if time.monotonic() - told > FLUSH_SECONDS:
                    self._batch.emit(number, Order.of_ids(batch))
                    batch, told = [], time.monotonic()
            self._batch.emit(number, Order.of_ids(batch))

        label = "Searching" if text else "Filtering"
        self._job = self._background.run(work, lambda _: self._finish(number), owner=self, label=label)

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


def _matches(snapshot: Snapshot, text: str, only: frozenset[int] | None, job: Job) -> Iterator[int]:
    rows: Iterable[int] = find_rows(snapshot, text, cancelled=job.is_cancelled) if text else snapshot.ids
    for row_id in rows:
        if job.is_cancelled():
            return
        if only is None or row_id in only:
            yield row_id
