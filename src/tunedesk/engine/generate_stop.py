"""Ends an answer where one of some texts begins, also when that comes in parts; it knows no tokens."""

from __future__ import annotations

from collections.abc import Sequence


class StopWatch:
    """Holds back text only while it may be the beginning of one of `stops`."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.has_stopped = False

    def add(self, text: str) -> str:
        """What can be said now. `has_stopped` becomes true with the text before the first stop."""
        if not self._stops:
            return text
        held = self._held + text
        found = [place for stop in self._stops if (place := held.find(stop)) >= 0]
        if found:
            self._held, self.has_stopped = "", True
            return held[: min(found)]
        kept = max(_begun(held, stop) for stop in self._stops)
        self._held = held[len(held) - kept :]
        return held[: len(held) - kept]

    def rest(self) -> str:
        """What was held back, when nothing comes after it."""
        held, self._held = self._held, ""
        return held


def _begun(text: str, stop: str) -> int:
    """How many characters at the end of `text` are the beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
