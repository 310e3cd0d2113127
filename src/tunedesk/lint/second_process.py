"""A second process that lints chunks of a large file beside the first one. Knows neither session nor index.

It ends with the process that started it: when the pipe between them breaks, it leaves at once.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from tunedesk.errors import UserError
from tunedesk.lint.bulk import BulkLinter, Linted
from tunedesk.lint.targets import Target

Rows = Sequence[tuple[int, bytes]]
Numbered = tuple[int, Linted]


@dataclass(frozen=True, slots=True)
class Setup:
    """target: without its template, which cannot travel; model: where the other process reads it."""

    target: Target
    model: Path | None


class SecondProcess:
    """`send` chunks, `receive` what was found. When the process is lost, `take_lost` gives its chunks back.

    A context manager: leaving it ends the process, whatever it is doing.
    """

    def __init__(self, target: Target, model: Path | None = None) -> None:
        """model: the folder of the target's template. OSError when no process can be started."""
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        setup = Setup(replace(target, template=None), model if target.template is not None else None)
        self._process = context.Process(target=_work, args=(there, setup), name="lint", daemon=True)
        self._waiting: dict[int, Rows] = {}
        self.is_alive = True
        try:
            self._process.start()
        finally:
            there.close()

    def __enter__(self) -> SecondProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._here.close()
        self._process.terminate()
        self._process.join()
        self._process.close()

    @property
    def waiting(self) -> int:
        """Chunks that are on their way."""
        return len(self._waiting)

    def send(self, number: int, rows: Rows) -> None:
        self._waiting[number] = rows
        try:
            self._here.send((number, rows))
        except (OSError, ValueError):
            self.is_alive = False

    def receive(self, seconds: float) -> list[Numbered]:
        """Everything that is done; waits at most so long for the first."""
        found: list[Numbered] = []
        try:
            while self.is_alive and self._here.poll(0 if found else seconds):
                number, linted = self._here.recv()
                del self._waiting[number]
                found.append((number, linted))
        except (EOFError, OSError, pickle.UnpicklingError):
            self.is_alive = False
        return found

    def take_lost(self) -> list[tuple[int, Rows]]:
        """Chunks that the process will never do, because it is gone; [] while it lives."""
        if self.is_alive:
            return []
        lost, self._waiting = sorted(self._waiting.items()), {}
        return lost


def _work(pipe: Connection, setup: Setup) -> None:
    """The other process. Chunks are read by a thread of their own, so that whoever sends never waits."""
    chunks: queue.Queue[tuple[int, Rows]] = queue.Queue()
    threading.Thread(target=_read, args=(pipe, chunks), daemon=True).start()
    try:
        target = setup.target
        if setup.model is not None:
            from tunedesk.template.chat_template import ChatTemplate  # brings tokenizers and jinja2

            target = replace(target, template=ChatTemplate.load(setup.model))
    except (UserError, OSError):
        return  # the first process says what is wrong with the model
    linter = BulkLinter(target)
    while True:
        number, rows = chunks.get()
        try:
            pipe.send((number, linter.lint(rows)))
        except OSError:
            return


def _read(pipe: Connection, chunks: queue.Queue[tuple[int, Rows]]) -> None:
    try:
        while True:
            chunks.put(pipe.recv())
    except (EOFError, OSError):
        os._exit(0)  # nobody waits for what is being linted
