"""The JSON form of a lint report."""

import json

import msgspec

from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.report import LintReport


class ReportedFinding(msgspec.Struct, frozen=True):
    """row counts from 1, null for the file as a whole; start and end are characters in the value that the
    pointer names.
    """

    code: str
    severity: str
    row: int | None
    pointer: str
    start: int
    end: int
    message: str
    fix: str | None  # "safe", "unsafe", "suggestion" or null


class ReportedSuppression(msgspec.Struct, frozen=True):
    finding: ReportedFinding
    reason: str
    author: str
    created: str


class JsonReport(msgspec.Struct, frozen=True):
    """What `tunedesk lint --format json` prints. known: findings that the baseline has."""

    findings: tuple[ReportedFinding, ...]
    rows: int
    errors: int
    warnings: int
    suppressed: tuple[ReportedSuppression, ...]
    known: int


def to_json(report: LintReport) -> bytes:
    plain = msgspec.to_builtins(
        JsonReport(
            tuple(_reported(found) for found in report.findings),
            report.rows,
            report.count(Severity.ERROR),
            report.count(Severity.WARNING),
            tuple(
                ReportedSuppression(
                    _reported(each.finding),
                    each.suppression.reason,
                    each.suppression.author,
                    each.suppression.created,
                )
                for each in report.silenced
            ),
            report.known,
        )
    )
    # A pointer or message may hold half a character; only as an escape can it be written.
    return json.dumps(plain, separators=(",", ":")).encode("ascii")


def _reported(found: Finding) -> ReportedFinding:
    fix = found.fix.kind.value if found.fix is not None else None
    return ReportedFinding(
        found.code,
        found.severity.value,
        found.row,
        found.pointer,
        found.start,
        found.end,
        found.message,
        fix,
    )
