"""The time left is right: within a tenth after twenty steps, from the first step on where nothing changes."""

from pathlib import Path

import msgspec
import pytest

from tests.engine.made_runs import FAST, chat_row, make_run, train_here
from tests.engine.staged import paced
from tunedesk.engine.forecast import occasions
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.hyperparameters import Hyperparameters

TOKEN, EVALUATION = 0.01, 7.0
LONG = msgspec.structs.replace(FAST, epochs=3, batch_size=2, max_length=128)


def uneven(count: int) -> list[bytes]:
    """Most rows are short, one in ten is long."""
    return [
        chat_row("what says the cat" + " and the bird" * (9 if number % 10 == 3 else number % 3), "yes")
        for number in range(count)
    ]


def errors(history: RunHistory, evaluations_at: set[int]) -> dict[int, float]:
    """Of the time left, at each step, as a share of what it really took by the same clock."""
    left, found = 0.0, {}
    for number in sorted(history.steps, reverse=True):
        step = history.steps[number]
        left += EVALUATION * (number in evaluations_at)
        if left:
            found[number] = abs(step.eta_seconds - left) / left
        left += step.tokens * TOKEN
    return found


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "about eight validations"),
        ({"eval_steps": 5}, "measured before the twentieth step"),
        ({"eval_steps": 40}, "one validation only, known from the trial"),
        ({"epochs": 3.7, "batch_size": 3}, "an epoch that is not finished"),
        ({"max_steps": 44}, "ended by max_steps"),
        ({"micro_batch_tokens": 16}, "each example for itself"),
    ],
)
def test_after_twenty_steps_the_time_left_is_right_within_a_tenth(
    tmp_path: Path, tiny_model: Path, settings: dict[str, object], name: str
) -> None:
    hyper: Hyperparameters = msgspec.structs.replace(LONG, **settings)
    run = make_run(tmp_path, tiny_model, hyper, train=uneven(33))
    history = train_here(run, stage=paced(TOKEN, EVALUATION))
    assert history.total_steps >= 30, name
    off = errors(history, set(history.evaluations))
    assert max(error for step, error in off.items() if step >= 20) < 0.1
    assert max(off.values()) < 0.1, "nothing changes here, so it is right from the first step on"
    told = history.preflight
    assert told is not None
    took = sum(step.tokens for step in history.steps.values()) * TOKEN + EVALUATION * len(history.evaluations)
    assert told.total_seconds == pytest.approx(took, rel=0.1)


def test_a_resumed_run_foresees_only_what_is_left(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, LONG, train=uneven(33))

    def stop(event: object) -> None:
        if run.history().step == 25:
            run.ask("stop")

    train_here(run, stage=paced(TOKEN, EVALUATION), after=stop)
    run.control_path.unlink()
    history = train_here(run, resume=True, stage=paced(TOKEN, EVALUATION))
    off = errors(history, set(history.evaluations))
    assert max(error for step, error in off.items() if step > 25) < 0.1


@pytest.mark.parametrize(
    ("step", "total", "each", "often"),
    [
        (0, 10, 5, 2),
        (0, 11, 5, 3),
        (5, 11, 5, 3),
        (6, 11, 5, 2),
        (10, 10, 5, 1),
        (11, 11, 5, 1),
        (3, 4, 100, 1),
    ],
)
def test_what_comes_with_every_so_many_steps_and_with_the_last(
    step: int, total: int, each: int, often: int
) -> None:
    assert occasions(step, total, each) == often
