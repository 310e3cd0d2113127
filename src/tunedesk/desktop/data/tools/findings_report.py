"""The findings that are on the screen as a report in a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tunedesk import paths
from tunedesk.dataset.order import Order
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.errors import UserError
from tunedesk.lint.finding import Finding
from tunedesk.lint.report import LintReport
from tunedesk.lint.reports.as_json import to_json
from tunedesk.lint.reports.as_text import to_text
from tunedesk.lint.reports.html_page import to_html
from tunedesk.lint.reports.junit import to_junit
from tunedesk.lint.reports.sarif import to_sarif
from tunedesk.lint.silencing import Silenced

LINES = (".jsonl", ".ndjson")


def write_report(path: Path, ending: str, dataset: OpenDataset, target: str) -> None:
    """UserError when the file cannot be written. ending: html, sarif, junit, json or txt."""
    report = _report_of(dataset)
    name = dataset.document.path.name
    rows = ((number, raw) for number, (_, raw) in enumerate(dataset.session.now.rows(), start=1))
    match ending:
        case "html":
            made = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
            content = to_html(report, name, target=target, made=made)
        case "sarif":
            content = to_sarif(report, name, rows, rows_are_lines=name.lower().endswith(LINES))
        case "junit":
            content = to_junit(report, name)
        case "json":
            content = to_json(report)
        case _:
            content = (to_text(report, name) + "\n").encode("utf-8", "backslashreplace")
    try:
        paths.write_atomically(path, content)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}."
        raise UserError(message, hint="Choose another folder.") from error


def _report_of(dataset: OpenDataset) -> LintReport:
    snapshot, linter = dataset.session.now, dataset.linter
    looked_at = linter.rows_looked_at()
    findings, silenced = [], []
    for number, row in enumerate(snapshot.ids, start=1):
        if row not in looked_at:
            continue
        findings += [replace(each, row=number) for each in _numbered(linter.findings(row), snapshot.ids)]
        silenced += [
            Silenced(replace(each.finding, row=number), each.suppression) for each in linter.silenced(row)
        ]
    return LintReport((*findings, *linter.file_findings()), len(snapshot), tuple(silenced))


def _numbered(findings: tuple[Finding, ...], ids: Order) -> list[Finding]:
    """Findings name other rows by id; a report does by number."""
    return [
        replace(each, related=tuple(ids.index(row) + 1 for row in each.related if row in ids))
        for each in findings
    ]
