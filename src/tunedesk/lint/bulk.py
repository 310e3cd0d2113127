"""Lints many rows at once: what is wrong with each alone, and what is kept of each for comparing. A pure
function of the rows, so that another process can do it as well."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.columns import Batch
from tunedesk.lint.corpus import classes_of, counters_for
from tunedesk.lint.finding import Finding
from tunedesk.lint.row_facts import RowFacts, facts_of
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rows import lint_view
from tunedesk.lint.rules.injection import literals_of
from tunedesk.lint.targets import Target
from tunedesk.lint.usual_rows import UsualRows, can_read

CHUNK = 1_000
"""Rows at once: enough to be quick, few enough to tell the progress and to be cancelled."""
_FEW = 50  # rows; for fewer, the quick way is none


@dataclass
class Linted:
    """batch: for the comparing. findings: of the rows that have any."""

    batch: Batch = field(default_factory=Batch)
    findings: list[tuple[int, tuple[Finding, ...]]] = field(default_factory=list)


class BulkLinter:
    """Not shared between threads: it remembers the shapes of rows."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._counters = counters_for(target)
        self._usual = UsualRows(target, self._counters) if can_read(target, self._counters) else None
        self._literals = tuple(literals_of(target))

    def lint(self, rows: Sequence[tuple[int, bytes]]) -> Linted:
        linted = Linted()
        if self._usual is None or len(rows) < _FEW:
            for row, raw in rows:
                self._lint_one(row, raw, linted)
            linted.batch.close()
            return linted
        from tunedesk.lint.byte_screen import screen  # brings numpy

        screened = screen([raw for _, raw in rows], self._literals)
        read = self._usual.read_into(linted.batch)
        for (row, raw), suspicious, blanks, quotes in zip(rows, *screened, strict=True):
            if suspicious or not read(row, raw, blanks, quotes):
                self._lint_one(row, raw, linted)
        linted.batch.close()
        return linted

    def _lint_one(self, row: int, raw: bytes, linted: Linted) -> None:
        facts, found = self.lint_one(row, raw)
        if found:
            linted.findings.append((row, found))
        if facts is None:
            linted.batch.add_absent(row)
        else:
            linted.batch.add(row, facts)

    def lint_one(self, row: int, raw: bytes) -> tuple[RowFacts | None, tuple[Finding, ...]]:
        """What is kept of a row for comparing, and what is wrong with it alone."""
        view = RowView(parse_row(raw), self.target)
        found = tuple(replace(each, row=row) for each in lint_view(view))
        if view.parsed.value is None or view.parsed.problems:
            return None, found
        return facts_of(view, classes_of(view, self._counters)), found
