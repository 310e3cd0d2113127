"""A lint run over a whole file: what was found, what is silenced, and the numbers; how it is shown is the
business of `reports`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tunedesk.dataset.files import read_rows
from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.lint.baseline import Baseline
from tunedesk.lint.bulk import CHUNK, BulkLinter
from tunedesk.lint.corpus import CorpusIndex
from tunedesk.lint.file_facts import file_facts
from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.near_duplicates import describe, find_near_duplicates
from tunedesk.lint.rules.files import lint_file_facts
from tunedesk.lint.rules.housekeeping import unused_finding
from tunedesk.lint.silencing import Silenced, Silencer
from tunedesk.lint.targets import Target


@dataclass(frozen=True, slots=True)
class LintReport:
    """findings: in the order of the rows, each with its row's number from 1; about the file as a whole: no
    number, at the end. rows: how many were looked at. silenced: suppressed ones, with the reasons. known: how
    many more the baseline has.
    """

    findings: tuple[Finding, ...]
    rows: int
    silenced: tuple[Silenced, ...] = ()
    known: int = 0

    def count(self, severity: Severity) -> int:
        return sum(found.severity is severity for found in self.findings)

    def codes(self) -> Counter[str]:
        """How many findings each rule has."""
        return Counter(found.code for found in self.findings)


def lint_rows(
    rows: Iterable[tuple[int, bytes]],
    target: Target,
    others: Mapping[str, Iterable[ParsedRow]] | None = None,
) -> LintReport:
    """Lint numbered rows (from 1) alone and in company."""
    index, linter = CorpusIndex(others, target), BulkLinter(target)
    of_row: dict[int, tuple[Finding, ...]] = {}
    count = 0
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        linted = linter.lint(chunk)
        index.put_batch(linted.batch)
        of_row.update(linted.findings)
        count += len(chunk)
    affected = index.affected()
    ordered = [
        (number, found)
        for number in sorted(of_row.keys() | affected)
        for found in (*of_row.get(number, ()), *index.findings(number))
    ]
    about_rows = tuple(replace(found, row=number) for number, found in ordered)
    return LintReport((*about_rows, *index.file_findings()), count)


def lint_file(
    path: Path,
    target: Target,
    others: Mapping[str, Iterable[ParsedRow]] | None = None,
    tell: Callable[[str], object] | None = None,
) -> LintReport:
    """Lint a dataset file, its rows and the file as such; UserError when it cannot be read.

    tell: is given sentences about what was guessed when the file was opened, such as its encoding.
    """
    report = lint_rows(read_rows(path, tell), target, others)
    about_file = lint_file_facts(file_facts(path, report.rows), target)
    return replace(report, findings=(*report.findings, *about_file))


class NumberedRows:
    """The rows of a file in memory, by their numbers from 1; for what must go back and forth."""

    def __init__(self, raws: Sequence[bytes]) -> None:
        self._raws = raws

    def __len__(self) -> int:
        return len(self._raws)

    def rows(self) -> Iterator[tuple[int, bytes]]:
        return enumerate(self._raws, start=1)

    def raw(self, row_id: int) -> bytes:
        return self._raws[row_id - 1]


def with_near_duplicates(
    report: LintReport,
    rows: NumberedRows,
    target: Target,
    others: Mapping[str, Iterable[ParsedRow]] | None = None,
) -> tuple[LintReport, str]:
    """The report with rows that say nearly the same as others; and a sentence that says if it was sampled."""
    found = find_near_duplicates(rows, target, others)
    assert found is not None  # it was not cancelled
    near = [replace(each, row=number) for number, findings in found.findings.items() for each in findings]
    about_rows = [each for each in report.findings if each.row is not None]
    about_file = [each for each in report.findings if each.row is None]
    ordered = sorted([*about_rows, *near], key=lambda each: each.row or 0)
    return replace(report, findings=(*ordered, *about_file)), describe(found)


def read_split(path: Path) -> list[ParsedRow]:
    """The rows of another split, for the search for leaks."""
    return [parse_row(raw) for _, raw in read_rows(path)]


def silenced(report: LintReport, rows: Iterable[tuple[int, bytes]], silencer: Silencer) -> LintReport:
    """The report without what a person has suppressed or a baseline has; rows: the same ones once more.

    A suppression that covers nothing is a finding of its own, about the file.
    """
    by_row: dict[int | None, list[Finding]] = {}
    for found in report.findings:
        by_row.setdefault(found.row, []).append(found)
    parts = [
        silencer.part(parse_row(raw), findings)
        for number, raw in rows
        if (findings := by_row.pop(number, None)) is not None
    ]
    parts += [silencer.part(None, findings) for findings in by_row.values()]
    unused = tuple(unused_finding(each) for each in silencer.unused())
    return LintReport(
        tuple(found for part in parts for found in part.shown) + unused,
        report.rows,
        tuple(each for part in parts for each in part.silenced),
        sum(len(part.known) for part in parts),
    )


def baseline_of(report: LintReport, rows: Iterable[tuple[int, bytes]]) -> Baseline:
    """What the report holds, to be known from now on; rows: the same ones once more."""
    by_row: dict[int | None, list[Finding]] = {}
    for found in report.findings:
        by_row.setdefault(found.row, []).append(found)
    pairs: list[tuple[Finding, ParsedRow | None]] = []
    for number, raw in rows:
        if (findings := by_row.pop(number, None)) is not None:
            parsed = parse_row(raw)
            pairs += [(found, parsed) for found in findings]
    pairs += [(found, None) for findings in by_row.values() for found in findings]
    return Baseline.of(pairs)
