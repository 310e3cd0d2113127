"""Short jobs off the drawing thread, with progress and cancel. Knows nothing of what the jobs do.

    background.run(lambda job: find(text, job.is_cancelled), then=show_rows, owner=self, label="Searching")

`work` runs on a worker thread and must not touch a widget; `then` and `failed` run on the thread that
draws. A job that was cancelled calls neither but `stopped`; one whose owner is gone calls nothing.
"""

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal

log = logging.getLogger(__name__)

Result = TypeVar("Result")

PROGRESS_INTERVAL_MS = 100
THREADS = 4
"""More than cores on purpose: a job that waits for the disk must not hold up a search."""

SWITCH_SECONDS = 1e-4
"""How long a worker may keep the interpreter once the drawing thread wants it.

Python's own 5 ms add up: drawing a table takes and gives the interpreter some hundred times, and each time
may wait so long. While 100,000 rows were checked the longest turn of the window was 340 ms with 5 ms, 100 ms
with this; the checking took the same time. Shorter ones changed nothing.
"""


class Job(QObject):
    """One running job. `is_cancelled` and `report` may be called from the worker thread."""

    def __init__(self, parent: QObject, label: str, can_cancel: bool) -> None:
        super().__init__(parent)
        self.label = label
        self.can_cancel = can_cancel
        self.progress: tuple[int, int] = (0, 0)
        """Done and total; total 0 means unknown."""
        self._cancelled = threading.Event()
        self.is_abandoned = False
        """Its owner is gone."""

    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def report(self, done: int, total: int) -> None:
        self.progress = (done, total)

    def cancel(self) -> None:
        self._cancelled.set()

    def abandon(self) -> None:
        self.is_abandoned = True
        self.cancel()


class _Task(QRunnable):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()


class _Ends(NamedTuple):
    """What is called when a job ends: one of them."""

    then: Callable[[Any], None]
    failed: Callable[[Exception], None]
    stopped: Callable[[], None]


class Background(QObject):
    """All short jobs of the window."""

    jobs_changed = Signal()
    """A labelled job began, ended, was cancelled, or went on (at most ten times a second)."""
    became_idle = Signal()
    failed = Signal(Exception)
    """A job failed and its caller gave no `failed` of its own."""

    _ended = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        sys.setswitchinterval(SWITCH_SECONDS)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(THREADS)
        self._running: dict[Job, _Ends] = {}
        self._is_closed = False
        self._ended.connect(self._finish)
        self._ticker = QTimer(self, interval=PROGRESS_INTERVAL_MS)
        self._ticker.timeout.connect(self.jobs_changed)

    @property
    def jobs(self) -> list[Job]:
        """The running jobs that have a label and are not cancelled, oldest first."""
        return [job for job in self._running if job.label and not job.is_cancelled()]

    @property
    def is_idle(self) -> bool:
        return not self._running

    def run(
        self,
        work: Callable[[Job], Result],
        then: Callable[[Result], None],
        failed: Callable[[Exception], None] | None = None,
        *,
        stopped: Callable[[], None] = lambda: None,
        owner: QObject | None = None,
        label: str = "",
        can_cancel: bool = True,
    ) -> Job:
        """Start a job. Without a label it is not shown in the status line. stopped: it ended cancelled."""
        job = Job(self, label, can_cancel)
        if self._is_closed:
            job.cancel()
            return job
        self._running[job] = _Ends(then, failed or self.failed.emit, stopped)
        if owner is not None:
            owner.destroyed.connect(job.abandon)
        self._pool.start(_Task(lambda: self._work(job, work)))
        if label:
            self._ticker.start()
            self.jobs_changed.emit()
        return job

    def cancel(self, job: Job) -> None:
        job.cancel()
        self.jobs_changed.emit()

    def shut_down(self, wait_ms: int = 3000) -> bool:
        """Cancel everything, take nothing new, and wait; False when a job did not end in time."""
        self._is_closed = True
        for job in self._running:
            job.abandon()
        return self._pool.waitForDone(wait_ms)

    def _work(self, job: Job, work: Callable[[Job], Any]) -> None:
        """On the worker thread. Catches broadly because this is the edge of the thread; it reports."""
        try:
            result, trouble = work(job), None
        except Exception as error:
            log.debug("background job %r failed", job.label, exc_info=True)
            result, trouble = None, error
        self._ended.emit(job, result, trouble)

    def _finish(self, job: Job, result: Any, trouble: Exception | None) -> None:
        ends = self._running.pop(job)
        if not self.jobs:
            self._ticker.stop()
        try:
            if job.is_abandoned:
                return
            if job.is_cancelled():
                ends.stopped()
            elif trouble is None:
                ends.then(result)
            else:
                ends.failed(trouble)
        finally:
            job.deleteLater()
            self.jobs_changed.emit()
            if self.is_idle:
                self.became_idle.emit()
