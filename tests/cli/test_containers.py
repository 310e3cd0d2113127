"""Every command takes every container of rows."""

import io
import json
from pathlib import Path

import pytest

from tunedesk.__main__ import main
from tunedesk.cli.train import rows_of

PAIRS = [("What is red?", "A colour."), ("What is a dog?", "An animal."), ("What is tea?", "A drink.")]


def parquet() -> bytes:
    arrow = pytest.importorskip("pyarrow")
    prompts, completions = zip(*PAIRS, strict=True)
    content = io.BytesIO()
    pytest.importorskip("pyarrow.parquet").write_table(
        arrow.table({"prompt": prompts, "completion": completions}), content
    )
    return content.getvalue()


def table() -> str:
    return "".join(
        f'"{prompt}";"{completion}"\r\n' for prompt, completion in [("prompt", "completion"), *PAIRS]
    )


CONTAINERS = {
    "data.csv": lambda: table().encode("utf-8-sig"),
    "data.tsv": lambda: table().replace(";", "\t").encode("utf-16"),
    "data.json": lambda: json.dumps([{"prompt": a, "completion": b} for a, b in PAIRS], indent=2).encode(),
    "data.parquet": parquet,
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_rows_are_linted_shown_and_trained_on_from_any_container(
    name: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(CONTAINERS[name]())
    assert main(["lint", str(path), "--model", str(tiny), "--format", "json"]) in (0, 1)
    report = json.loads(capsys.readouterr().out)
    assert report["rows"] == 3
    assert [found for found in report["findings"] if found["row"]] == []
    assert main(["show", str(path), "--row", "2", "--model", str(tiny)]) == 0
    assert "What is a dog?" in capsys.readouterr().out
    assert [json.loads(raw)["completion"] for raw in rows_of(path)] == [answer for _, answer in PAIRS]


def test_fixes_are_written_in_the_files_own_form(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = table().encode()
    path = tmp_path / "data.csv"
    path.write_bytes(content.replace(b'"What is tea', b'\r\n"What is tea'))
    main(["lint", str(path), "--fix", "safe", "--model", str(tiny)])
    assert path.read_bytes() == content
    main(["lint", str(path), "--fix", "safe", "--output", str(tmp_path / "out.jsonl"), "--model", str(tiny)])
    assert (tmp_path / "out.jsonl").read_bytes().count(b'{"prompt"') == 3


def test_a_guess_is_told_beside_the_report(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes("prompt,completion\nCafé?,A place.\n".encode("cp1252"))
    main(["lint", str(path), "--model", str(tiny)])
    told = capsys.readouterr()
    assert "read as cp1252, which is a guess" in told.err
    assert "guess" not in told.out
