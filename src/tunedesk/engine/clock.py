"""How long a run has taken, and how long it has gone without a checkpoint."""

import time
from collections.abc import Callable

from tunedesk.engine.checkpoint import Progress


class Clock:
    """Seconds of this attempt and of all attempts, pauses left out. now: seconds that only ever rise."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._began = self._saved = self._looked = now()
        self._before = 0.0

    def start(self, progress: Progress) -> None:
        """Begin to count, after the `progress` of earlier attempts."""
        self._began = self._saved = self._looked = self.now()
        self._before = progress.seconds

    def leave_out(self, seconds: float) -> None:
        """Not count a pause."""
        self._began += seconds
        self._saved += seconds

    def lap(self) -> float:
        """Seconds since the last call."""
        before, self._looked = self._looked, self.now()
        return self._looked - before

    def saved(self) -> None:
        """A checkpoint was written, or could not be: the next one by time is due a whole interval later."""
        self._saved = self.now()

    @property
    def since_saved(self) -> float:
        return self.now() - self._saved

    @property
    def total(self) -> float:
        return self._before + self.now() - self._began
