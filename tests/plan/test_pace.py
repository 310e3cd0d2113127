"""The time that is left is right where steps differ, where they do not, and before anything is known."""

import random

import pytest

from tunedesk.plan.pace import MeasuredStep, Pace, pace_of, seconds_left


def steps(tokens: list[int], fixed: float = 0.2, each: float = 1e-3) -> list[MeasuredStep]:
    return [MeasuredStep(size, fixed + each * size) for size in tokens]


def test_nothing_is_said_before_the_first_step() -> None:
    assert pace_of([]) is None
    assert seconds_left([], [100]) is None


def test_steps_of_one_length_are_taken_for_their_tokens() -> None:
    assert seconds_left(steps([500] * 3), [500] * 10) == pytest.approx(7.0)


def test_the_fixed_part_of_a_step_is_told_from_that_of_its_tokens() -> None:
    pace = pace_of(steps([100, 900, 400, 700, 250]))
    assert pace is not None
    assert (pace.step, pace.token) == (pytest.approx(0.2), pytest.approx(1e-3))
    assert seconds_left(steps([100, 900, 400, 700, 250]), [2_000, 50], between=3.0) == pytest.approx(
        0.4 + 2.05 + 3.0
    )


def test_a_slow_first_step_is_forgotten() -> None:
    slow = MeasuredStep(500, 60.0)
    assert seconds_left([slow, *steps([500, 800, 200])], [500]) == pytest.approx(0.7)


def test_only_the_newest_steps_count() -> None:
    before, now = steps([300, 600] * 20, each=1e-2), steps([300, 600] * 60)
    assert seconds_left([*before, *now], [450]) == pytest.approx(0.65)


def test_no_part_of_a_step_takes_negative_time() -> None:
    assert pace_of([MeasuredStep(100, 2.0), MeasuredStep(200, 1.0)]) == Pace(1.5, 0.0)
    assert pace_of([MeasuredStep(100, 1.0), MeasuredStep(200, 4.0)]) == Pace(0.0, 5 / 300)
    assert pace_of([MeasuredStep(0, 2.0)]) == Pace(2.0, 0.0)


def test_after_twenty_noisy_steps_the_rest_is_right_within_a_tenth() -> None:
    chance = random.Random(4)
    lengths = [chance.randint(200, 4_000) for _ in range(400)]
    all_steps = [
        MeasuredStep(size, (0.3 + 4e-4 * size + 1e-8 * size**2) * chance.uniform(0.85, 1.15))
        for size in lengths
    ]
    rest = sum(one.seconds for one in all_steps[20:])
    assert seconds_left(all_steps[:20], lengths[20:]) == pytest.approx(rest, rel=0.1)
