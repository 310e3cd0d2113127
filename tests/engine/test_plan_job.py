"""The engine's `plan` command: one line about a job, before it is started."""

from pathlib import Path

import msgspec
import pytest

from tests.engine.made_runs import FAST, chat_row, make_run, rows
from tunedesk.engine import plan_job as module
from tunedesk.engine.__main__ import main
from tunedesk.runs.dry_run_report import DryRunReport
from tunedesk.runs.job import encode_job


def report(path: Path, capsys: pytest.CaptureFixture[str]) -> DryRunReport:
    assert main(["plan", str(path)]) == 0
    return msgspec.json.decode(capsys.readouterr().out, type=DryRunReport)


def test_a_run_is_planned_for_its_largest_row(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path, tiny_model)
    found = report(run.path, capsys)
    assert found.fits and found.changes == ()
    assert 0 < found.tokens <= FAST.micro_batch_tokens
    parts = (found.weights, found.adapter, found.activations, found.loss, found.overhead)
    assert sum(parts) == found.total == pytest.approx(found.formula, rel=0.01)


def test_a_job_alone_is_planned_for_the_largest_row_that_may_come(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, micro_batch_tokens=128))
    alone = tmp_path / "job.json"
    alone.write_bytes(run.job_path.read_bytes())
    assert report(alone, capsys).tokens == 128
    alone.write_bytes(encode_job(msgspec.structs.replace(run.job(), method="dpo", train=run.job().train)))
    assert report(alone, capsys).tokens == 2 * FAST.max_length


def test_what_does_not_fit_comes_with_the_changes_that_help(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hyper = msgspec.structs.replace(FAST, activations="keep", micro_batch_tokens=2048, batch_size=32)
    run = make_run(tmp_path, tiny_model, hyper, train=rows(40))
    roomy = module.report_of(run.path)
    monkeypatch.setattr(module, "free_bytes", lambda device: roomy.total - 1)
    found = module.report_of(run.path)
    assert (found.fits, found.can_fit) == (False, True)
    assert [change.setting for change in found.changes] == ["activations"]
    monkeypatch.setattr(module, "free_bytes", lambda device: 1_000)
    assert not module.report_of(run.path).can_fit


def test_what_is_wrong_is_said_in_a_sentence(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", str(tmp_path / "none.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    run = make_run(tmp_path, tiny_model, train=[chat_row("what", ""), b"{"])
    assert main(["plan", str(run.path)]) == 2
    assert "Row 2 of the training data" in capsys.readouterr().err
