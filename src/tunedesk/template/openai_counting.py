"""Counts rows for OpenAI's models in processes of its own: tiktoken's threads hold each other up.

The processes are spawned, never forked; each ends when the process that started it ends, however that ends,
because its pipe closes then. They import neither Qt nor torch.
"""

from __future__ import annotations

import array
import multiprocessing
import os
import queue
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
    PER_MESSAGE,
    count_text,
    load_encoding,
    tokens_of_example,
)
from tunedesk.template.plain_rows import plain_row

WORTH_A_PROCESS = 200
"""Rows; fewer are counted on the spot, because a process takes half a second to start."""
_UNREADABLE = -1


class OpenAiCounter:
    """Counts with one of the encodings of `openai_tokens`; a context manager, because it starts processes.

    lanes: the processes, one for each core, at most eight (each takes 150 MB). They are started when there is
    enough to count.
    """

    def __init__(
        self, encoding: str, mapping: ColumnMapping | None = None, processes: int | None = None
    ) -> None:
        self.lanes = processes if processes is not None else min(os.cpu_count() or 1, 8)
        self._encoding = encoding
        self._mapping = mapping
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()

    def __enter__(self) -> OpenAiCounter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; a later count starts new ones."""
        with self._lock:
            for worker in self._workers:
                worker.close()
            self._workers = []
            self._idle = queue.SimpleQueue()

    def count(self, raws: Sequence[bytes]) -> Counts:
        """UserError when a process ended before it answered."""
        if len(raws) < WORTH_A_PROCESS and not self._workers:
            return count_rows(raws, self._encoding, self._mapping)
        worker = self._take()
        try:
            counts = worker.ask(raws)
        except UserError:
            self._drop(worker)
            raise
        self._idle.put(worker)
        return counts

    def _drop(self, worker: _Worker) -> None:
        with self._lock:
            if worker in self._workers:
                self._workers.remove(worker)
        worker.close()

    def _take(self) -> _Worker:
        """A worker that has nothing to do; a new one as long as there are fewer than lanes."""
        with self._lock:
            if self._idle.empty() and len(self._workers) < self.lanes:
                self._workers.append(_Worker(self._encoding, self._mapping))
                return self._workers[-1]
            idle = self._idle
        return idle.get()


class _Worker:
    """A process and the pipe to it; one caller at a time."""

    def __init__(self, encoding: str, mapping: ColumnMapping | None) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=work, args=(theirs, encoding, mapping), daemon=True, name="count-tokens"
        )
        self._process.start()
        theirs.close()  # only the process holds it now, so that its end is seen

    def ask(self, raws: Sequence[bytes]) -> Counts:
        try:
            self._pipe.send_bytes(b"\n".join(raws))
            answer = array.array("q", self._pipe.recv_bytes())
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
    encode = table.encode_ordinary
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
            size = len(encode(content)) if len(content) < 50_000 else count_text(content, table)
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
