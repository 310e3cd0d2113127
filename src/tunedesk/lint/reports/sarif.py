"""The SARIF form of a lint report, for code scanning services and editors.

SARIF 2.1.0 is an OASIS standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from tunedesk import __version__
from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.help import help_page
from tunedesk.lint.registry import RULES
from tunedesk.lint.report import LintReport
from tunedesk.lint.rule import Rule
from tunedesk.lint.silencing import Silenced
from tunedesk.lint.suppressions import row_digest

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_RULE_INDEX = {rule.code: index for index, rule in enumerate(RULES)}


def to_sarif(
    report: LintReport, name: str, rows: Iterable[tuple[int, bytes]], *, rows_are_lines: bool = True
) -> bytes:
    """One run with one log. name: the file's path, relative to where the reader will look for it.

    rows: the linted rows once more, for fingerprints that survive sorting. rows_are_lines: False for tables
    and arrays, where the number of a row is no line number; the row is then told in words only.
    """
    place = _Place(name, rows_are_lines, _digests(report, rows))
    results = [_result(found, place) for found in report.findings]
    results += [_silenced(each, place) for each in report.silenced]
    fired = set(report.codes()) | {each.finding.code for each in report.silenced}
    driver = {
        "name": "TuneDesk",
        "semanticVersion": __version__,
        # All rules are declared, so that a reader can tell "ran and found nothing" from "did not run"; only
        # those that found something carry their whole page, or a clean report would weigh 200 kB.
        "rules": [_rule(rule, rule.code in fired) for rule in RULES],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    # Half a character can only be written as an escape.
    return json.dumps(log, separators=(",", ":")).encode("ascii")


class _Place:
    def __init__(self, name: str, rows_are_lines: bool, digests: Mapping[int, str]) -> None:
        self.uri = quote(name.replace("\\", "/"), safe="/:", errors="surrogatepass")
        self.rows_are_lines = rows_are_lines
        self.digests = digests

    def location(self, row: int | None, pointer: str = "") -> dict[str, Any]:
        physical: dict[str, Any] = {"artifactLocation": {"uri": self.uri}}
        if row is not None and self.rows_are_lines:
            physical["region"] = {"startLine": row}
        found: dict[str, Any] = {"physicalLocation": physical}
        if row is not None:
            logical = {"name": f"row {row}", "fullyQualifiedName": f"row {row}{pointer}", "kind": "value"}
            found["logicalLocations"] = [logical]
        return found


def _digests(report: LintReport, rows: Iterable[tuple[int, bytes]]) -> dict[int, str]:
    wanted = {found.row for found in report.findings} | {each.finding.row for each in report.silenced}
    return {number: row_digest(parse_row(raw)) for number, raw in rows if number in wanted}


def _result(found: Finding, place: _Place) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": _RULE_INDEX[found.code],
        "level": _LEVELS[found.severity],
        "message": {"text": found.message},
        "locations": [place.location(found.row, found.pointer)],
    }
    if found.related:
        result["relatedLocations"] = [place.location(row) for row in found.related]
    digest = place.digests.get(found.row) if found.row is not None else None
    if digest is not None:
        result["partialFingerprints"] = {"rowContent/v1": digest}
    if found.fix is not None:
        result["properties"] = {"fix": found.fix.label, "fixSafety": found.fix.kind.value}
    return result


def _silenced(each: Silenced, place: _Place) -> dict[str, Any]:
    suppression = {"kind": "external", "status": "accepted", "justification": each.suppression.reason}
    return {**_result(each.finding, place), "suppressions": [suppression]}


def _rule(rule: Rule, with_help: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }
    if with_help:
        found["help"] = {"text": rule.summary, "markdown": help_page(rule.code)}
    return found
