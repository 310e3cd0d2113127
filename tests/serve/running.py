"""A server in a process of its own on loopback, for tests that speak to it as a client would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

PATIENCE = 240.0
"""Seconds after which a test that waits for something gives up, and says for what."""


class RunningServer:
    """`with RunningServer(folder) as server:` and then `server.url` + "/files" and so on.

    data_dir: kept, so that a server may be killed and started again on it. arguments: more of the command
    line, such as "--model", folder. The port stays the same over `restart`.
    """

    def __init__(
        self,
        data_dir: Path,
        *arguments: str | Path,
        environment: Mapping[str, str] | None = None,
        port: int = 0,
    ) -> None:
        self.data_dir = data_dir
        self.port = port
        self.lines: list[str] = []
        self._arguments = [str(each) for each in arguments]
        self._environment = {"OMP_NUM_THREADS": "1", **(environment or {})}
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._address = ""

    @property
    def url(self) -> str:
        """The base URL for a client, which ends with /v1."""
        return self._address

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def output(self) -> str:
        """What it printed so far, of both streams."""
        return "\n".join(self.lines)

    def __enter__(self) -> RunningServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> RunningServer:
        """Returns when it answers."""
        command: Sequence[str] = [
            *(sys.executable, "-m", "tunedesk", "serve"),
            *("--port", str(self.port), "--data", str(self.data_dir), "--threads", "1"),
            *self._arguments,
        ]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self._environment},
        )
        self._address = ""
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        wait_until(lambda: bool(self._address) or not self.is_running, "the server's address")
        if not self.is_running:
            self._reader.join()
            raise AssertionError(f"The server ended at once:\n{self.output}")
        self.port = int(self._address.rsplit(":", 1)[1].split("/")[0])
        if self._address.startswith("http://"):
            wait_until(self._answers, "the server's first answer")
        return self

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("TuneDesk serves at "):
                self._address = line.split()[3]

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._address.removesuffix("/v1") + "/health", timeout=5) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except urllib.error.URLError:
            return False

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """As Ctrl+C does, then for certain. Engines of jobs go on: see `end_engines`."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._finish()
        self.end_engines()

    def kill(self) -> None:
        """kill -9: no time to tidy up, and engines go on."""
        assert self._process is not None
        self._process.kill()
        self._finish()

    def restart(self) -> RunningServer:
        """A new process on the same data and port, after `kill`."""
        return self.start()

    def _finish(self) -> None:
        assert self._process is not None and self._reader is not None
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def end_engines(self) -> None:
        """So that no training of a test outlives it."""
        from tunedesk.runs.places import this_computer
        from tunedesk.runs.run_folder import RunFolder

        for folder in (self.data_dir / "runs").glob("ftjob-*"):
            this_computer.stop_now(RunFolder(folder))


def wait_until(is_so: object, what: str, seconds: float = PATIENCE) -> None:
    """Ask `is_so()` again and again; AssertionError when it never was."""
    assert callable(is_so)
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {seconds:g} s in vain for {what}.")
        time.sleep(0.15)  # asking costs the processor that the awaited work needs
