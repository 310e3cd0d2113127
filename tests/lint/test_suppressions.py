"""Findings that a person lets stand, and baselines: kept beside the data, never in it."""

import json
from pathlib import Path

import pytest

from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError
from tunedesk.lint.baseline import (
    Baseline,
    read_baseline,
    store_baseline,
    stored_baseline,
    write_baseline,
)
from tunedesk.lint.finding import Finding
from tunedesk.lint.report import LintReport, baseline_of, lint_rows, silenced
from tunedesk.lint.rows import lint_row
from tunedesk.lint.silencing import LiveSilencer, Silencer
from tunedesk.lint.suppressions import Suppression, SuppressionStore, row_digest
from tunedesk.lint.targets import Target

EMPTY = b'{"prompt": "Say nothing.", "completion": ""}'
HIDDEN = b'{"prompt": "a\\u200bb", "completion": "c"}'
GOOD = b'{"prompt": "What is red?", "completion": "A colour."}'


def report_of(*rows: bytes) -> tuple[LintReport, list[tuple[int, bytes]]]:
    numbered = list(enumerate(rows, start=1))
    return lint_rows(numbered, Target("generic")), numbered


def suppression(code: str, raw: bytes, pointer: str | None = None) -> Suppression:
    return Suppression(1, code, row_digest(parse_row(raw)), pointer, "it may stand", "", "2026-11-21")


@pytest.fixture
def state(tmp_path: Path) -> StateDb:
    return StateDb.open(tmp_path / "state.db", tmp_path)


def test_a_suppressed_finding_is_not_shown_but_its_reason_is() -> None:
    report, rows = report_of(EMPTY, HIDDEN)
    left = silenced(report, rows, Silencer([suppression("CNV009", EMPTY)]))
    assert [(found.code, found.row) for found in left.findings] == [("TXT002", 2)]
    assert [(each.finding.code, each.suppression.reason) for each in left.silenced] == [
        ("CNV009", "it may stand")
    ]


def test_a_suppression_survives_sorting_and_another_order_of_keys() -> None:
    reordered = b'{ "completion":"", "prompt":"Say nothing." }'
    report, rows = report_of(GOOD, reordered)
    left = silenced(report, rows, Silencer([suppression("CNV009", EMPTY)]))
    assert left.findings == ()


def test_a_suppression_ends_when_its_row_changes_and_is_then_unused() -> None:
    report, rows = report_of(EMPTY.replace(b"nothing", b"more"))
    left = silenced(report, rows, Silencer([suppression("CNV009", EMPTY)]))
    assert [found.code for found in left.findings] == ["CNV009", "SYS001"]
    assert left.findings[-1].row is None


def test_a_suppression_of_one_place_leaves_the_other_places_alone() -> None:
    twice = b'{"prompt": "a\\u200bb", "completion": "c\\u200bd"}'
    report, rows = report_of(twice)
    left = silenced(report, rows, Silencer([suppression("TXT002", twice, "/prompt")]))
    assert [found.pointer for found in left.findings] == ["/completion"]


def test_a_line_that_is_no_json_can_be_suppressed_too() -> None:
    report, rows = report_of(b"{oops")
    assert silenced(report, rows, Silencer([suppression("JSN001", b"{oops")])).findings == ()


def test_suppressions_are_kept_for_each_dataset_and_survive_the_program(
    state: StateDb, tmp_path: Path
) -> None:
    train, valid = tmp_path / "train.jsonl", tmp_path / "valid.jsonl"
    kept = SuppressionStore(state, train).add("CNV009", parse_row(EMPTY), None, " on purpose ", "Ada")
    assert kept.reason == "on purpose"
    state.close()
    again = StateDb.open(tmp_path / "state.db", tmp_path)
    assert SuppressionStore(again, train).all() == (kept,)
    assert SuppressionStore(again, valid).all() == ()
    SuppressionStore(again, train).remove([kept])
    assert SuppressionStore(again, train).all() == ()


def test_a_suppression_needs_a_reason(state: StateDb, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs a reason"):
        SuppressionStore(state, tmp_path / "x").add("CNV009", parse_row(EMPTY), None, "  ")


def test_a_baseline_leaves_only_what_is_new() -> None:
    before, rows = report_of(EMPTY, GOOD)
    baseline = baseline_of(before, rows)
    after, later = report_of(GOOD, HIDDEN, EMPTY)
    left = silenced(after, later, Silencer(baseline=baseline))
    assert [(found.code, found.row) for found in left.findings] == [("TXT002", 2)]
    assert left.known == 1


def test_one_more_of_the_same_kind_is_new() -> None:
    before, rows = report_of(b"{oops")
    after, later = report_of(b"{oops", b"{oops")
    left = silenced(after, later, Silencer(baseline=baseline_of(before, rows)))
    assert [(found.code, found.row) for found in left.findings] == [("JSN001", 2)]


def test_editing_another_part_of_a_row_makes_no_known_finding_new() -> None:
    before, rows = report_of(HIDDEN)
    after, later = report_of(HIDDEN.replace(b'"c"', b'"another answer"'))
    assert silenced(after, later, Silencer(baseline=baseline_of(before, rows))).findings == ()


def test_a_baseline_file_says_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    report, rows = report_of(EMPTY, HIDDEN, b"{oops")
    path = tmp_path / "known.json"
    write_baseline(path, baseline_of(report, rows))
    assert read_baseline(path) == baseline_of(report, rows)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"version": 99, "counts": {}}', b'{"findings": []}'])
def test_what_is_no_baseline_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "known.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"known\.json"):
        read_baseline(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_baseline(tmp_path / "missing.json")


def test_an_empty_baseline_knows_nothing() -> None:
    report, rows = report_of(EMPTY)
    assert silenced(report, rows, Silencer(baseline=Baseline())).findings == report.findings


def test_a_row_with_half_a_character_has_a_digest_too() -> None:
    assert len(row_digest(parse_row(json.dumps({"prompt": "\ud800", "completion": "x"}).encode()))) == 32


def findings_of(raw: bytes) -> tuple[Finding, ...]:
    return lint_row(parse_row(raw), Target("generic"))


def test_while_editing_a_suppression_holds_as_long_as_the_row_is_what_it_was() -> None:
    silencer = LiveSilencer([suppression("CNV009", EMPTY)])
    parted = silencer.part(findings_of(EMPTY), lambda: parse_row(EMPTY))
    assert (parted.shown, len(parted.silenced)) == ((), 1)
    changed = EMPTY.replace(b"nothing", b"more")
    assert len(silencer.part(findings_of(changed), lambda: parse_row(changed)).shown) == 1


def test_a_row_without_such_a_finding_is_not_read() -> None:
    def not_read() -> ParsedRow:
        raise AssertionError

    silencer = LiveSilencer([suppression("CNV009", EMPTY)])
    assert not silencer.is_idle
    assert silencer.part(findings_of(HIDDEN), not_read).shown == findings_of(HIDDEN)


def test_while_editing_a_baseline_hides_what_it_knows(state: StateDb, tmp_path: Path) -> None:
    report, rows = report_of(HIDDEN, GOOD)
    store_baseline(state, tmp_path / "train.jsonl", baseline_of(report, rows))
    baseline = stored_baseline(state, tmp_path / "train.jsonl")
    silencer = LiveSilencer(baseline=baseline)
    edited = HIDDEN.replace(b'"c"', b'""')
    parted = silencer.part(findings_of(edited), lambda: parse_row(edited))
    assert [found.code for found in parted.shown] == ["CNV009"]
    assert [found.code for found in parted.known] == ["TXT002"]


def test_a_project_without_a_baseline_has_none(state: StateDb, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    assert stored_baseline(state, path) is None
    store_baseline(state, path, Baseline())
    assert stored_baseline(state, path) == Baseline()
    store_baseline(state, path, None)
    assert stored_baseline(state, path) is None
    assert LiveSilencer(baseline=stored_baseline(state, path)).is_idle
