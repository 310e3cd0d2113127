"""Prompts and completions: the linter and OpenAI's old preparation tool mean the same rows."""

import json

import pytest

from tests.lint.differential.prepare_tool import prepare
from tunedesk.lint.finding import Finding
from tunedesk.lint.report import lint_rows
from tunedesk.lint.targets import Target

GOOD: list[dict[str, str | None]] = [
    {"prompt": "One ->", "completion": " 1 END"},
    {"prompt": "Two ->", "completion": " 2 END"},
]


def findings(rows: list[dict[str, str | None]]) -> tuple[Finding, ...]:
    raws = [json.dumps(row).encode() for row in rows]
    return lint_rows(enumerate(raws), Target("openai", model="davinci-002")).findings


def rows_with(found: tuple[Finding, ...], *codes: str) -> tuple[int, ...]:
    return tuple(sorted({each.row for each in found if each.code in codes and each.row is not None}))


def test_both_like_a_good_file() -> None:
    assert prepare(GOOD).error == ""
    assert findings(GOOD) == ()


@pytest.mark.parametrize("completion", ["", None])
def test_both_drop_empty_completions(completion: str | None) -> None:
    rows = [*GOOD, {"prompt": "Three ->", "completion": completion}]
    assert prepare(rows).empty == rows_with(findings(rows), "CNV009", "SCH005") == (2,)


def test_both_find_copies() -> None:
    rows = [*GOOD, GOOD[0], {"prompt": "Two ->", "completion": " 3 END"}]
    assert prepare(rows).copies == rows_with(findings(rows), "DUP001") == (2,)


def test_both_drop_other_columns() -> None:
    rows = [{**row, "note": "kept"} for row in GOOD]
    assert prepare(rows).extra == ("note",)
    assert rows_with(findings(rows), "SCH004") == (0, 1)


@pytest.mark.parametrize("missing", ["prompt", "completion"])
def test_both_miss_a_column(missing: str) -> None:
    rows: list[dict[str, str | None]] = [
        {key: text for key, text in row.items() if key != missing} for row in GOOD
    ]
    assert missing in prepare(rows).error
    assert rows_with(findings(rows), "SCH003", "SCH010") == (0, 1)


def test_the_tool_reads_an_empty_prompt_as_open_ended_and_so_does_the_linter() -> None:
    rows: list[dict[str, str | None]] = [
        {"prompt": "", "completion": " a"},
        {"prompt": "", "completion": " b"},
    ]
    assert prepare(rows).empty == rows_with(findings(rows), "CNV009") == ()
