"""A lint run over a whole file: what was found, what is silenced, and the numbers; how it is shown is the
business of `reports`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
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
