"""How jobs end besides well: what the run's last word is, and what can be done after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.runs.cloud.cloud_runs import KEY, a_provider, execute, words
from tests.runs.cloud.world import World, assert_the_curve_is_whole, told_anew
from tests.runs.faults.matrix import CHECKPOINTS, FILE, JOB, rewritten, says
from tests.runs.faults.proxy import Answer, Fault, Proxy
from tunedesk.errors import UserError
from tunedesk.runs.events import Failed, Stopped
from tunedesk.runs.places import places
from tunedesk.runs.places.cloud import following, ledger
from tunedesk.runs.receipt import read_receipt
from tunedesk.runs.run_folder import RunFolder, RunState

ALWAYS = 10**6


def ended_as(world: World, folder: Path, status: str, **more: Any) -> RunFolder:
    """A run whose service says that its job ended like this."""
    said = Fault("GET", JOB, times=ALWAYS, change=says(status, fine_tuned_model=None, **more))
    kept = Fault("DELETE", FILE, times=ALWAYS, passes=False, change=lambda answer: Answer(200, {}, b"{}"))
    with Proxy(world.server.url, [said, kept]) as proxy:
        run = told_anew(world.trained, folder, proxy.url, a_provider())
        execute(run)
    return run


def test_a_job_that_failed_gives_the_services_reason_and_a_next_step(world: World, tmp_path: Path) -> None:
    error = {"code": "invalid_training_file", "message": "Line 3 has no assistant.", "param": "training_file"}
    run = ended_as(world, tmp_path, "failed", error=error)
    ended = run.history().ended
    assert isinstance(ended, Failed)
    assert ended.reason.endswith("Line 3 has no assistant (invalid_training_file, training_file).")
    assert ended.hint.startswith("Mend the rows that it names")
    assert ended.step == 6
    receipt = read_receipt(run)
    assert receipt is not None and receipt.ended == "failed"
    assert ledger.read(run).files_there == ()
    run.process_path.unlink()  # it was this one, which lives
    with pytest.raises(UserError, match="has ended as failed"):
        places.start(run, lambda account: KEY)


@pytest.mark.parametrize("error", [None, {}, {"code": None, "message": None}])
def test_a_job_that_failed_without_a_word_failed_all_the_same(
    error: dict[str, Any] | None, world: World, tmp_path: Path
) -> None:
    ended = ended_as(world, tmp_path, "failed", error=error).history().ended
    assert isinstance(ended, Failed) and "gives no reason" in ended.reason


def test_a_job_that_was_cancelled_elsewhere_has_stopped(world: World, tmp_path: Path) -> None:
    run = ended_as(world, tmp_path, "cancelled")
    ended = run.history().ended
    assert isinstance(ended, Stopped) and ended.step == 6


def test_success_without_a_model_is_none_and_is_asked_about_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "NAME_WAITED", 0.1)
    nameless = Fault("GET", JOB, times=ALWAYS, change=says("succeeded", fine_tuned_model=None))
    with Proxy(world.server.url, [nameless]) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider())
        execute(run)
        ended = run.history().ended
        assert isinstance(ended, Failed) and "names no tuned model" in ended.reason
        assert ledger.read(run).ended == "" and len(ledger.read(run).files_there) == 2
        proxy.faults.clear()
        execute(run)
    assert_the_curve_is_whole(run, world.trained)


def test_figures_that_only_checkpoints_tell_are_drawn(world: World, tmp_path: Path) -> None:
    """As of Nebius, which tells of no steps in between."""

    def with_figures(page: dict[str, Any]) -> dict[str, Any]:
        figures = {"train_loss": 3.25, "valid_loss": 2.5}
        return {**page, "data": [{**one, "metrics": figures} for one in page["data"]]}

    def without_figures(page: dict[str, Any]) -> dict[str, Any]:
        return {**page, "data": [one for one in page["data"] if one["type"] != "metrics"]}

    with Proxy(world.server.url) as proxy:
        proxy.faults += [
            Fault("GET", JOB + "/events.*", times=ALWAYS, change=rewritten(without_figures)),
            Fault("GET", CHECKPOINTS, times=ALWAYS, change=rewritten(with_figures)),
            Fault("GET", JOB, times=ALWAYS, change=rewritten(lambda job: {**job, "result_files": []})),
        ]
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider())
        execute(run)
    history = run.history()
    assert run.state() is RunState.FINISHED, words(run)
    assert set(history.steps) == set(history.evaluations) == set(history.checkpoints)
    assert {step.loss for step in history.steps.values()} == {3.25}
    assert history.total_steps == history.step == 6
