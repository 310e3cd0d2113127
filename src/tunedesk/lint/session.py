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
        self._edited: set[int] = set()

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
        """`update` for several rows at once."""
        with self._lock:
            for row_id, raw in rows.items():
                self._edited.add(row_id)
                self._put(row_id, raw)
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
        # Rows are linted without the lock: rendering may take a while, and findings must stay readable
        # meanwhile.
        found = [(row_id, *self._lint(row_id, raw)) for row_id, raw in chunk]
        with self._lock:
            for row_id, parsed, findings in found:
                if row_id not in self._edited:
                    self._index.put(row_id, parsed)
                    self._store(self._of_row, row_id, findings)

    def _put(self, row_id: int, raw: bytes | None) -> None:
        if raw is None:
            self._index.remove(row_id)
            self._store(self._of_row, row_id, ())
            return
        parsed, findings = self._lint(row_id, raw)
        self._index.put(row_id, parsed)
        self._store(self._of_row, row_id, findings)

    def _lint(self, row_id: int, raw: bytes) -> tuple[ParsedRow, tuple[Finding, ...]]:
        parsed = parse_row(raw)
        return parsed, tuple(replace(found, row=row_id) for found in lint_row(parsed, self.target))

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
