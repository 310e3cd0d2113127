"""Findings of a whole document, kept right while it is edited: row rules and corpus rules together,
for any thread.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.lint.corpus import CorpusIndex
from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.rows import lint_row
from tunedesk.lint.targets import Target

_CHUNK = 100  # rows between two looks at the lock, the progress and the cancel button
_Linted = tuple[ParsedRow, tuple[Finding, ...]]


class Rows(Protocol):
    """What lint needs of a document's snapshot."""

    def __len__(self) -> int: ...

    def rows(self) -> Iterator[tuple[int, bytes]]: ...


class LintSession:
    """One document, one target. `others` are the rows of other splits by name, read once at the start."""

    def __init__(self, target: Target, others: Mapping[str, Iterable[ParsedRow]] | None = None) -> None:
        self.target = target
        self._index = CorpusIndex(others)
        self._lock = threading.RLock()
        self._of_row: dict[int, tuple[Finding, ...]] = {}
        self._of_corpus: dict[int, tuple[Finding, ...]] = {}
        self._counts: Counter[Severity] = Counter()
        self._newest: dict[int, int] = {}  # edited row -> number of the call that brought its newest bytes
        self._calls = 0

    def lint_all(
        self,
        snapshot: Rows,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Lint every row, once for a session; False when it was cancelled, with what was found so far.

        progress(rows done, rows) is called now and then. Rows that `update` gets meanwhile keep their newer
        state.
        """
        total = len(snapshot)
        done = 0
        chunk: list[tuple[int, bytes]] = []
        for item in snapshot.rows():
            chunk.append(item)
            if len(chunk) < _CHUNK:
                continue
            if cancelled():
                return False
            self._lint_chunk(chunk)
            done += len(chunk)
            chunk = []
            if progress is not None:
                progress(done, total)
        self._lint_chunk(chunk)
        self._refresh()
        if progress is not None:
            progress(total, total)
        return True

    def update(self, row_id: int, raw: bytes | None) -> set[int]:
        """A row has new bytes, or None when it is gone; the rows whose findings changed (this one
        among them).
        """
        return self.update_many({row_id: raw})

    def update_many(self, rows: Mapping[int, bytes | None]) -> set[int]:
        """`update` for several rows at once; findings stay readable meanwhile."""
        with self._lock:
            self._calls += 1
            call = self._calls
            self._newest.update(dict.fromkeys(rows, call))
        items = list(rows.items())
        for begin in range(0, len(items), _CHUNK):
            found = [(row_id, self._lint(row_id, raw)) for row_id, raw in items[begin : begin + _CHUNK]]
            self._take(found, call)
        return set(rows) | self._refresh()

    def findings(self, row_id: int) -> tuple[Finding, ...]:
        with self._lock:
            return self._of_row.get(row_id, ()) + self._of_corpus.get(row_id, ())

    def counts(self) -> dict[Severity, int]:
        """Number of findings of each severity."""
        with self._lock:
            return {severity: self._counts[severity] for severity in Severity}

    def rows_with_findings(self) -> frozenset[int]:
        with self._lock:
            return frozenset(self._of_row) | frozenset(self._of_corpus)

    def _lint_chunk(self, chunk: list[tuple[int, bytes]]) -> None:
        self._take([(row_id, self._lint(row_id, raw)) for row_id, raw in chunk], 0)

    def _lint(self, row_id: int, raw: bytes | None) -> _Linted | None:
        """Without the lock: rendering may take a while, and findings must stay readable."""
        if raw is None:
            return None
        parsed = parse_row(raw)
        return parsed, tuple(replace(found, row=row_id) for found in lint_row(parsed, self.target))

    def _take(self, linted: list[tuple[int, _Linted | None]], call: int) -> None:
        """Keep what was found, but for rows that a later call has newer bytes of."""
        with self._lock:
            for row_id, found in linted:
                if self._newest.get(row_id, 0) != call:
                    continue
                if found is None:
                    self._index.remove(row_id)
                    self._store(self._of_row, row_id, ())
                else:
                    self._index.put(row_id, found[0])
                    self._store(self._of_row, row_id, found[1])

    def _refresh(self) -> set[int]:
        with self._lock:
            affected = self._index.affected()
            for row_id in affected:
                self._store(self._of_corpus, row_id, self._index.findings(row_id))
            return affected

    def _store(
        self, place: dict[int, tuple[Finding, ...]], row_id: int, findings: tuple[Finding, ...]
    ) -> None:
        self._counts.subtract(found.severity for found in place.pop(row_id, ()))
        if findings:
            place[row_id] = findings
            self._counts.update(found.severity for found in findings)
