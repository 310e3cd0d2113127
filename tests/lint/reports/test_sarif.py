"""The SARIF log: valid, complete, and with suppressions that carry their reason."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.registry import RULES
from tunedesk.lint.report import lint_rows, silenced
from tunedesk.lint.reports.sarif import to_sarif
from tunedesk.lint.silencing import Silencer
from tunedesk.lint.suppressions import Suppression, row_digest
from tunedesk.lint.targets import Target

ROWS = [
    b'{"prompt": "a", "completion": "b"}',
    b'{"prompt": "a", "completion": "b"}',
    b'{"prompt": "x\\u200by", "completion": ""}',
    b'{"prompt": "a", "k\\ud800": null, "completion": "b"}',
    b"{oops",
]
OFFICIAL = os.environ.get("TUNEDESK_SARIF_SCHEMA")
"""A copy of the standard's own schema, to check against that too; it may not be shipped here."""


def log_of(*suppressions: Suppression, rows_are_lines: bool = True) -> dict[str, Any]:
    numbered = list(enumerate(ROWS, start=1))
    report = silenced(lint_rows(numbered, Target("generic")), numbered, Silencer(suppressions))
    made = to_sarif(report, "data sets/trän.jsonl", numbered, rows_are_lines=rows_are_lines)
    log: dict[str, Any] = json.loads(made)
    return log


def suppressed() -> Suppression:
    return Suppression(1, "CNV009", row_digest(parse_row(ROWS[2])), None, "on purpose", "", "2026-11-21")


def object_of(required: str, **properties: Any) -> dict[str, Any]:
    """A closed object, as nearly all of the standard's are."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


TEXT = {"type": "string", "minLength": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = object_of("text", text=TEXT, markdown=TEXT)
LOCATION = object_of(
    "physicalLocation",
    physicalLocation=object_of(
        "artifactLocation",
        artifactLocation=object_of("uri", uri={"type": "string", "format": "uri-reference"}),
        region=object_of("startLine", startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations={
        "type": "array",
        "items": object_of("name", name=TEXT, fullyQualifiedName=TEXT, kind=TEXT),
    },
)
RULE = object_of(
    "id",
    id=TEXT,
    name=TEXT,
    shortDescription=MESSAGE,
    defaultConfiguration=object_of("level", level=LEVEL),
    help=MESSAGE,
)
RESULT = object_of(
    "message ruleId level locations",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations={"type": "array", "items": LOCATION},
    relatedLocations={"type": "array", "items": LOCATION, "uniqueItems": True},
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
    properties={"type": "object"},
    suppressions={
        "type": "array",
        "items": object_of(
            "kind",
            kind={"enum": ["inSource", "external"]},
            status={"enum": ["accepted", "underReview", "rejected"]},
            justification=TEXT,
        ),
    },
)
OURS = object_of(
    "version runs",
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": object_of(
            "tool results",
            tool=object_of(
                "driver",
                driver=object_of(
                    "name",
                    name=TEXT,
                    semanticVersion=TEXT,
                    rules={"type": "array", "items": RULE, "uniqueItems": True},
                ),
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results={"type": "array", "items": RESULT},
        ),
    },
)
"""The part of SARIF 2.1.0 that is written here: what the standard requires, with nothing it does not know."""


@pytest.mark.parametrize("rows_are_lines", [True, False])
def test_the_log_is_valid(rows_are_lines: bool) -> None:
    log = log_of(suppressed(), rows_are_lines=rows_are_lines)
    assert [error.message for error in Draft7Validator(OURS).iter_errors(log)] == []


@pytest.mark.skipif(OFFICIAL is None, reason="TUNEDESK_SARIF_SCHEMA names no copy of the standard's schema")
@pytest.mark.parametrize("rows_are_lines", [True, False])
def test_the_log_is_valid_for_the_standard_s_own_schema(rows_are_lines: bool) -> None:
    schema = json.loads(Path(str(OFFICIAL)).read_text(encoding="utf-8"))
    log = log_of(suppressed(), rows_are_lines=rows_are_lines)
    assert [error.message for error in Draft7Validator(schema).iter_errors(log)] == []


def test_each_finding_is_a_result_with_its_row_and_pointer() -> None:
    results = log_of()["runs"][0]["results"]
    found = {(result["ruleId"], _line(result)) for result in results}
    assert {("DUP001", 2), ("TXT002", 3), ("CNV009", 3), ("JSN001", 5)} <= found
    hidden = next(result for result in results if result["ruleId"] == "TXT002")
    (logical,) = hidden["locations"][0]["logicalLocations"]
    assert logical["fullyQualifiedName"] == "row 3/prompt"
    assert hidden["partialFingerprints"]["rowContent/v1"] == row_digest(parse_row(ROWS[2]))


def test_a_suppressed_finding_stays_in_the_log_with_its_reason() -> None:
    results = log_of(suppressed())["runs"][0]["results"]
    (empty,) = [result for result in results if result["ruleId"] == "CNV009"]
    assert empty["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "on purpose"}
    ]


def test_all_rules_are_declared_and_only_those_that_fired_carry_their_page() -> None:
    run = log_of()["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    fired = {result["ruleId"] for result in run["results"]}
    assert {rule["id"] for rule in rules if "help" in rule} == fired
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_in_a_table_the_row_is_no_line() -> None:
    results = log_of(rows_are_lines=False)["runs"][0]["results"]
    assert all("region" not in result["locations"][0]["physicalLocation"] for result in results)


def _line(result: dict[str, Any]) -> int:
    line: int = result["locations"][0]["physicalLocation"]["region"]["startLine"]
    return line
