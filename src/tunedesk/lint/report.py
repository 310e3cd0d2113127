"""A lint run as a person reads it and as a program reads it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from tunedesk.dataset.files import read_rows
from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.lint.corpus import CorpusIndex
from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.registry import BY_CODE
from tunedesk.lint.rows import lint_row
from tunedesk.lint.targets import Target


class ReportedFinding(msgspec.Struct, frozen=True):
    """row counts from 1; start and end are characters in the value that the pointer names."""

    code: str
    severity: str
    row: int
    pointer: str
    start: int
    end: int
    message: str
    fix: str | None  # "safe", "unsafe", "suggestion" or null


class JsonReport(msgspec.Struct, frozen=True):
    """What `tunedesk lint --format json` prints."""

    findings: tuple[ReportedFinding, ...]
    rows: int
    errors: int
    warnings: int


@dataclass(frozen=True, slots=True)
class LintReport:
    """findings: in the order of the rows, each with its row's number from 1. rows: how many were
    looked at.
    """

    findings: tuple[Finding, ...]
    rows: int

    def count(self, severity: Severity) -> int:
        return sum(found.severity is severity for found in self.findings)


def lint_rows(
    rows: Iterable[tuple[int, bytes]],
    target: Target,
    others: Mapping[str, Iterable[ParsedRow]] | None = None,
) -> LintReport:
    """Lint numbered rows (from 1) alone and in company."""
    index = CorpusIndex(others)
    of_row: dict[int, tuple[Finding, ...]] = {}
    count = 0
    for number, raw in rows:
        parsed = parse_row(raw)
        index.put(number, parsed)
        findings = lint_row(parsed, target)
        if findings:
            of_row[number] = findings
        count += 1
    affected = index.affected()
    ordered = [
        (number, found)
        for number in sorted(of_row.keys() | affected)
        for found in (*of_row.get(number, ()), *index.findings(number))
    ]
    return LintReport(tuple(replace(found, row=number) for number, found in ordered), count)


def lint_file(
    path: Path, target: Target, others: Mapping[str, Iterable[ParsedRow]] | None = None
) -> LintReport:
    """Lint a dataset file; UserError when it cannot be read."""
    return lint_rows(read_rows(path), target, others)


def read_split(path: Path) -> list[ParsedRow]:
    """The rows of another split, for the search for leaks."""
    return [parse_row(raw) for _, raw in read_rows(path)]


def to_json(report: LintReport) -> bytes:
    findings = tuple(
        ReportedFinding(
            found.code,
            found.severity.value,
            found.row or 0,
            found.pointer,
            found.start,
            found.end,
            found.message,
            found.fix.kind.value if found.fix is not None else None,
        )
        for found in report.findings
    )
    errors, warnings = report.count(Severity.ERROR), report.count(Severity.WARNING)
    plain = msgspec.to_builtins(JsonReport(findings, report.rows, errors, warnings))
    # A pointer or message may hold half a character; only as an escape can it be written.
    return json.dumps(plain, separators=(",", ":")).encode("ascii")


def to_text(report: LintReport, name: str) -> str:
    """One line for each finding and a summary, in plain text; `name` is the file as the user called it."""
    lines = [_line(found, name) for found in report.findings]
    return "\n".join([*lines, _summary(report)])


def _line(found: Finding, name: str) -> str:
    where = f" {found.pointer}" if found.pointer else ""
    related = f" (see row {', '.join(map(str, found.related))})" if found.related else ""
    fix = f" [{found.fix.kind.value} fix: {found.fix.label}]" if found.fix is not None else ""
    rule = f"{found.severity.value} {found.code} {BY_CODE[found.code].name}"
    return f"{name}:{found.row}: {rule}{where}: {found.message}{related}{fix}"


def _summary(report: LintReport) -> str:
    rows = _counted(report.rows, "row")
    if not report.findings:
        return f"{rows}: nothing wrong was found."
    names = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    parts = [
        _counted(report.count(severity), name) for severity, name in names.items() if report.count(severity)
    ]
    return f"{rows}: {', '.join(parts)}."


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
