"""`tunedesk show`: what the model sees, as text and as JSON."""

import json
from pathlib import Path

import pytest

from tests.cli.rows import write_rows
from tunedesk.__main__ import main


def test_json_has_one_mask_entry_for_each_id(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")
    assert main(["show", str(rows), "--row", "2", "--model", str(tiny), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert set(shown) == {"text", "ids", "mask", "tokens", "trained", "cut_at"}
    assert len(shown["ids"]) == len(shown["mask"]) == shown["tokens"]
    assert shown["trained"] == sum(shown["mask"]) > 0
    assert shown["cut_at"] is None
    assert shown["text"] == "<|user|>what is blue 1<|end|><|assistant|>it is 1<|end|>"


def test_text_marks_what_is_trained(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")
    assert main(["show", str(rows), "--row", "1", "--model", str(tiny)]) == 0
    assert "<|assistant|>⟦it is 0<|end|>⟧" in capsys.readouterr().out


def test_a_cut_is_told(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")
    assert main(["show", str(rows), "--row", "1", "--model", str(tiny), "--max-length", "4"]) == 0
    assert "cut at token 5" in capsys.readouterr().out


@pytest.mark.parametrize("length", ["0", "-5", "x"])
def test_a_length_that_cuts_nothing_is_wrong_use(
    length: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")
    with pytest.raises(SystemExit) as ended:
        main(["show", str(rows), "--row", "1", "--model", str(tiny), "--max-length", length])
    assert ended.value.code == 2
    assert f"--max-length: {length} is not a whole number of at least 1" in capsys.readouterr().err


def test_a_file_without_rows_is_told_as_such(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b"")
    assert main(["show", str(tmp_path / "rows.jsonl"), "--row", "1", "--model", str(tiny)]) == 2
    assert "rows.jsonl has no rows." in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-3", "11"])
def test_a_row_that_is_not_there_is_told(
    number: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")
    assert main(["show", str(rows), "--row", number, "--model", str(tiny)]) == 2
    assert f"no row {number}" in capsys.readouterr().err


def test_a_broken_row_is_told_with_file_and_number(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", 1)
    rows.write_bytes(rows.read_bytes() + b'{"messages": [}\n')
    assert main(["show", str(rows), "--row", "2", "--model", str(tiny)]) == 2
    assert f"{rows}, row 2: " in capsys.readouterr().err


def test_a_model_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", 1)
    assert main(["show", str(rows), "--row", "1", "--model", "nothing"]) == 2
    assert "There is no model nothing" in capsys.readouterr().err


def test_a_table_is_shown_by_what_the_project_says_of_its_columns(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "table.csv").write_text("ask,reply\nwhat is red,it is 0\n")
    mappings = {"table.csv": {"user": "ask", "assistant": "reply"}}
    (tmp_path / "project.json").write_text(json.dumps({"name": "tables", "mappings": mappings}))
    assert main(["show", str(tmp_path / "table.csv"), "--row", "1", "--model", str(tiny)]) == 0
    assert "<|user|>what is red<|end|><|assistant|>⟦it is 0<|end|>⟧" in capsys.readouterr().out


def test_both_answers_of_a_preference_are_shown(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = {"prompt": "what is red", "chosen": "it is one", "rejected": "it is two"}
    file = tmp_path / "pairs.jsonl"
    file.write_text(json.dumps(pair) + "\n", encoding="utf-8")
    assert main(["show", str(file), "--row", "1", "--model", str(tiny), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [shown[answer]["text"].endswith(f"it is {end}<|end|>") for answer, end in
            (("chosen", "one"), ("rejected", "two"))] == [True, True]  # fmt: skip
    assert shown["chosen"]["trained"] > 0
    assert main(["show", str(file), "--row", "1", "--model", str(tiny)]) == 0
    told = capsys.readouterr().out
    assert "Chosen answer:" in told and "⟦it is two<|end|>⟧" in told
