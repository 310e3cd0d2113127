"""Bucketing of curves: nothing that matters is lost, and a million points stay cheap."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.desktop.runs.buckets import bucket, nearest


def steps(count):
    return np.arange(1, count + 1, dtype=np.float64)


def test_fewer_points_than_buckets_are_kept_as_they_are():
    curve = bucket(steps(3), np.array([3.0, 1.0, 2.0]), 450)
    assert curve.x.tolist() == [1, 2, 3]
    assert curve.mean.tolist() == curve.low.tolist() == curve.high.tolist() == [3, 1, 2]


def test_a_million_points_become_as_many_as_there_are_buckets():
    x = steps(1_000_000)
    curve = bucket(x, np.sin(x / 1e5), 450)
    assert len(curve) == 450


def test_a_single_spike_among_a_million_points_stays_visible():
    y = np.ones(1_000_000)
    y[654_321] = 40.0
    assert bucket(steps(1_000_000), y, 450).high.max() == 40.0


def test_a_value_that_is_not_finite_does_not_swallow_its_neighbours():
    y = np.array([1.0, np.nan, 3.0, np.inf, 5.0])
    curve = bucket(steps(5), y, 2)
    assert curve.low.min() == 1.0
    assert curve.high.max() == 5.0
    assert np.isfinite(curve.mean).all()


def test_only_the_visible_part_and_its_neighbours_are_bucketed():
    curve = bucket(steps(100), steps(100), 450, first=40, last=42)
    assert curve.x.tolist() == [39, 40, 41, 42, 43]


def test_a_view_between_two_points_still_shows_the_line_through_it():
    assert bucket(steps(10), steps(10), 450, first=4.2, last=4.8).x.tolist() == [4, 5]


def test_nothing_to_show_is_no_error():
    empty = np.array([])
    assert len(bucket(empty, empty, 450)) == 0
    assert len(bucket(steps(2), np.array([np.nan, np.nan]), 450)) == 0


def test_uneven_steps_leave_empty_buckets_out():
    x = np.concatenate([steps(500), steps(500) + 100_000])
    curve = bucket(x, np.ones(1000), 100)
    assert len(curve) == 2
    assert curve.mean.tolist() == [1.0, 1.0]


def test_the_envelope_goes_through_the_lowest_and_highest_value_of_each_bucket():
    x, y = bucket(steps(4), np.array([1.0, 5.0, 2.0, 8.0]), 2).envelope()
    assert y.tolist() == [1, 5, 2, 8]
    assert len(x) == 4


@settings(max_examples=60)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300),
    st.integers(1, 60),
)
def test_extremes_and_mean_survive_any_bucketing(values, count):
    y = np.array(values)
    x = steps(len(values))
    curve = bucket(x, y, count)
    assert curve.low.min() == y.min()
    assert curve.high.max() == y.max()
    assert len(curve) <= max(count, 1)
    assert (np.diff(curve.x) > 0).all()
    slack = 1e-9 * max(1.0, abs(y).max())
    assert ((curve.low <= curve.mean + slack) & (curve.mean <= curve.high + slack)).all()


def test_the_nearest_point_is_found_on_either_side():
    x = np.array([1.0, 2.0, 10.0])
    assert nearest(x, 0) == 0
    assert nearest(x, 5.9) == 1
    assert nearest(x, 6.1) == 2
    assert nearest(x, 99) == 2
    assert nearest(np.array([]), 1) is None
