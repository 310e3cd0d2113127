"""The plain forms of a lint report: one line a finding, a table, and the counts by rule."""

from collections.abc import Sequence

from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.registry import BY_CODE
from tunedesk.lint.report import LintReport


def to_text(report: LintReport, name: str) -> str:
    """One line for each finding and a summary, in plain text; `name` is the file as the user called it."""
    return "\n".join([*(_line(found, name) for found in report.findings), summary(report)])


def to_table(report: LintReport, name: str) -> str:
    """Columns of the same width for all findings, and the summary."""
    head = ("row", "severity", "code", "rule", "where", "message", "fix")
    cells = [head] + [
        (
            str(found.row) if found.row is not None else "-",
            found.severity.value,
            found.code,
            BY_CODE[found.code].name,
            found.pointer or "-",
            found.message,
            found.fix.kind.value if found.fix is not None else "-",
        )
        for found in report.findings
    ]
    return "\n".join([name, *aligned(cells), "", summary(report)])


def to_statistics(report: LintReport) -> str:
    """How many findings each rule has, the most frequent first, and how many of them can be mended."""
    fixable = {code: 0 for code in report.codes()}
    for found in report.findings:
        fixable[found.code] += found.fix is not None
    cells = [("count", "code", "rule", "with a fix")] + [
        (f"{count:,}", code, BY_CODE[code].name, f"{fixable[code]:,}")
        for code, count in sorted(report.codes().items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    lines = aligned(cells) if report.findings else []
    return "\n".join([*lines, *([""] if lines else []), summary(report)])


def aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    """Each column as wide as its widest cell, the last one as it is."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def summary(report: LintReport) -> str:
    """One sentence: rows, findings by severity, and what is not shown."""
    names = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    counts = {name: report.count(severity) for severity, name in names.items()}
    parts = [_counted(count, name) for name, count in counts.items() if count]
    hidden = [f"{len(report.silenced):,} suppressed"] if report.silenced else []
    hidden += [f"{report.known:,} known before"] if report.known else []
    said = ", ".join(parts) if parts else f"nothing {'else' if hidden else 'wrong'} was found"
    aside = f" ({', '.join(hidden)})" if hidden else ""
    return f"{_counted(report.rows, 'row')}: {said}{aside}."


def _line(found: Finding, name: str) -> str:
    place = f"{name}:{found.row}" if found.row is not None else name
    where = f" {found.pointer}" if found.pointer else ""
    related = f" (see row {', '.join(map(str, found.related))})" if found.related else ""
    fix = f" [{found.fix.kind.value} fix: {found.fix.label}]" if found.fix is not None else ""
    rule = f"{found.severity.value} {found.code} {BY_CODE[found.code].name}"
    return f"{place}: {rule}{where}: {found.message}{related}{fix}"


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
