"""The sample project teaches the editor: its faults are found where they were planted, and nothing
else is.
"""

import json
from typing import Any

import pytest

from tunedesk import paths
from tunedesk.dataset.row_edits import dump_row
from tunedesk.lint.report import LintReport, lint_file, lint_rows, read_split
from tunedesk.lint.targets import Target
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import read_model_folder

FAULTS: list[dict[str, Any]] = json.loads((paths.sample_project() / "faults.json").read_text("utf-8"))[
    "faults"
]
DATASETS = paths.sample_project() / "datasets"


@pytest.fixture(scope="module")
def target(template: ChatTemplate) -> Target:
    return Target("local", template, read_model_folder(paths.starter_model()).context)


@pytest.fixture(scope="module")
def report(target: Target) -> LintReport:
    return lint_file(DATASETS / "train.jsonl", target, {"valid": read_split(DATASETS / "valid.jsonl")})


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"row {fault['row']} {fault['code']}")
def test_a_planted_fault_is_found_at_its_row(report: LintReport, fault: dict[str, Any]) -> None:
    assert fault["code"] in {found.code for found in report.findings if found.row == fault["row"]}


def test_only_faulty_rows_and_the_other_side_of_a_contradiction_have_findings(report: LintReport) -> None:
    planted = {fault["row"] for fault in FAULTS}
    elsewhere = [found for found in report.findings if found.row not in planted]
    assert [found.code for found in elsewhere] == ["DUP004"]
    assert elsewhere[0].related[0] in planted


@pytest.mark.parametrize("split", ["valid", "heldout"])
def test_the_clean_splits_have_no_findings(target: Target, split: str) -> None:
    train = {"train": []}
    assert lint_file(DATASETS / f"{split}.jsonl", target, train).findings == ()


@pytest.mark.parametrize("name", ["local", "openai", "azure", "generic"])
def test_the_mended_training_split_has_no_findings(target: Target, name: str) -> None:
    lines: list[bytes | None] = list((DATASETS / "train.jsonl").read_bytes().rstrip(b"\n").split(b"\n"))
    for fault in FAULTS:
        lines[fault["row"] - 1] = dump_row(fault["mended"]) if fault["mended"] else None
    mended = [line for line in lines if line is not None]
    others = {
        "valid": read_split(DATASETS / "valid.jsonl"),
        "heldout": read_split(DATASETS / "heldout.jsonl"),
    }
    chosen = target if name == "local" else Target(name)
    assert lint_rows(enumerate(mended, start=1), chosen, others).findings == ()
