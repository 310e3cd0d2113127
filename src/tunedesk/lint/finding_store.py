"""Keeps the findings of many rows in little memory: packed, and each text of findings once. Knows no rule."""

import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tunedesk.lint.finding import Finding, Severity

SeverityCounts = tuple[int, int, int]
"""Errors, warnings, notes."""
NO_FINDINGS: SeverityCounts = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Packed:
    """The findings of a row without the row's id; what is wrong in the same way with many rows is the same
    object."""

    content: bytes
    counts: SeverityCounts


def count_severities(findings: Sequence[Finding]) -> SeverityCounts:
    severities = [found.severity for found in findings]
    return (
        severities.count(Severity.ERROR),
        severities.count(Severity.WARNING),
        severities.count(Severity.INFO),
    )


class FindingStore:
    """row -> findings. Not thread-safe by itself."""

    def __init__(self) -> None:
        self._rows: dict[int, Packed] = {}
        self._packed: dict[bytes, Packed] = {}
        self._uses: Counter[bytes] = Counter()

    def put(self, row: int, findings: Sequence[Finding]) -> None:
        """Replaces what the row had; no findings: forgets the row."""
        self._drop(row)
        if not findings:
            return
        content = pickle.dumps([replace(found, row=None) for found in findings], pickle.HIGHEST_PROTOCOL)
        packed = self._packed.get(content)
        if packed is None:
            packed = self._packed[content] = Packed(content, count_severities(findings))
        self._uses[content] += 1
        self._rows[row] = packed

    def get(self, row: int) -> tuple[Finding, ...]:
        packed = self._rows.get(row)
        if packed is None:
            return ()
        found: list[Finding] = pickle.loads(packed.content)
        return tuple(replace(each, row=row) for each in found)

    def counts(self, row: int) -> SeverityCounts:
        packed = self._rows.get(row)
        return packed.counts if packed is not None else NO_FINDINGS

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows)

    def _drop(self, row: int) -> None:
        packed = self._rows.pop(row, None)
        if packed is None:
            return
        self._uses[packed.content] -= 1
        if not self._uses[packed.content]:
            del self._uses[packed.content], self._packed[packed.content]
