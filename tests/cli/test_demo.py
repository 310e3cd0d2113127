"""`tunedesk demo --headless` on a sample with fewer held-out questions: every step is real."""

import json
import shutil
from pathlib import Path

import pytest

from tunedesk import paths
from tunedesk.__main__ import main
from tunedesk.runs.run_folder import RunFolder, RunState

FIELDS = [
    *("seed", "rows", "findings_before", "findings_after", "steps"),
    *("train_loss_first", "train_loss_last", "valid_loss"),
    *("heldout_exact_match_base", "heldout_exact_match_tuned"),
    *("seconds_total", "seconds_to_first_step", "run"),
]


@pytest.fixture
def short_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample with six validation and six held-out rows; its training rows are all there."""
    short = tmp_path / "helpdesk"
    shutil.copytree(paths.sample_project(), short)
    for split in ("valid", "heldout"):
        path = short / "datasets" / f"{split}.jsonl"
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:6]))
    monkeypatch.setattr("tunedesk.project.folder.sample_project", lambda: short)
    return short


def test_three_steps_mend_everything_teach_too_little_and_end_with_1(
    short_sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["demo", "--headless", "--json", "--steps", "3", "--seed", "2", "--out", str(out)]
    assert main([*arguments, "--set", "learning_rate=1e-6"]) == 1
    told = capsys.readouterr()
    result = json.loads(told.out.splitlines()[-1])
    assert list(result) == FIELDS
    assert (result["seed"], result["steps"], result["findings_after"]) == (2, 3, 0)
    assert result["findings_before"] >= 25
    assert result["rows"] == 378
    assert result["heldout_exact_match_tuned"] <= result["heldout_exact_match_base"]
    assert 0 < result["seconds_to_first_step"] < result["seconds_total"]
    run = RunFolder(Path(result["run"]))
    assert run.state() is RunState.FINISHED
    steps = [event.loss for event in run.read_events() if type(event).__name__ == "Step"]
    assert (result["train_loss_first"], result["train_loss_last"]) == (steps[0], steps[-1])
    assert "step 3/3" in told.err
    assert (short_sample / "datasets" / "train.jsonl").read_bytes() == (
        paths.sample_project() / "datasets" / "train.jsonl"
    ).read_bytes()


def test_a_wrong_setting_is_told_before_anything_is_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for wrong in (["--set", "epoch=2"], ["--steps", "-1"], ["--seed", "-1"]):
        assert main(["demo", "--headless", "--out", str(out), *wrong]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert not out.exists()


def test_a_folder_with_a_sample_in_it_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "helpdesk" / "datasets").mkdir(parents=True)
    assert main(["demo", "--headless", "--out", str(tmp_path)]) == 2
    assert "--out" in capsys.readouterr().err
