"""`tunedesk merge`, with a real engine."""

import json
from pathlib import Path

import pytest

from tests.engine.test_merge import tuned_run
from tunedesk.__main__ import main


def test_a_merged_model_stands_in_its_folder(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tuned_run(tmp_path, tiny)
    assert main(["merge", str(run.path), "--out", str(tmp_path / "merged"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["same_choice"] == 1.0
    assert (tmp_path / "merged" / "model.safetensors").is_file()
    assert main(["merge", str(run.path), "--out", str(tmp_path / "merged")]) == 2
    assert "exists already" in capsys.readouterr().err
