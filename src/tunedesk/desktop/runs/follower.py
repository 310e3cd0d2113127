"""Follows one run on a thread of its own and hands its news over in batches. Knows files and no widget."""

import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot
from shiboken6 import isValid

from tunedesk.runs.events import Event
from tunedesk.runs.follow import EventTail
from tunedesk.runs.run_folder import ProcessInfo, RunFolder, process_runs

LIVE_MS = 100
"""Ten batches a second are plenty for an eye, and cost next to nothing."""
QUIET_MS = 1000
"""A run whose engine is gone can still be resumed by another window or the command line."""
PIECE_BYTES = 1 << 18
"""About 1,000 events. Small pieces let the drawing thread in between: decoding one holds Python's lock."""
BETWEEN_MS = 10
"""Between two pieces of a long file, for the thread that draws."""
MANY = 200
"""A piece with so many events is probably not the last one that waits."""
LOG_BYTES = 256 << 10
"""How much of the end of a log is shown; a driver may have filled it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is new of a run. is_first: everything known of the run so far is to be forgotten."""

    run: Path
    events: tuple[Event, ...]
    log: str
    process: ProcessInfo | None
    is_alive: bool
    is_first: bool


class RunFollower(QObject):
    """The face of the thread for the window. `close` must be called before the owner goes."""

    batches_ready = Signal(object)
    """A `Batch` of the run that is followed now; late batches of a run followed before are not passed on."""
    _wanted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run: Path | None = None
        self._thread: QThread | None = None
        self._reader: _Reader | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    @property
    def run(self) -> Path | None:
        return self._run

    def follow(self, run: Path | None) -> None:
        """Follow this run from its beginning, and no other; None follows nothing."""
        self._run = run
        if self._thread is None:
            self._thread = self._begin()
        self._wanted.emit(run)

    def close(self) -> None:
        """End the thread; it is within a piece of a file at most. `follow` begins a new one."""
        self._run = None
        if self._thread is not None:
            _end(self._thread)
            self._thread.deleteLater()
            self._thread = None

    def _begin(self) -> QThread:
        thread, reader = QThread(self), _Reader()
        self._reader = reader  # a worker has no parent, so someone must hold it
        reader.moveToThread(thread)
        self._wanted.connect(reader.follow)
        reader.read.connect(self._pass_on)
        thread.finished.connect(reader.deleteLater)
        # Qt aborts the program when a running thread is destroyed, so it ends before its owner goes.
        self.destroyed.connect(lambda: _end(thread))
        thread.start()
        return thread

    def _pass_on(self, batch: Batch) -> None:
        if batch.run == self._run:
            self.batches_ready.emit(batch)


def _end(thread: QThread) -> None:
    if isValid(thread):
        thread.quit()
        thread.wait()


class _Reader(QObject):
    """Lives on the thread. It reads a piece, then its event loop may take up another wish."""

    read = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._timer: QTimer | None = None
        self._folder: RunFolder | None = None
        self._tail: EventTail | None = None
        self._log = _LogTail(Path())
        self._told: tuple[ProcessInfo | None, bool] | None = None

    @Slot(object)
    def follow(self, run: Path | None) -> None:
        if self._timer is None:  # a timer belongs to the thread that makes it
            self._timer = QTimer(self, singleShot=True)
            self._timer.timeout.connect(self._look)
        self._timer.stop()
        self._folder = None
        if run is not None:
            self._folder = RunFolder(run)
            self._tail = EventTail(self._folder.events_path)
            self._log = _LogTail(self._folder.log_path)
            self._told = None
            self._look()

    def _look(self) -> None:
        assert self._folder is not None and self._tail is not None and self._timer is not None
        # The process is looked at before the events: what it wrote before it ended is then never missed.
        process = self._folder.process()
        alive = process is not None and process_runs(process)
        events = tuple(self._tail.poll(PIECE_BYTES))
        log = self._log.read_on()
        if events or log or self._told != (process, alive):
            first, self._told = self._told is None, (process, alive)
            self.read.emit(Batch(self._folder.path, events, log, process, alive, first))
        self._timer.start(BETWEEN_MS if len(events) >= MANY else LIVE_MS if alive else QUIET_MS)


class _LogTail:
    """The end of log.txt, and what is added to it; bytes that are no UTF-8 are shown as such."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset: int | None = None

    def read_on(self) -> str:
        try:
            with open(self._path, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                if self._offset is None or size < self._offset:
                    self._offset = max(0, size - LOG_BYTES)
                file.seek(self._offset)
                data = file.read(LOG_BYTES)
        except OSError:
            return ""  # no engine has written yet, or the folder is gone, which the list of runs tells
        self._offset += len(data)
        return data.decode("utf-8", "replace")
