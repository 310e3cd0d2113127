"""`tunedesk export-data`: files for a target, and what is told before and after."""

import gzip
import json
from pathlib import Path

import pytest

from tunedesk.__main__ import main

ROW = {
    "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0}],
    "id": 1,
}


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "helpdesk.jsonl"
    path.write_text("".join(json.dumps(ROW) + "\n" for _ in range(12)))
    return path


def test_files_are_written_and_losses_told(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export-data", str(rows), "--target", "trl", "--out", str(tmp_path / "out")]) == 0
    written = (tmp_path / "out" / "helpdesk.jsonl").read_text().splitlines()
    assert len(written) == 12 and "weight" not in written[0]
    said = capsys.readouterr().out
    assert "12x weight 0" in said and "TRL knows no weights" in said


def test_check_writes_nothing_and_says_what_is_in_the_way(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rows.open("a") as file:
        file.write('{"text": "alone"}\n')
    arguments = ["export-data", str(rows), "--target", "azure", "--check", "--json"]
    assert main(arguments) == 1
    plan = json.loads(capsys.readouterr().out)
    assert (plan["rows"], plan["files"][0]["rows"], plan["refusals"][0]["rows"]) == (12, 12, [13])
    assert {lost["what"] for lost in plan["losses"]} == {"the key id"}
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["helpdesk.jsonl"]
    assert main([*arguments[:4], "--out", str(tmp_path / "out")]) == 2
    assert "Row 13" in capsys.readouterr().err


def test_a_table_says_how_its_columns_might_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "table.jsonl"
    path.write_text(
        "".join(json.dumps({"question": f"q{n}?", "answer": f"a {n} b"}) + "\n" for n in range(10))
    )
    out = tmp_path / "out"
    arguments = ["export-data", str(path), "--target", "openai", "--out", str(out)]
    assert main(arguments) == 2
    assert '--map "user=question" "assistant=answer"' in capsys.readouterr().err
    assert main([*arguments, "--map", "user=question", "assistant=answer"]) == 0
    assert json.loads((out / "table.jsonl").read_text().splitlines()[3])["messages"][1]["content"] == "a 3 b"


def test_files_are_named_after_the_dataset_without_its_packing(rows: Path, tmp_path: Path) -> None:
    packed = tmp_path / "my.data.v2.jsonl.gz"
    packed.write_bytes(gzip.compress(rows.read_bytes()))
    assert main(["export-data", str(packed), "--target", "generic", "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "my.data.v2.jsonl").read_bytes() == rows.read_bytes()


def test_the_legacy_format_is_asked_for_by_options(rows: Path, tmp_path: Path) -> None:
    arguments = ["export-data", str(rows), "--target", "openai", "--format", "prompt-completion"]
    legacy = ["--separator", "\\n\\n###\\n\\n", "--stop", " END", "--leading-space"]
    assert main([*arguments, *legacy, "--out", str(tmp_path / "out"), "--name", "old"]) == 0
    first = (tmp_path / "out" / "old.jsonl").read_text().splitlines()[0]
    assert json.loads(first) == {"prompt": "q\n\n###\n\n", "completion": " a END"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--target", "openai"], "where the files go"),
        (["--target", "openai", "--check", "--format", "chta"], "no format chta"),
        (["--target", "openai", "--check", "--format", "alpaca"], "does not read"),
        (["--target", "openai", "--check", "--map", "who=x"], "--map cannot be read"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(
    options: list[str], words: str, rows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export-data", str(rows), *options]) == 2
    assert words in capsys.readouterr().err
