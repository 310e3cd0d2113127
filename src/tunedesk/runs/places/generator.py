"""The client of the generation engine: starts it as a child, asks, and hands on what it says."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence

from tunedesk.runs.generation import (
    AnyCommand,
    AnyMessage,
    Cancel,
    EngineLost,
    Generate,
    Load,
    Question,
    Quit,
    Sampling,
    decode_message,
    encode_line,
)
from tunedesk.runs.places.engine_command import engine_command
from tunedesk.runs.places.warm_engine import WarmEngine
from tunedesk.runs.places.warm_order import Order

LOG_LINES = 60
PATIENCE = 3.0
"""Seconds that an engine gets to end after being asked, before it is killed."""


class Generator:
    """One generation engine, started at the first request.

    After a crash the next request starts a new one and loads the same model into it.

    on_message is called on the reader's thread, never on the caller's: with every message of the engine, and
    with `EngineLost` when it ends unasked. Methods may be called from any thread.
    """

    def __init__(
        self,
        on_message: Callable[[AnyMessage], None],
        command: Sequence[str] | None = None,
        warm: WarmEngine | None = None,
    ) -> None:
        """warm: an engine that may be waiting; it spares the seconds of the imports."""
        self._on_message = on_message
        self._warm = warm
        self._command = list(command) if command else [*engine_command(), "generate"]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._last_id = 0
        self._last_load: Load | None = None
        self._closed = False

    def load(self, request: Load) -> None:
        """Load a model; `Ready` or `LoadFailed` follows."""
        self._send(request)

    def generate(
        self,
        questions: Sequence[Question],
        settings: Sampling,
        *,
        stream: bool = True,
        stop: Sequence[str] = (),
        likeliest: int | None = None,
    ) -> int:
        """Ask for answers, also while others are written; returns the id that `Piece`, `Done` and
        `GenerationFailed` will carry. stop, likeliest: see `Generate`.
        """
        with self._lock:
            self._last_id += 1
            number = self._last_id
        self._send(Generate(number, tuple(questions), settings, stream, tuple(stop), likeliest))
        return number

    def cancel(self, request: int) -> None:
        """Stop a request; its answers end with the reason "cancelled"."""
        self._send(Cancel(request), start=False)

    @property
    def is_running(self) -> bool:
        process = self._process
        return process is not None and process.poll() is None

    def close(self) -> None:
        """End the engine and wait for it; no message comes after this returns."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            _end(process)
        reader = self._reader
        if reader is not None and reader is not threading.current_thread():
            reader.join()

    def __enter__(self) -> Generator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, command: AnyCommand, start: bool = True) -> None:
        with self._lock:
            if self._closed or (self._process is None and not start):
                return
            commands = [command]
            if self._process is None and self._last_load and not isinstance(command, Load):
                commands.insert(0, self._last_load)
            if isinstance(command, Load):
                self._last_load = command
            process = self._process or self._start()
            assert process.stdin is not None
            with contextlib.suppress(OSError):  # the reader tells of the engine's end
                process.stdin.writelines(encode_line(each) for each in commands)
                process.stdin.flush()

    def _start(self) -> subprocess.Popen[bytes]:
        waiting = self._warm.take(Order(("generate",))) if self._warm else None
        self._process = process = waiting or self._start_anew()
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()
        return process

    def _start_anew(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUTF8": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows only
        )

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin and process.stdout and process.stderr
        log: deque[bytes] = deque(maxlen=LOG_LINES)
        errors = threading.Thread(target=log.extend, args=(process.stderr,), daemon=True)
        errors.start()
        for line in process.stdout:
            message = decode_message(line)
            if message is not None and not self._closed:
                self._on_message(message)
        code = process.wait()
        errors.join()
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        process.stderr.close()
        with self._lock:
            unasked = self._process is process
            if unasked:
                self._process = None
        if unasked:
            text = b"".join(log).decode("utf-8", "replace")
            self._on_message(EngineLost(_how_it_ended(code), "Try again; a new engine is started.", text))


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.write(encode_line(Quit()))
        process.stdin.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _how_it_ended(code: int) -> str:
    if code in (-9, 137):
        return "The chat engine was ended by the system, most likely because memory ran out."
    if code < 0:
        return f"The chat engine crashed (signal {-code})."
    return f"The chat engine ended by itself (exit code {code})."
