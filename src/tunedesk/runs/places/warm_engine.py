"""Keeps at most one engine that has its imports done and waits, for as long as memory is not short."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Sequence

import psutil

from tunedesk.runs.places.engine_command import engine_command
from tunedesk.runs.places.warm_order import READY, Order, encode_order

NEEDED_BYTES = 3_000_000_000
"""Free main memory from which one is started; waiting it holds about 400 MB."""
SHORT_BYTES = 1_500_000_000
"""Free main memory below which it is ended: whatever the user does is more important."""
PATIENCE = 3.0


class WarmEngine:
    """Methods may be called from any thread."""

    def __init__(self, environment: dict[str, str], command: Sequence[str] | None = None) -> None:
        """environment: variables that the engine gets besides those of this process."""
        self._environment = environment
        self._command = list(command) if command else [*engine_command(), "wait"]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = threading.Event()
        self._closed = False

    @property
    def is_waiting(self) -> bool:
        """Whether the imports are done and an order would be taken at once."""
        process = self._process
        return process is not None and self._is_ready.is_set() and process.poll() is None

    def wait_until_ready(self, seconds: float) -> bool:
        """Whether the one that was started has its imports done within this time."""
        return self._is_ready.wait(seconds)

    def prepare(self, free: int | None = None) -> None:
        """Start one, unless there is one, or too little memory. free: bytes; None: ask the system."""
        free = psutil.virtual_memory().available if free is None else free
        with self._lock:
            alive = self._process is not None and self._process.poll() is None
            if self._closed or alive or free < NEEDED_BYTES:
                return
            with contextlib.suppress(OSError):  # a run that is started will tell why none can be
                self._process = self._start()

    def take(self, order: Order) -> subprocess.Popen[bytes] | None:
        """Give the order to the one that waits and hand it over; None: nobody waits, start one yourself."""
        with self._lock:
            process = self._process
            if process is None or not self.is_waiting:
                return None
            self._process = None
        assert process.stdin is not None
        try:
            process.stdin.write(encode_order(order))
            process.stdin.flush()
        except OSError:
            _end(process)
            return None
        return process

    def end_when_short(self, free: int | None = None) -> None:
        """End the one that waits when main memory is short. free: bytes; None: ask the system."""
        free = psutil.virtual_memory().available if free is None else free
        if free < SHORT_BYTES:
            self._end()

    def close(self) -> None:
        """End the one that waits; none is started any more."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            _end(process)

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **self._environment},
            start_new_session=os.name != "nt",
            creationflags=_windows_flags(),
        )
        self._is_ready = ready = threading.Event()
        threading.Thread(target=_watch, args=(process, ready), name="warm engine", daemon=True).start()
        return process


def _watch(process: subprocess.Popen[bytes], ready: threading.Event) -> None:
    assert process.stdout is not None
    if process.stdout.readline() == READY:
        ready.set()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Its input ends, so it ends by itself; one that is still importing is killed."""
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None and (stream is process.stdin or process.poll() is not None):
            with contextlib.suppress(OSError):
                stream.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _windows_flags() -> int:
    """A process group and no console of its own, so that the window's end does not end a run; 0 elsewhere."""
    return getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
