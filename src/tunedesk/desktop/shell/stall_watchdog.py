"""Notices when the thread that draws is held up, and logs what it was doing."""

import logging
import sys
import threading
import time
import traceback

from PySide6.QtCore import QObject, QTimer

log = logging.getLogger(__name__)

LIMIT_SECONDS = 0.25


class StallWatchdog(QObject):
    """A timer beats on the drawing thread; a daemon thread logs the stack once for each late beat."""

    def __init__(self, parent: QObject, limit_seconds: float = LIMIT_SECONDS) -> None:
        super().__init__(parent)
        self._limit = limit_seconds
        self._watched = threading.get_ident()
        self._last_beat = time.monotonic()
        self._stopped = threading.Event()
        self.stalls = 0
        timer = QTimer(self, interval=int(limit_seconds * 250))
        timer.timeout.connect(self._beat)
        timer.start()
        threading.Thread(target=self._watch, name="stall watchdog", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _beat(self) -> None:
        self._last_beat = time.monotonic()

    def _watch(self) -> None:
        told = 0.0
        while not self._stopped.wait(self._limit / 2):
            beat = self._last_beat
            late = time.monotonic() - beat
            if late > self._limit and beat != told:
                told = beat
                log.warning("the window was held up for %.0f ms in\n%s", late * 1000, self._stack())
                self.stalls += 1

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._watched)
        return "".join(traceback.format_stack(frame)) if frame else "(no frame)"
