"""Smoothing keeps the trend, loses the noise, and does not lag behind."""

import numpy as np
import pytest

from tunedesk.desktop.runs.smoothing import smooth


def test_a_straight_line_stays_what_it_is_from_end_to_end():
    line = 7.5 - 0.02 * np.arange(300)
    assert smooth(line) == pytest.approx(line)


def test_noise_becomes_less_and_the_trend_stays():
    steps = np.arange(600)
    trend = 0.3 + 2 * np.exp(-steps / 120)
    noisy = trend + np.random.default_rng(1).normal(0, 0.2, len(steps))
    assert np.abs(smooth(noisy) - trend).mean() < 0.35 * np.abs(noisy - trend).mean()


def test_a_falling_loss_is_not_drawn_late():
    loss = 8 * np.exp(-np.arange(60) / 20)
    assert np.abs(smooth(loss) - loss).max() < 0.1


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_points_are_left_alone(count):
    points = np.arange(count, dtype=np.float64)
    assert smooth(points).tolist() == points.tolist()


def test_a_million_steps_keep_their_precision():
    assert smooth(np.full(1_000_000, 0.25)) == pytest.approx(0.25, abs=1e-6)
