"""Waiting that hears what the user asks meanwhile, and asking a service again while that may help."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from typing import TypeVar

from tunedesk.runs.events import Warned
from tunedesk.runs.places.cloud.refusals import PASSING, Kind, Refused, duration
from tunedesk.runs.places.cloud.telling import Telling
from tunedesk.runs.run_folder import Action, RunFolder

LOOK_SECONDS = 0.2
"""Between two looks at control.json."""
TRIES = 8
"""Of a request that keeps failing, before there is a job that must not be lost sight of."""
LONGEST_OBEYED = 3_600.0
"""Seconds: a service that asks to wait for days is asked again after an hour all the same."""
LONGEST_WORTH_IT = 600.0
"""Seconds: before there is a job, a person is told rather than made to wait longer."""
OUTAGES_TOLD = 50
T = TypeVar("T")


class StopAsked(Exception):
    """A person wants the run to stop; raised once for each time it is asked."""


class Wishes:
    """What is asked of the running process through control.json, each request once."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._handled = 0
        self._stamp: tuple[int, int] | None = None
        self._kept: list[Action] = []

    def look(self) -> bool:
        """Whether something waits for `take`. StopAsked: the newest wish is to stop."""
        try:
            status = self._run.control_path.stat()
        except OSError:
            return bool(self._kept)
        stamp = (status.st_mtime_ns, status.st_ino or status.st_size)
        if stamp != self._stamp:
            self._stamp = stamp
            new = [request for request in self._run.requests() if request.id > self._handled]
            self._handled = max([self._handled, *(request.id for request in new)])
            self._kept += [request.action for request in new if request.action in ("pause", "resume")]
            if any(request.action == "stop" for request in new):
                raise StopAsked
        return bool(self._kept)

    def take(self) -> list[Action]:
        taken, self._kept = self._kept, []
        return taken

    def forget(self) -> None:
        """Remove the requests, so that a later process does not obey them again."""
        self._run.control_path.unlink(missing_ok=True)


class Patience:
    """pace: seconds between two questions, while news come and at most. listens: whether a wait hears what
    the user asks.
    """

    def __init__(self, wishes: Wishes, telling: Telling, pace: tuple[float, float]) -> None:
        self._wishes = wishes
        self._telling = telling
        self.first, self.longest = pace
        self.listens = True
        self._in_trouble = False
        self._outages = 0

    def wait(self, seconds: float, *, wakes: bool = False) -> None:
        """Until the time is over by either clock (one stands still while a computer sleeps), or, if it
        `wakes`, there is a wish. StopAsked as `Wishes.look`.
        """
        still, wall = time.monotonic() + seconds, time.time() + seconds
        while not (self.listens and self._wishes.look() and wakes):
            left = min(still - time.monotonic(), wall - time.time())
            if left <= 0:
                return
            time.sleep(min(left, LOOK_SECONDS))

    def jittered(self, seconds: float) -> float:
        """A tenth more or less, so that many windows do not ask at the same moment."""
        return seconds * random.uniform(0.9, 1.1)

    def ask(
        self,
        call: Callable[[], T],
        *,
        tries: int | None = TRIES,
        also: Collection[Kind] = (),
    ) -> T:
        """What `call` gives, asked again with growing pauses while its trouble may pass.

        tries: None asks for ever. also: kinds that may pass here, besides `PASSING`. Refused: the last one.
        """
        tried = 0
        while True:
            try:
                answer = call()
            except Refused as refused:
                tried += 1
                passes = refused.kind in PASSING or refused.kind in also
                if not passes or (tries is not None and (tried >= tries or _is_too_long(refused))):
                    raise
                self._rest(refused, tried)
            else:
                if self._in_trouble:
                    self._in_trouble = False
                    if self._outages <= OUTAGES_TOLD:
                        self._telling.note("service", f"{self._telling.service} answers again.")
                return answer

    def _rest(self, refused: Refused, tried: int) -> None:
        pause = min(self.first * 2 ** min(tried - 1, 10), self.longest)
        if refused.retry_after:
            pause = min(max(pause, refused.retry_after), LONGEST_OBEYED)
        if not self._in_trouble:
            self._in_trouble = True
            self._outages += 1
            self._tell_outage(f"{refused.message} It is asked again in {duration(pause)}.")
        self._telling.flush()
        self.wait(self.jittered(pause))

    def _tell_outage(self, message: str) -> None:
        """A line that breaks every few minutes for days must not fill the disk."""
        if self._outages == OUTAGES_TOLD:
            message += " No more of such troubles will be told; each is waited for."
        if self._outages <= OUTAGES_TOLD:
            self._telling.write(Warned, code="service", message=message)


def _is_too_long(refused: Refused) -> bool:
    return (refused.retry_after or 0) > LONGEST_WORTH_IT
