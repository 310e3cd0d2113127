"""Writing events.jsonl: append only, each line flushed, on the disk every few seconds and when it matters.

Room is held for a disk that becomes full: the run can go on for a while, and say its last word.
"""

import contextlib
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from tunedesk.engine.trouble import is_full
from tunedesk.runs.events import Event, EventBase, TerminalEvent, encode_event

SYNC_SECONDS = 2.0
ROOM_TO_GO_ON, ROOM_FOR_THE_END = 256_000, 8_192
"""Bytes held: some six hundred events, and the last one."""
AnyEvent = TypeVar("AnyEvent", bound=EventBase)


class EventLog:
    """The one writer of a run's events; numbers them and stamps run, attempt and time."""

    def __init__(self, path: Path, run: str, attempt: int, began: float | None = None) -> None:
        """began: when the attempt was asked for, in seconds since 1970; None: now."""
        self.began = time.time() if began is None else began
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - closed by __exit__
        self._run, self._attempt, self._seq = run, attempt, 0
        self._synced = 0.0
        self._to_go_on = _held(path.with_name(".room-for-events"), ROOM_TO_GO_ON)
        self._for_the_end = _held(path.with_name(".room-for-the-end"), ROOM_FOR_THE_END)
        # Half a line, of a process that was killed or a disk that was full, becomes noise of its own.
        self._within_line = _ends_within_a_line(path)

    def __enter__(self) -> "EventLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        for held in (self._to_go_on, self._for_the_end):
            with contextlib.suppress(OSError):
                held.unlink(missing_ok=True)

    def write(self, kind: type[AnyEvent], *, sync: bool = False, **fields: Any) -> AnyEvent:
        """Append one event of this kind. sync: it must survive a power cut before anything else happens."""
        self._seq += 1
        event = kind(run=self._run, attempt=self._attempt, seq=self._seq, time=time.time(), **fields)
        line = encode_event(_as_event(event))
        while True:
            try:
                self._write_whole(line)
                self._sync(sync)
                return event
            except OSError as error:
                if not is_full(error) or not self._give_room(last=issubclass(kind, TerminalEvent)):
                    raise

    def _sync(self, now: bool) -> None:
        if now or time.monotonic() - self._synced > SYNC_SECONDS:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()

    def _give_room(self, *, last: bool) -> bool:
        """Take away what holds room on a full disk; whether there was any for this event."""
        for held in (self._to_go_on, self._for_the_end) if last else (self._to_go_on,):
            if held.exists():
                held.unlink()
                return True
        return False

    def _write_whole(self, line: bytes) -> None:
        line = b"\n" + line if self._within_line else line
        self._within_line = True
        while line:
            line = line[self._file.write(line) :]
        self._within_line = False


def _held(path: Path, size: int) -> Path:
    """A file of bytes that no file system can make smaller; a disk without room for it has none to give."""
    with contextlib.suppress(OSError):
        path.write_bytes(os.urandom(size))
    return path


def _as_event(event: EventBase) -> Event:
    assert isinstance(event, Event)
    return event


def _ends_within_a_line(path: Path) -> bool:
    with open(path, "rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
