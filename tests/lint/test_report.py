"""What `lint` prints, for people and for programs."""

import json
from pathlib import Path

import pytest

from tunedesk.errors import UserError
from tunedesk.lint.report import lint_file, lint_rows, read_split
from tunedesk.lint.reports.as_json import to_json
from tunedesk.lint.reports.as_text import to_text
from tunedesk.lint.targets import Target

ROWS = (
    b'{"prompt": "a", "completion": "b"}\n'
    b'{"prompt": "a", "completion": "b"}\r\n'
    b"\n"
    b'{"prompt": "x\\u200by", "completion": "b"}\n'
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + ROWS)
    return file


def test_the_json_report_has_the_promised_fields(path: Path) -> None:
    report = json.loads(to_json(lint_file(path, Target("generic"))))
    assert list(report) == ["findings", "rows", "errors", "warnings", "suppressed", "known"]
    assert (report["rows"], report["errors"], report["warnings"]) == (4, 0, 3)
    assert [list(found) for found in report["findings"]] == [
        ["code", "severity", "row", "pointer", "start", "end", "message", "fix"]
    ] * 4
    assert [(f["code"], f["row"], f["fix"]) for f in report["findings"]] == [
        ("DUP001", 2, "unsafe"),
        ("ENC005", 3, "safe"),
        ("TXT002", 4, "unsafe"),
        ("ENC004", None, "safe"),
    ]
    found = report["findings"][2]
    assert (found["pointer"], found["start"], found["end"], found["severity"]) == ("/prompt", 1, 2, "warning")


def test_the_text_report_is_one_line_a_finding_and_a_summary(path: Path) -> None:
    lines = to_text(lint_file(path, Target("generic")), "rows.jsonl").split("\n")
    assert lines[0].startswith("rows.jsonl:2: warning DUP001 exact-duplicate: ")
    assert "(see row 1)" in lines[0]
    assert "[safe fix: Delete the empty line]" in lines[1]
    assert lines[-1] == "4 rows: 3 warnings, 1 note."
    assert to_text(lint_rows([], Target("generic")), "x") == "0 rows: nothing wrong was found."


HALVES = (
    b'{"messages": [{"role": "us\\ud800er", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'
    b'{"prompt": "a", "completion": "b", "k\\ud800": null}\n'
)


def test_half_a_character_in_a_role_or_key_is_reported_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(HALVES)
    report = json.loads(to_json(lint_file(path, Target("generic"))))
    assert {"JSN005", "CNV002", "SCH006"} <= {found["code"] for found in report["findings"]}
    assert "/k\ud800" in [found["pointer"] for found in report["findings"]]


def test_a_wrong_value_is_told_as_it_stands_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"messages": [{"role": "assistant", "content": "b", "weight": true}]}\n')
    (found,) = [each for each in lint_file(path, Target("generic")).findings if each.code == "CNV010"]
    assert found.message.endswith("it is true.")


def test_another_split_is_read_for_leaks(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "valid.jsonl"
    other.write_bytes(b'{"prompt": "A", "completion": "c"}\n{broken\n')
    report = lint_file(path, Target("generic"), {"valid": read_split(other)})
    assert [found.row for found in report.findings if found.code == "DUP003"] == [1, 2]


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        lint_file(tmp_path / "absent.jsonl", Target("generic"))


def test_rules_that_need_a_model_say_nothing_without_one(local: Target) -> None:
    long = json.dumps({"prompt": "again " * 300, "completion": "b"}).encode()
    assert [f.code for f in lint_rows([(1, long)], local).findings] == ["TOK001", "TOK002"]
    assert lint_rows([(1, long)], Target("local")).findings == ()
