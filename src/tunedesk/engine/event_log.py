"""Writing events.jsonl: append only, each line flushed, on the disk every few seconds and when it matters."""

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from tunedesk.runs.events import Event, EventBase, encode_event

SYNC_SECONDS = 2.0
AnyEvent = TypeVar("AnyEvent", bound=EventBase)


class EventLog:
    """The one writer of a run's events; numbers them and stamps run, attempt and time."""

    def __init__(self, path: Path, run: str, attempt: int) -> None:
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - closed by __exit__
        self._run, self._attempt, self._seq = run, attempt, 0
        self._synced = 0.0
        # Half a line, of a process that was killed or a disk that was full, becomes noise of its own.
        self._within_line = _ends_within_a_line(path)

    def __enter__(self) -> "EventLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, kind: type[AnyEvent], *, sync: bool = False, **fields: Any) -> AnyEvent:
        """Append one event of this kind. sync: it must survive a power cut before anything else happens."""
        self._seq += 1
        event = kind(run=self._run, attempt=self._attempt, seq=self._seq, time=time.time(), **fields)
        self._write_whole(encode_event(_as_event(event)))
        now = time.monotonic()
        if sync or now - self._synced > SYNC_SECONDS:
            os.fsync(self._file.fileno())
            self._synced = now
        return event

    def _write_whole(self, line: bytes) -> None:
        line = b"\n" + line if self._within_line else line
        self._within_line = True
        while line:
            line = line[self._file.write(line) :]
        self._within_line = False


def _as_event(event: EventBase) -> Event:
    assert isinstance(event, Event)
    return event


def _ends_within_a_line(path: Path) -> bool:
    with open(path, "rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
