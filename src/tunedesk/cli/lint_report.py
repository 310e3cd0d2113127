"""What `tunedesk lint` leaves out, and the form in which it tells the rest."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from tunedesk import paths
from tunedesk.cli.output import progress
from tunedesk.cli.projects import Surroundings
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError
from tunedesk.lint.baseline import read_baseline, write_baseline
from tunedesk.lint.report import LintReport, baseline_of, silenced
from tunedesk.lint.reports.as_json import to_json
from tunedesk.lint.reports.as_text import to_statistics, to_table, to_text
from tunedesk.lint.reports.html_page import to_html
from tunedesk.lint.reports.junit import to_junit
from tunedesk.lint.reports.sarif import to_sarif
from tunedesk.lint.silencing import Silencer
from tunedesk.lint.suppressions import Suppression, SuppressionStore

STATE = ".tunedesk/state.db"
LINES = {".jsonl", ".ndjson", ".gz", ".zst"}
"""Suffixes of files in which the number of a row is the number of its line."""


def without_silenced(
    report: LintReport, path: Path, around: Surroundings | None, arguments: argparse.Namespace
) -> LintReport:
    """Without what the project suppresses and what a baseline knows; a new baseline is written first."""
    if arguments.write_baseline:
        write_baseline(arguments.write_baseline, baseline_of(report, read_rows(path)))
        progress(f"{len(report.findings):,} findings are known from now on, in {arguments.write_baseline}")
    baseline = read_baseline(arguments.baseline) if arguments.baseline else None
    suppressions = () if arguments.show_suppressed else suppressions_of(path, around)
    if not suppressions and baseline is None:
        return report
    return silenced(report, read_rows(path), Silencer(suppressions, baseline))


def suppressions_of(path: Path, around: Surroundings | None) -> tuple[Suppression, ...]:
    """Those of the project that the file lies in; its database is only looked at."""
    if around is None or not (around.root / STATE).is_file():
        return ()
    root = around.root.resolve()
    state = StateDb.private_copy(root / STATE, root)
    try:
        return SuppressionStore(state, path).all()
    finally:
        state.close()


def show_report(report: LintReport, path: Path, target: str, arguments: argparse.Namespace) -> None:
    """Print it, or write it to the file of --report. UserError when that cannot be written."""
    content = _content(report, path, target, arguments)
    if arguments.report is None:
        text = content.decode("utf-8")
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        return
    try:
        paths.write_atomically(arguments.report, content if content.endswith(b"\n") else content + b"\n")
    except OSError as error:
        message = f"{arguments.report} cannot be written: {error.strerror or error}."
        raise UserError(message, hint="Name another file with --report.") from error
    progress(f"wrote {arguments.report}")


def _content(report: LintReport, path: Path, target: str, arguments: argparse.Namespace) -> bytes:
    name = str(path)
    if arguments.statistics:
        return to_statistics(report).encode("utf-8", "backslashreplace")
    match arguments.format:
        case "json":
            return to_json(report)
        case "sarif":
            return to_sarif(report, name, read_rows(path), rows_are_lines=path.suffix.lower() in LINES)
        case "junit":
            return to_junit(report, name)
        case "html":
            made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
            return to_html(report, name, target=target, made=made)
        case "table":
            return to_table(report, name).encode("utf-8", "backslashreplace")
    return to_text(report, name).encode("utf-8", "backslashreplace")
