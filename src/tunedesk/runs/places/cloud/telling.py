"""The one writer of a run's events while a service executes it; it knows what was told before."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Any, TypeVar

from tunedesk.runs.events import Event, EventBase, Noted, TerminalEvent, Warned, encode_event
from tunedesk.runs.run_folder import RunFolder

AnyEvent = TypeVar("AnyEvent", bound=EventBase)


class Telling:
    """One attempt at the run. history: all events of all attempts, folded, those of this one too."""

    def __init__(self, run: RunFolder, name: str, service: str) -> None:
        """name: of the run in its events; service: of the account, for people."""
        self.service = service
        self.history = run.history()
        self.attempt = self.history.attempt + 1
        self._name, self._seq = name, 0
        self._file = open(run.events_path, "ab", buffering=0)  # noqa: SIM115 - closed by __exit__
        # Half a line, of a process that was killed, becomes noise of its own.
        self._pending = b"\n" if _ends_within_a_line(run) else b""
        self._is_dirty = False

    def __enter__(self) -> Telling:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()
        self._file.close()

    def write(self, kind: type[AnyEvent], *, at: float | None = None, **fields: Any) -> AnyEvent:
        """Append one event. at: when it happened, unix seconds; None: now."""
        self._seq += 1
        moment = time.time() if at is None else at
        event = kind(run=self._name, attempt=self.attempt, seq=self._seq, time=moment, **fields)
        assert isinstance(event, Event)
        line = self._pending + encode_event(event)
        while line:
            written = self._file.write(line)
            self._pending = b"\n"
            line = line[written:]
        self._pending = b""
        self._is_dirty = True
        self.history.add(event)
        if isinstance(event, TerminalEvent):
            self.flush()
        return event

    def flush(self) -> None:
        """What was told survives a power cut from here on."""
        if self._is_dirty:
            os.fsync(self._file.fileno())
            self._is_dirty = False

    def note(self, phase: str, message: str, at: float | None = None) -> None:
        self.write(Noted, at=at, phase=phase, message=message)

    def warn(self, code: str, message: str, at: float | None = None) -> None:
        """A warning that was given before, by this attempt or an earlier one, is not repeated."""
        if all((old.code, old.message) != (code, message) for old in self.history.warnings):
            self.write(Warned, at=at, code=code, message=message)


def _ends_within_a_line(run: RunFolder) -> bool:
    try:
        with open(run.events_path, "rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except FileNotFoundError:
        return False
