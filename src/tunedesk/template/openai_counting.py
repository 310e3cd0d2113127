"""Counts rows for OpenAI's models in processes of its own: tiktoken's threads hold each other up.

The processes are spawned, never forked; each ends when the process that started it ends, however that ends,
because its pipe closes then. They import neither Qt nor torch.
"""

from __future__ import annotations

import array
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection

from tunedesk.dataset.example import example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError
from tunedesk.template.counting import LONGEST_ROW, Counts
from tunedesk.template.encoding import RowTokens
from tunedesk.template.openai_tokens import (
    FOR_THE_REPLY,
    LONGEST_RUN,
    PER_MESSAGE,
    count_text,
    load_encoding,
    tokens_of_example,
)
from tunedesk.template.plain_rows import plain_row

WORTH_A_PROCESS = 200
"""Rows; fewer are counted on the spot, because a process takes half a second to start."""
MOST_PROCESSES = 8
REQUESTS = 2
_UNREADABLE = -1


class OpenAiCounter:
    """Counts with one of the encodings of `openai_tokens`; a context manager, because it starts processes.

    processes: one for each core, at most eight (each takes 150 MB); they are started when there is enough to
    count. lanes: twice as many, so that a process has its next rows before it is done with the last.
    """

    def __init__(
        self, encoding: str, mapping: ColumnMapping | None = None, processes: int | None = None
    ) -> None:
        self._processes = processes if processes is not None else min(os.cpu_count() or 1, MOST_PROCESSES)
        self.lanes = REQUESTS * self._processes
        self._encoding = encoding
        self._mapping = mapping
        self._load: dict[_Worker, int] = {}  # requests that each one has
        self._changed = threading.Condition()

    def __enter__(self) -> OpenAiCounter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; a later count starts new ones."""
        with self._changed:
            workers, self._load = list(self._load), {}
            self._changed.notify_all()
        for worker in workers:
            worker.close()

    def count(self, raws: Sequence[bytes]) -> Counts:
        """UserError when a process ended before it answered."""
        if len(raws) < WORTH_A_PROCESS and not self._load:
            return count_rows(raws, self._encoding, self._mapping)
        worker = self._take()
        try:
            return worker.ask(raws)
        except UserError:
            self._drop(worker)
            raise
        finally:
            with self._changed:
                if worker in self._load:
                    self._load[worker] -= 1
                    self._changed.notify()

    def _take(self) -> _Worker:
        """One that has nothing to do; else a new one; else one that has room for another request."""
        with self._changed:
            while True:
                worker = min(self._load, key=self._load.__getitem__, default=None)
                if (worker is None or self._load[worker]) and len(self._load) < self._processes:
                    worker = _Worker(self._encoding, self._mapping)
                    self._load[worker] = 0
                if worker is not None and self._load[worker] < REQUESTS:
                    self._load[worker] += 1
                    return worker
                self._changed.wait()

    def _drop(self, worker: _Worker) -> None:
        with self._changed:
            self._load.pop(worker, None)
            self._changed.notify_all()
        worker.close()


class _Worker:
    """A process and the pipe to it. Several callers may ask; they are answered in the order they asked."""

    def __init__(self, encoding: str, mapping: ColumnMapping | None) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=work, args=(theirs, encoding, mapping), daemon=True, name="count-tokens"
        )
        self._process.start()
        theirs.close()  # only the process holds it now, so that its end is seen
        self._sending = threading.Lock()
        self._turn = threading.Condition()
        self._asked = self._answered = 0

    def ask(self, raws: Sequence[bytes]) -> Counts:
        try:
            with self._sending:
                ticket, self._asked = self._asked, self._asked + 1
                self._pipe.send_bytes(b"\n".join(raws))
            answer = array.array("q", self._receive(ticket))
        except (EOFError, OSError) as error:
            raise UserError(
                "The process that counts tokens ended before it was done.",
                hint="Count again; if it happens again, the memory may be too small.",
            ) from error
        totals, trained = answer[: len(raws)], answer[len(raws) :]
        return [
            None if total == _UNREADABLE else RowTokens(total, of_them, -1)
            for total, of_them in zip(totals, trained, strict=True)
        ]

    def _receive(self, ticket: int) -> bytes:
        """Wait for one's turn, then for the answer; the next one's turn comes however this ends."""
        with self._turn:
            self._turn.wait_for(lambda: self._answered == ticket)
        try:
            return self._pipe.recv_bytes()
        finally:
            with self._turn:
                self._answered += 1
                self._turn.notify_all()

    def close(self) -> None:
        self._pipe.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.kill()


def work(pipe: Connection, encoding: str, mapping: ColumnMapping | None) -> None:
    """The process's whole life: rows come, one a line, counts go back, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that asks
    try:
        while True:
            raws = pipe.recv_bytes().split(b"\n")
            counts = count_rows(raws, encoding, mapping)
            totals = [_UNREADABLE if row is None else row.total for row in counts]
            trained = [0 if row is None else row.trained for row in counts]
            pipe.send_bytes(array.array("q", totals + trained).tobytes())
    except (EOFError, OSError):
        return  # whoever asked is gone


def count_rows(raws: Sequence[bytes], encoding: str, mapping: ColumnMapping | None = None) -> Counts:
    """Total and trained tokens of each row; None for a row that cannot be read."""
    table = load_encoding(encoding)
    encode = table.encode_to_numpy  # the same ids as encode_ordinary, without a Python number for each
    roles: dict[str, int] = {}
    counts: Counts = []
    for raw in raws:
        turns = plain_row(raw) if mapping is None and len(raw) <= LONGEST_ROW else None
        if turns is None:
            counts.append(_count_any(raw, encoding, mapping))
            continue
        total, trained = FOR_THE_REPLY, 0
        for turn in turns:
            content = turn.content
            short = len(content) < LONGEST_RUN
            size = len(encode(content, disallowed_special=())) if short else count_text(content, table)
            if turn.role not in roles:
                roles[turn.role] = PER_MESSAGE + count_text(turn.role, table)
            total += roles[turn.role] + size
            if turn.is_trained:
                trained += size
        counts.append(RowTokens(total, trained, -1))
    return counts


def _count_any(raw: bytes, encoding: str, mapping: ColumnMapping | None) -> RowTokens | None:
    value = parse_row(raw).value if len(raw) <= LONGEST_ROW else None
    if value is None:
        return None
    found = tokens_of_example(example_of(value, mapping), load_encoding(encoding))
    return RowTokens(found.total, found.trained, -1)
