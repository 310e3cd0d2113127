"""Counts the tokens of all rows of a dataset: in batches, on all cores, in order, and only what changed."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple, Protocol

from tunedesk.dataset.example import example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.encoding import RowTokens
from tunedesk.template.errors import TemplateError
from tunedesk.template.plain_rows import plain_row
from tunedesk.template.rendered import LaidOut, Rendered

ROWS_AT_ONCE = 500
BYTES_AT_ONCE = 2_000_000
LONGEST_ROW = 64_000_000  # bytes; MAX_CHARACTERS of an example, each escaped, and some more

Counts = list[RowTokens | None]
"""One entry for each row; None for a row that cannot be read or rendered."""


class TokenCounter(Protocol):
    """lanes: how many calls of `count` are worth having at the same time. `count` is for any thread."""

    @property
    def lanes(self) -> int: ...

    def count(self, raws: Sequence[bytes]) -> Counts: ...


class TemplateCounter:
    """Counts with a local model's template and tokenizer, which spreads a batch over all cores by itself."""

    lanes = 2  # one batch is laid out while another is encoded

    def __init__(self, template: ChatTemplate, mapping: ColumnMapping | None = None) -> None:
        self._template = template
        self.mapping = mapping

    def count(self, raws: Sequence[bytes]) -> Counts:
        laid: list[LaidOut] = []
        places: list[int] = []
        for place, raw in enumerate(raws):
            try:
                found = self._lay_out(raw)
            except TemplateError:
                continue
            if found is not None:
                laid.append(found)
                places.append(place)
        counts: Counts = [None] * len(raws)
        for place, counted in zip(places, self._template.measure(laid), strict=True):
            counts[place] = None if isinstance(counted, TemplateError) else counted
        return counts

    def _lay_out(self, raw: bytes) -> LaidOut | None:
        if len(raw) > LONGEST_ROW:
            return None
        turns = plain_row(raw) if self.mapping is None and self._template.has_template else None
        if turns is not None:
            shape = tuple([(turn.role, turn.is_trained) for turn in turns])
            found = self._template.lay_out_turns(shape, [turn.content for turn in turns])
            if found is not None:
                return found
        value = parse_row(raw).value
        return None if value is None else self._template.lay_out(example_of(value, self.mapping))

    def render(self, raw: bytes) -> Rendered:
        """TemplateError says why a row is not counted."""
        return self._template.render(example_of(parse_row(raw).value, self.mapping))


class Counted(NamedTuple):
    """A stretch of rows and what was counted of each."""

    row_ids: list[int]
    raws: list[bytes]
    counts: Counts


class CountCache:
    """What was counted, by the row's text, so that after an edit one row is counted. For any thread.

    Holds about 120 bytes a row.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, RowTokens | None] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, raws: Sequence[bytes]) -> tuple[list[bytes], list[int]]:
        """The key of each row, and the places of those that are not known."""
        keys = [hashlib.blake2b(raw, digest_size=12).digest() for raw in raws]
        return keys, [place for place, key in enumerate(keys) if key not in self._known]

    def put(self, keys: Sequence[bytes], counts: Counts) -> None:
        with self._lock:
            self._known.update(zip(keys, counts, strict=True))

    def counts(self, keys: Sequence[bytes]) -> Counts:
        return [self._known[key] for key in keys]


def count_all(
    rows: Iterable[tuple[int, bytes]],
    counter: TokenCounter,
    cancelled: Callable[[], bool] = lambda: False,
    cache: CountCache | None = None,
) -> Iterator[Counted]:
    """Counts of all rows in their order, stretch by stretch as they are ready.

    `rows` is read on the caller's thread, a few stretches ahead. After a cancel nothing more comes. A cache
    belongs to one counter.
    """
    stretches = _stretches(rows)
    with ThreadPoolExecutor(counter.lanes, thread_name_prefix="count") as lanes:
        waiting: deque[tuple[list[int], list[bytes], Future[Counts]]] = deque()
        while not cancelled():
            for row_ids, raws in islice(stretches, 2 * counter.lanes - len(waiting)):
                waiting.append((row_ids, raws, lanes.submit(_count, raws, counter, cache)))
            if not waiting:
                return
            row_ids, raws, future = waiting.popleft()
            yield Counted(row_ids, raws, future.result())
        for _, _, future in waiting:
            future.cancel()


def _count(raws: list[bytes], counter: TokenCounter, cache: CountCache | None) -> Counts:
    if cache is None:
        return counter.count(raws)
    keys, missing = cache.get(raws)
    if missing:
        cache.put([keys[place] for place in missing], counter.count([raws[place] for place in missing]))
    return cache.counts(keys)


def _stretches(rows: Iterable[tuple[int, bytes]]) -> Iterator[tuple[list[int], list[bytes]]]:
    row_ids: list[int] = []
    raws: list[bytes] = []
    size = 0
    for row_id, raw in rows:
        row_ids.append(row_id)
        raws.append(raw)
        size += len(raw)
        if len(raws) >= ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield row_ids, raws
            row_ids, raws, size = [], [], 0
    if raws:
        yield row_ids, raws
