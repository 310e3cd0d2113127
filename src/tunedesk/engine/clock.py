"""How long a run has taken and will take."""

import time

from tunedesk.engine.checkpoint import Progress


class Clock:
    """Seconds of this attempt and of all attempts, and an estimate of those to come."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._before = 0.0
        self._first_step = 0

    def start(self, progress: Progress) -> None:
        """Begin to count, after the `progress` of earlier attempts."""
        self._began, self._before, self._first_step = time.monotonic(), progress.seconds, progress.step

    def leave_out(self, seconds: float) -> None:
        """Not count a pause."""
        self._began += seconds

    @property
    def total(self) -> float:
        return self._before + time.monotonic() - self._began

    def remaining(self, step: int, total: int) -> float:
        """As long for each step as so far in this attempt, its evaluations and checkpoints included."""
        return (time.monotonic() - self._began) / (step - self._first_step) * (total - step)
