"""Several requests at once: who is written together, who waits for memory, and whose turn it is."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Iterator, Sequence

from tunedesk.engine.generate_request import Request, Send
from tunedesk.engine.generate_tokens import Answer, Batch
from tunedesk.engine.generate_voices import Voices
from tunedesk.errors import UserError
from tunedesk.runs.generation import Generate, GenerationFailed
from tunedesk.template.model_folder import ModelShape

CACHE_BYTES = 1_000_000_000
"""Keys and values that all batches may hold together; what does not fit waits."""
MOST_ROWS = 64
EXPECTED = 1024
"""Tokens of an answer for which memory is set aside: few are longer, and many may be allowed to be."""
JOIN_WASTE = 1.5
"""Batches are joined only if padding makes them at most this much larger than they are by themselves."""


class Turns:
    """Each `step` writes one more token in one batch. All requests are of one loaded model.

    A request whose answers do not fit is written in several batches, one after the other. Requests that come
    at the same moment begin as one batch, and batches whose prompts are read are joined, because a pass of
    the model costs little more for many rows than for one.
    """

    def __init__(self, voices: Voices, send: Send) -> None:
        self._voices = voices
        self._send = send
        self._requests: dict[int, Request] = {}
        self._owners: dict[Answer, Request] = {}
        self._waiting: deque[tuple[Request, deque[list[Answer]]]] = deque()
        """Requests with batches that are not begun; none of them has one under way."""
        self._parts: dict[Request, deque[list[Answer]]] = {}
        """Batches to come of requests that have one under way."""
        self._batches: deque[Batch] = deque()

    @property
    def is_idle(self) -> bool:
        return not self._requests

    def begin(self, asked: Generate) -> None:
        """UserError as `Request`."""
        request = Request(self._voices, asked, self._send)
        if not request.answers:
            return
        self._requests[asked.id] = request
        self._owners.update(dict.fromkeys(request.answers, request))
        self._waiting.append((request, deque(batches(request.answers, self._voices.folder.shape))))

    def cancel(self, number: int) -> None:
        """Stop a request between two tokens; one that is not there is complete already."""
        if request := self._requests.get(number):
            request.cancel()
            self._forget(request)

    def step(self) -> None:
        self._admit()
        self._join()
        if not self._batches:
            return
        batch = self._batches.popleft()
        if not batch.live:
            return
        try:
            for written in batch.step():
                self._owners[written.answer].take(written)
        except BrokenPipeError:
            raise
        except Exception as trouble:
            traceback.print_exc()
            self._fail(batch.live, trouble)
        if batch.live:
            self._batches.append(batch)
        self._go_on(batch)

    def _go_on(self, batch: Batch) -> None:
        """Requests whose batch is done wait for their next one, before those that have not begun."""
        for request in {self._owners[item]: None for item in batch.rows if item in self._owners}:
            unfinished = sum(item.reason is None for item in request.answers)
            to_come = sum(map(len, self._parts.get(request, ())))
            if not unfinished:
                self._forget(request)
            elif unfinished == to_come:
                self._waiting.appendleft((request, self._parts.pop(request)))

    def _forget(self, request: Request) -> None:
        self._requests.pop(request.asked.id, None)
        self._parts.pop(request, None)
        self._waiting = deque(each for each in self._waiting if each[0] is not request)
        for item in request.answers:
            self._owners.pop(item, None)
        self._batches = deque(batch for batch in self._batches if batch.live)

    def _fail(self, answers: Sequence[Answer], trouble: Exception) -> None:
        for request in {self._owners[item]: None for item in answers}:
            request.fail(failure_of(request.asked.id, trouble))
            self._forget(request)

    def _admit(self) -> None:
        """Begin what waits, in its order, as far as memory allows; at least one batch."""
        while self._waiting:
            if self._batches and not self._fits(self._waiting[0][1][0]):
                return
            rows = self._take_first_part()
            while self._waiting and self._goes_with(rows, self._waiting[0][1][0]):
                rows = rows + self._take_first_part()
            self._batches.append(self._batch(rows))

    def _take_first_part(self) -> list[Answer]:
        request, parts = self._waiting.popleft()
        rows = parts.popleft()
        if parts:
            self._parts[request] = parts
        return rows

    def _batch(self, rows: list[Answer]) -> Batch:
        voices = self._voices
        return Batch(
            voices.forward,
            rows,
            new_cache=voices.new_cache,
            end_ids=voices.template.end_ids,
            pad_id=voices.template.pad_id,
            device=voices.device,
        )

    def _fits(self, rows: Sequence[Answer]) -> bool:
        """Whether `rows` have room beside what is being written."""
        others = [batch.live for batch in self._batches]
        count = len(rows) + sum(map(len, others))
        columns = _columns(rows) + sum(map(_columns, others))
        return count <= MOST_ROWS and columns * self._each <= CACHE_BYTES

    def _goes_with(self, rows: Sequence[Answer], more: Sequence[Answer]) -> bool:
        return self._fits([*rows, *more]) and not _wastes(rows, more)

    def _join(self) -> None:
        """Join what has read its prompts, oldest first."""
        apart: deque[Batch] = deque()
        for batch in self._batches:
            host = next((each for each in apart if self._joins(each, batch)), None)
            if host is None:
                apart.append(batch)
            else:
                host.join(batch)
        self._batches = apart

    def _joins(self, host: Batch, guest: Batch) -> bool:
        rows = [*host.live, *guest.live]
        if not host.live or not guest.live or not host.can_join(guest) or _wastes(host.live, guest.live):
            return False
        return len(rows) <= MOST_ROWS and _columns(rows) * self._each <= CACHE_BYTES

    @property
    def _each(self) -> int:
        return bytes_of_token(self._voices.folder.shape)


def batches(answers: Sequence[Answer], shape: ModelShape) -> Iterator[list[Answer]]:
    """Answers of similar length together, as many as the memory for keys and values allows, at least one."""
    each = bytes_of_token(shape)
    batch: list[Answer] = []
    for item in sorted(answers, key=lambda item: len(item.ids)):
        if batch and (len(batch) >= MOST_ROWS or _columns([*batch, item]) * each > CACHE_BYTES):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def bytes_of_token(shape: ModelShape) -> int:
    """Keys and values of one token, at most float32."""
    return 2 * shape.layers * shape.kv_heads * shape.head_dim * 4


def _columns(rows: Sequence[Answer]) -> int:
    """Tokens that a batch of these rows holds at its end, padding included."""
    return len(rows) * max((_length(item) for item in rows), default=0)


def _length(item: Answer) -> int:
    return len(item.ids) + max(min(item.limit, EXPECTED), len(item.written))


def _wastes(rows: Sequence[Answer], more: Sequence[Answer]) -> bool:
    return _columns([*rows, *more]) > JOIN_WASTE * (_columns(rows) + _columns(more))


def failure_of(number: int, trouble: Exception) -> GenerationFailed:
    """What whoever made the request is told."""
    if isinstance(trouble, UserError):
        return GenerationFailed(number, trouble.message, trouble.hint)
    reason = (str(trouble).splitlines() or [type(trouble).__name__])[0]
    is_full = type(trouble).__name__ == "OutOfMemoryError"
    hint = "The graphics card's memory is full: stop a run on it, or shorten the conversation."
    return GenerationFailed(number, f"The answer failed: {reason}", hint if is_full else "", is_fault=True)
