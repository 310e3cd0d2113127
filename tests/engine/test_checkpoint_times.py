"""When a checkpoint is written: after so many steps, and after so many minutes without one."""

from pathlib import Path

import msgspec
import pytest

from tests.engine.made_runs import FAST, make_run, train_here
from tests.engine.staged import paced
from tunedesk.runs.events import Checkpointed
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.run_folder import RunFolder

# Steps of equal cost: 60 seconds, and one evaluation at the end.
MINUTE_STEPS = msgspec.structs.replace(FAST, eval_steps=100, checkpoint_steps=100, max_steps=12)


def saved_steps(run: RunFolder) -> list[int]:
    return [event.step for event in run.read_events() if isinstance(event, Checkpointed)]


def trained(tmp_path: Path, tiny_model: Path, hyper: Hyperparameters) -> RunFolder:
    run = make_run(tmp_path, tiny_model, hyper)
    tokens = sum(step.tokens for step in train_here(run).steps.values()) / 12
    timed = make_run(tmp_path, tiny_model, hyper, run="timed")
    train_here(timed, stage=paced(token=60 / tokens, evaluation=0.0))
    return timed


@pytest.mark.parametrize(("minutes", "between"), [(3.0, 3), (5.5, 6), (0.0, 12), (60.0, 12)])
def test_so_many_minutes_without_a_checkpoint_bring_one(
    tmp_path: Path, tiny_model: Path, minutes: float, between: int
) -> None:
    hyper = msgspec.structs.replace(MINUTE_STEPS, checkpoint_minutes=minutes)
    saved = saved_steps(trained(tmp_path, tiny_model, hyper))
    assert saved[-1] == 12
    gaps = [after - before for before, after in zip([0, *saved], saved, strict=False)]
    # The steps are about a minute each: they hold unequal examples.
    assert all(abs(gap - between) <= 1 for gap in gaps[:-1])
    assert len(saved) == pytest.approx(12 / between, abs=1)


def test_one_by_steps_puts_off_the_one_by_time(tmp_path: Path, tiny_model: Path) -> None:
    hyper = msgspec.structs.replace(MINUTE_STEPS, checkpoint_minutes=4.0, checkpoint_steps=2)
    assert saved_steps(trained(tmp_path, tiny_model, hyper)) == [2, 4, 6, 8, 10, 12]


def test_the_time_between_checkpoints_may_change_on_a_resume(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, max_steps=8))
    train_here(run)
    text = run.job_path.read_text()
    changed = text.replace('"checkpoint_minutes": 10.0', '"checkpoint_minutes": 1.0')
    assert changed != text
    run.job_path.write_text(changed)
    history = train_here(run, resume=True)
    assert history.started is not None and history.started.resumed_from == 8
