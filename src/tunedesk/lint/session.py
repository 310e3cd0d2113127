"""Findings of a whole document, kept right while it is edited: row rules and corpus rules together,
for any thread.
"""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Protocol

from tunedesk.dataset.parsing import ParsedRow
from tunedesk.lint.bulk import CHUNK, BulkLinter, Linted
from tunedesk.lint.corpus import CorpusIndex
from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.finding_store import NO_FINDINGS, FindingStore, SeverityCounts, count_severities
from tunedesk.lint.near_duplicates import NearDuplicates, ReadableRows
from tunedesk.lint.near_duplicates import find_near_duplicates as search
from tunedesk.lint.targets import Target

RENDERED_CHUNK = 50  # rows; rendering takes a hundred times as long
LONG = 4.0
"""Seconds of work from which on a second process pays; it needs about one to begin."""
_PLAIN_SECONDS, _RENDERED_SECONDS = 10e-9, 350e-9  # for each byte, measured on rows of 1,000 bytes
_AHEAD = 3  # chunks that the second process has before it
_Chunk = list[tuple[int, bytes]]


class Rows(Protocol):
    """What lint needs of a document's snapshot."""

    def __len__(self) -> int: ...

    def rows(self) -> Iterator[tuple[int, bytes]]: ...


class LintSession:
    """One document, one target. `others` are the rows of other splits by name, read once at the start.

    model: the folder of the target's template, with which a second process can help; None: none is started
    for a target with a template. processes: 1 leaves everything to this one.
    """

    def __init__(
        self,
        target: Target,
        others: Mapping[str, Iterable[ParsedRow]] | None = None,
        *,
        model: Path | None = None,
        processes: int = 2,
    ) -> None:
        self.target = target
        self._model = model
        self._processes = min(processes, os.cpu_count() or 1)
        self._one = BulkLinter(target)
        self._index = CorpusIndex(others, target)
        self._lock = threading.RLock()
        self._of_row = FindingStore()
        self._of_corpus: dict[int, SeverityCounts] = {}
        self._near: dict[int, tuple[Finding, ...]] = {}
        self._near_to: dict[int, set[int]] = {}  # row -> rows that were found near to it
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
        total, done = len(snapshot), 0
        for linted in self._lint_chunks(snapshot, cancelled):
            if linted is None:
                return False
            self._take_batch(linted)
            done += len(linted.batch.rows)
            if progress is not None:
                progress(done, total)
        self._refresh()
        if progress is not None:
            progress(total, total)
        return True

    def find_near_duplicates(
        self,
        snapshot: ReadableRows,
        others: Mapping[str, Iterable[ParsedRow]] | None = None,
        progress: Callable[[int, int], None] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> NearDuplicates | None:
        """Search for rows that say nearly the same, and for questions nearly as in `others`; None when
        cancelled.

        Takes about a minute for half a million rows. What is found is among the findings from then on; a
        row that is edited loses it until the next search, and so do the rows that were found near to it.
        """
        with self._lock:
            before = self._calls
        found = search(snapshot, self.target, others, progress, cancelled)
        if found is None:
            return None
        with self._lock:
            edited = {row_id for row_id, call in self._newest.items() if call > before}
            for row_id in list(self._near):
                self._forget_near(row_id)
            for row_id, findings in found.findings.items():
                if not edited.intersection((row_id, *(other for each in findings for other in each.related))):
                    self._near[row_id] = findings
                    self._count(count_severities(findings), 1)
                    for finding in findings:
                        for other in finding.related:
                            self._near_to.setdefault(other, set()).add(row_id)
        return found

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
        linter = BulkLinter(self.target) if len(rows) > CHUNK else self._one
        left = iter(rows.items())
        while chunk := list(islice(left, self._chunk_size)):
            gone = [row_id for row_id, raw in chunk if raw is None]
            there = [(row_id, raw) for row_id, raw in chunk if raw is not None]
            self._take_edited(linter.lint(there), gone, call)
        with self._lock:
            near = {each for row_id in rows for each in (row_id, *self._near_to.pop(row_id, ()))}
            parted = {row_id for row_id in near if self._forget_near(row_id)}
        return set(rows) | parted | self._refresh()

    def findings(self, row_id: int) -> tuple[Finding, ...]:
        with self._lock:
            of_corpus = self._index.findings(row_id) if row_id in self._of_corpus else ()
            return self._of_row.get(row_id) + of_corpus + self._near.get(row_id, ())

    def file_findings(self) -> tuple[Finding, ...]:
        """What is wrong with the file as a whole, and no row's fault; with row=None."""
        with self._lock:
            return self._index.file_findings()

    def counts(self) -> dict[Severity, int]:
        """Number of findings of each severity, without those of the file as a whole."""
        with self._lock:
            return {severity: self._counts[severity] for severity in Severity}

    def counts_of(self, row_id: int) -> SeverityCounts:
        """Errors, warnings and notes of a row; much cheaper than its findings."""
        with self._lock:
            alone, together = self._of_row.counts(row_id), self._of_corpus.get(row_id, NO_FINDINGS)
            near = count_severities(self._near.get(row_id, ()))
            return tuple(map(sum, zip(alone, together, near, strict=True)))  # type: ignore[return-value]

    def rows_with_findings(self) -> frozenset[int]:
        with self._lock:
            return frozenset(self._of_row) | frozenset(self._of_corpus) | frozenset(self._near)

    @property
    def _chunk_size(self) -> int:
        return CHUNK if self.target.template is None else RENDERED_CHUNK

    def _lint_chunks(self, snapshot: Rows, cancelled: Callable[[], bool]) -> Iterator[Linted | None]:
        """Every chunk in order; None at the end when it was cancelled."""
        linter = BulkLinter(self.target)
        source = snapshot.rows()
        chunks: Iterator[_Chunk] = iter(lambda: list(islice(source, self._chunk_size)), [])
        first = next(chunks, [])
        if not first:
            return
        if cancelled():
            yield None
            return
        yield linter.lint(first)
        if not self._is_long(first, len(snapshot)):
            for chunk in chunks:
                if cancelled():
                    yield None
                    return
                yield linter.lint(chunk)
            return
        yield from self._lint_with_help(linter, chunks, cancelled)

    def _is_long(self, chunk: _Chunk, total: int) -> bool:
        """Whether so much is left that a second process pays."""
        if self._processes < 2 or (self.target.template is not None and self._model is None):
            return False
        each = sum(len(raw) for _, raw in chunk) / len(chunk)
        seconds = _PLAIN_SECONDS if self.target.template is None else _RENDERED_SECONDS
        return each * total * seconds > LONG

    def _lint_with_help(
        self, linter: BulkLinter, chunks: Iterator[_Chunk], cancelled: Callable[[], bool]
    ) -> Iterator[Linted | None]:
        from tunedesk.lint.second_process import SecondProcess

        with ExitStack() as stack:
            try:
                helper = stack.enter_context(SecondProcess(self.target, self._model))
            except OSError:  # no room for another process: one is enough
                yield from (None if cancelled() else linter.lint(chunk) for chunk in chunks)
                return
            done: dict[int, Linted] = {}
            numbered = enumerate(chunks)
            expected, more = 0, True
            while more or helper.waiting or done:
                if cancelled():
                    yield None
                    return
                while more and helper.is_alive and helper.waiting < _AHEAD:
                    following = next(numbered, None)
                    more = following is not None
                    if following is not None:
                        helper.send(*following)
                mine = next(numbered, None) if more else None
                more = mine is not None
                if mine is not None:
                    done[mine[0]] = linter.lint(mine[1])
                done.update(helper.receive(0 if more else 0.1))
                done.update((number, linter.lint(rows)) for number, rows in helper.take_lost())
                while expected in done:
                    yield done.pop(expected)
                    expected += 1

    def _take_batch(self, linted: Linted) -> None:
        """Keep what was found, but for rows that were edited meanwhile."""
        batch = linted.batch
        with self._lock:
            edited = self._newest.keys() & set(batch.rows) if self._newest else set()
            if not edited:
                self._index.put_batch(batch)
            else:
                for number, row_id in enumerate(batch.rows):
                    if row_id not in edited:
                        self._index.put_facts(row_id, batch.facts(number))
            for row_id, found in linted.findings:
                if row_id not in edited:
                    self._store(row_id, found)

    def _take_edited(self, linted: Linted, gone: list[int], call: int) -> None:
        """Keep what was found, but for rows that a later call has newer bytes of."""
        found = dict(linted.findings)
        with self._lock:
            for number, row_id in enumerate(linted.batch.rows):
                if self._newest[row_id] == call:
                    self._index.put_facts(row_id, linted.batch.facts(number))
                    self._store(row_id, found.get(row_id, ()))
            for row_id in gone:
                if self._newest[row_id] == call:
                    self._index.remove(row_id)
                    self._store(row_id, ())

    def _refresh(self) -> set[int]:
        with self._lock:
            affected = self._index.affected()
            for row_id in affected:
                self._count(self._of_corpus.pop(row_id, NO_FINDINGS), -1)
                findings = self._index.findings(row_id)
                if findings:
                    self._of_corpus[row_id] = counts = count_severities(findings)
                    self._count(counts, 1)
            return affected

    def _store(self, row_id: int, findings: tuple[Finding, ...]) -> None:
        self._count(self._of_row.counts(row_id), -1)
        self._of_row.put(row_id, findings)
        self._count(self._of_row.counts(row_id), 1)

    def _forget_near(self, row_id: int) -> bool:
        gone = self._near.pop(row_id, ())
        self._count(count_severities(gone), -1)
        return bool(gone)

    def _count(self, counts: SeverityCounts, by: int) -> None:
        for severity, count in zip((Severity.ERROR, Severity.WARNING, Severity.INFO), counts, strict=True):
            self._counts[severity] += by * count
