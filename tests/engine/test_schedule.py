"""Steps and learning rates are what a person would count by hand."""

from itertools import pairwise

import pytest

from tunedesk.engine.schedule import checkpoint_interval, evaluation_interval, learning_rate, total_steps
from tunedesk.runs.hyperparameters import Hyperparameters


@pytest.mark.parametrize(
    ("rows", "epochs", "batch", "most", "steps"),
    [
        (100, 3, 10, 0, 30),
        (101, 3, 10, 0, 31),
        (5, 1, 16, 0, 1),
        (10, 0.5, 5, 0, 1),
        (100, 3, 10, 7, 7),
        (10, 1, 1, 99, 10),
    ],
)
def test_steps_hold_all_examples_of_all_epochs(
    rows: int, epochs: float, batch: int, most: int, steps: int
) -> None:
    assert total_steps(rows, Hyperparameters(epochs=epochs, batch_size=batch, max_steps=most)) == steps


def test_the_rate_rises_to_its_highest_and_falls_towards_zero() -> None:
    hyper = Hyperparameters(learning_rate=1.0, warmup_ratio=0.1, schedule="cosine")
    rates = [learning_rate(step, 100, hyper) for step in range(1, 101)]
    assert rates[:10] == pytest.approx([step / 10 for step in range(1, 11)])
    assert rates[10] == 1.0
    assert all(earlier > later for earlier, later in pairwise(rates[10:]))
    assert 0 < rates[-1] < 0.001


def test_linear_falls_evenly_and_constant_stays() -> None:
    linear = Hyperparameters(learning_rate=1.0, warmup_ratio=0.0, schedule="linear")
    assert [learning_rate(step, 4, linear) for step in (1, 2, 3, 4)] == [1.0, 0.75, 0.5, 0.25]
    constant = Hyperparameters(learning_rate=0.5, warmup_ratio=0.0, schedule="constant")
    assert {learning_rate(step, 4, constant) for step in (1, 2, 3, 4)} == {0.5}


def test_about_eight_validations_a_run_and_checkpoints_with_them() -> None:
    assert evaluation_interval(80, Hyperparameters()) == 10
    assert evaluation_interval(3, Hyperparameters()) == 1
    assert checkpoint_interval(80, Hyperparameters()) == 10
    assert checkpoint_interval(80, Hyperparameters(eval_steps=7)) == 7
    assert checkpoint_interval(80, Hyperparameters(eval_steps=7, checkpoint_steps=5)) == 5
