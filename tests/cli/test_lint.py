"""`tunedesk lint`: reports, exit codes, and fixes that are written whole."""

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.rows import row, write_rows
from tunedesk.__main__ import main
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.state_db import StateDb
from tunedesk.lint.suppressions import SuppressionStore
from tunedesk.project.folder import sample_copy

ALIAS = row("what is red", "a colour").replace(b'"user"', b'"human"')


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """Two good rows; between them one with a role that has a safe fix, and one line that is no JSON."""
    path = write_rows(tmp_path / "rows.jsonl", 2)
    good = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(good[0] + ALIAS + b"\r\n" + b"{oops\n" + good[1])
    return path


def lint(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main(["lint", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_good_file_ends_with_0(tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = lint(capsys, write_rows(tmp_path / "rows.jsonl"), "--model", tiny)
    assert (code, out) == (0, "10 rows: nothing wrong was found.\n")


def test_findings_end_with_1_and_name_file_and_row(
    faulty: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = lint(capsys, faulty, "--model", tiny)
    assert code == 1
    assert f"{faulty}:2: error SCH009" in out
    assert f"{faulty}:3: error JSN001" in out


def test_json_has_the_named_fields(faulty: Path, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = lint(capsys, faulty, "--format", "json", "--model", tiny)
    report = json.loads(out)
    assert code == 1
    assert set(report) == {"findings", "rows", "errors", "warnings", "suppressed", "known"}
    assert (report["rows"], report["errors"]) == (4, 2)
    fields = {"code", "severity", "row", "pointer", "start", "end", "message", "fix"}
    assert all(set(finding) == fields for finding in report["findings"])
    assert [finding["fix"] for finding in report["findings"] if finding["code"] == "SCH009"] == ["safe"]


def test_safe_fixes_change_their_rows_and_nothing_else(
    faulty: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = faulty.read_bytes()
    output = tmp_path / "mended.jsonl"
    code, out, err = lint(capsys, faulty, "--fix", "safe", "--output", output, "--model", tiny)
    assert code == 1 and "JSN001" in out and "SCH009" not in out
    assert "SCH009 1x" in err
    assert faulty.read_bytes() == before
    assert output.read_bytes() == before.replace(b'"human"', b'"user"').replace(b"\r\n", b"\n")


def test_a_promised_fix_of_the_line_ends_is_kept(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl").read_bytes()
    windows, mended = tmp_path / "windows.jsonl", tmp_path / "mended.jsonl"
    windows.write_bytes(rows.replace(b"\n", b"\r\n"))
    _, _, err = lint(capsys, windows, "--fix", "safe", "--output", mended, "--model", tiny)
    assert "ENC004 1x" in err
    assert mended.read_bytes() == rows


def test_without_output_the_file_itself_is_replaced(
    faulty: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lint(capsys, faulty, "--fix", "safe", "--model", tiny)
    assert b'"human"' not in faulty.read_bytes()


def test_half_a_character_is_printed_as_its_escape(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(row("what is red", "a colour").replace(b'"user"', b'"us\\ud800er"'))
    code, out, _ = lint(capsys, path, "--model", tiny)
    assert code == 1 and 'No trainer knows the role "us\\ud800er"' in out


def test_pedantic_rules_speak_only_when_asked(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(row("is it cafe\u0301 or not", "yes").decode() + "\n", encoding="utf-8")
    assert lint(capsys, path, "--model", tiny)[0] == 0
    for target in ("local", "generic"):
        code, out, _ = lint(capsys, path, "--model", tiny, "--target", target, "--pedantic")
        assert code == 1 and "info TXT004" in out


def test_a_packed_file_stays_packed(faulty: Path, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = faulty.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(faulty.read_bytes()))
    lint(capsys, packed, "--fix", "safe", "--model", tiny)
    assert b'"user"' in gzip.decompress(packed.read_bytes())


def test_output_without_fix_is_wrong_use(faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = lint(capsys, faulty, "--output", "x.jsonl")
    assert code == 2 and "--fix" in err


def test_an_output_that_cannot_be_written_is_told_and_nothing_is_lost(
    faulty: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = faulty.read_bytes()
    missing = tmp_path / "no" / "folder" / "x.jsonl"
    code, _, err = lint(capsys, faulty, "--fix", "safe", "--output", missing, "--model", tiny)
    assert code == 2 and f"{missing} cannot be written" in err
    assert faulty.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "does not exist"), (b"\x00\x01\x00\x00", "no text"), ("folder", "is a folder")],
)
def test_bad_files_are_told_in_one_sentence(
    content: bytes | str | None, words: str, tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.jsonl"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    code, _, err = lint(capsys, path, "--model", tiny)
    assert code == 2 and words in err and err.count("\n") == 1


def test_an_empty_file_has_no_rows_and_nothing_wrong(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    code, out, _ = lint(capsys, path, "--model", tiny)
    assert (code, out) == (0, "0 rows: nothing wrong was found.\n")


def test_the_sample_is_linted_with_its_other_splits_in_sight(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = sample_copy(fresh_in=tmp_path) / "datasets" / "train.jsonl"
    _, out, _ = lint(capsys, train, "--model", tiny)
    assert "DUP003" in out


def test_other_targets_need_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_rows(tmp_path / "rows.jsonl", 20)
    for target in ("openai", "azure", "generic"):
        assert lint(capsys, path, "--target", target, "--format", "json")[0] in (0, 1)


def test_explain_prints_the_page_of_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = lint(capsys, "--explain", "sch009")
    assert (code, out.split("\n")[0]) == (0, "# SCH009 role-alias")
    code, _, err = lint(capsys, "--explain", "ABC123")
    assert code == 2
    assert "There is no rule ABC123." in err


def test_without_a_file_a_sentence_says_what_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = lint(capsys)
    assert code == 2
    assert "tunedesk lint FILE" in err


def test_statistics_count_the_rules(faulty: Path, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = lint(capsys, faulty, "--statistics", "--model", tiny)
    assert code == 1
    assert [line.split()[:2] for line in out.split("\n")[1:4]] == [
        ["1", "ENC004"],
        ["1", "JSN001"],
        ["1", "SCH009"],
    ]


@pytest.mark.parametrize(
    ("form", "start"),
    [("sarif", '{"$schema"'), ("junit", "<?xml"), ("html", "<!doctype html>"), ("table", "")],
)
def test_each_form_can_be_written_to_a_file(
    form: str, start: str, faulty: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = lint(capsys, faulty, "--format", form, "--report", tmp_path / "report", "--model", tiny)
    assert (code, out) == (1, "")
    assert "report" in err
    text = (tmp_path / "report").read_text(encoding="utf-8")
    assert text.startswith(start)
    assert "SCH009" in text


def test_a_baseline_leaves_only_what_is_new(
    faulty: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = tmp_path / "known.json"
    assert lint(capsys, faulty, "--write-baseline", known, "--model", tiny)[0] == 1
    code, out, _ = lint(capsys, faulty, "--baseline", known, "--model", tiny)
    assert (code, out) == (0, "4 rows: nothing else was found (3 known before).\n")
    with faulty.open("ab") as file:
        file.write(b"{again\n")
    code, out, _ = lint(capsys, faulty, "--baseline", known, "--model", tiny)
    assert code == 1
    assert out.startswith(f"{faulty}:5: error JSN001")


def test_what_the_project_suppresses_is_not_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = sample_copy(fresh_in=tmp_path)
    path = root / "datasets" / "train.jsonl"
    before = json.loads(lint(capsys, path, "--format", "json")[1])
    first = before["findings"][0]
    raw = path.read_bytes().splitlines()[first["row"] - 1]
    state = StateDb.open(root / ".tunedesk" / "state.db", root)
    SuppressionStore(state, path).add(first["code"], parse_row(raw), None, "it ends like this")
    state.close()
    after = json.loads(lint(capsys, path, "--format", "json")[1])
    assert len(after["findings"]) == len(before["findings"]) - 1
    assert [each["reason"] for each in after["suppressed"]] == ["it ends like this"]
    shown = json.loads(lint(capsys, path, "--format", "json", "--show-suppressed")[1])
    assert shown["findings"] == before["findings"]


def test_a_table_is_linted_by_what_the_project_says_of_its_columns(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.jsonl"
    table.write_text('{"ask": "what is the red cat", "reply": "it is a good cat"}\n')
    arguments = ["lint", str(table), "--model", str(tiny)]
    (tmp_path / "project.json").write_text(json.dumps({"name": "tables"}))
    assert main(arguments) == 1
    assert "SCH001" in capsys.readouterr().out
    mappings = {"table.jsonl": {"user": "ask", "assistant": "reply"}}
    (tmp_path / "project.json").write_text(json.dumps({"name": "tables", "mappings": mappings}))
    assert main(arguments) == 0


def test_the_project_s_target_and_rules_are_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = sample_copy(fresh_in=tmp_path)
    path, manifest = root / "datasets" / "train.jsonl", root / "project.json"
    before = json.loads(lint(capsys, path, "--format", "json")[1])
    content = json.loads(manifest.read_text())
    content["lint"] = {"severities": {"JSN001": "off", "TXT002": "error"}}
    manifest.write_text(json.dumps(content))
    after = json.loads(lint(capsys, path, "--format", "json")[1])
    assert any(found["code"] == "JSN001" for found in before["findings"])
    assert not any(found["code"] == "JSN001" for found in after["findings"])
    severities = {found["severity"] for found in after["findings"] if found["code"] == "TXT002"}
    assert severities == {"error"}
    content["default_target"] = "azure"
    content["lint"]["opinions"] = True
    manifest.write_text(json.dumps(content))
    azure = json.loads(lint(capsys, path, "--format", "json")[1])
    assert any(found["code"] == "ENC002" for found in azure["findings"])


def test_a_choice_of_rules_that_makes_no_sense_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = sample_copy(fresh_in=tmp_path)
    manifest = root / "project.json"
    manifest.write_text(
        json.dumps({**json.loads(manifest.read_text()), "lint": {"severities": {"DUP001": "loud"}}})
    )
    code, _, err = lint(capsys, root / "datasets" / "train.jsonl")
    assert code == 2
    assert '"lint" cannot be read' in err


def test_rows_that_say_nearly_the_same_are_found_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    words = " ".join(f"word{number}" for number in range(60))
    rows = [row(f"{words} {end}", "We will look for it.") for end in ("one", "two")]
    path.write_bytes(b"\n".join(rows) + b"\n")
    assert lint(capsys, path, "--target", "generic")[0] == 0
    code, out, err = lint(capsys, path, "--target", "generic", "--near-duplicates")
    assert code == 1
    assert "DUP002" in out
    assert "nearly the same" in err
