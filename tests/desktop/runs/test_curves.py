"""The arrays behind the plots follow the events, also when a resumed attempt goes back."""

import msgspec

from tests.runs.examples import a_start, a_step, an_evaluation
from tunedesk.desktop.runs.curves import Curves


def test_steps_and_validations_become_points():
    curves = Curves()
    curves.add_all([a_start(1, None), a_step(1, loss=3.0), a_step(2, loss=2.0), an_evaluation(2, 1.5)])
    assert list(curves.series["loss"].y) == [3.0, 2.0]
    assert list(curves.validation.x) == [2]
    assert curves.last_step == 2


def test_a_loss_that_stands_out_is_marked_and_taken_back_with_its_step():
    curves = Curves()
    spike = msgspec.structs.replace(a_step(2, loss=9.0), spike=True)
    curves.add_all([a_start(1, None), a_step(1), spike, a_step(3)])
    assert (list(curves.spikes.x), list(curves.spikes.y)) == ([2], [9.0])
    curves.add_all([a_start(2, 1)])
    assert len(curves.spikes) == 0


def test_a_resumed_attempt_replaces_the_later_steps():
    curves = Curves()
    curves.add_all([a_start(1, None), *(a_step(n, loss=5.0) for n in range(1, 7)), an_evaluation(6, 4.0)])
    curves.add_all([a_start(2, 3), a_step(4, attempt=2, loss=1.0)])
    assert list(curves.series["loss"].x) == [1, 2, 3, 4]
    assert list(curves.series["loss"].y) == [5.0, 5.0, 5.0, 1.0]
    assert len(curves.validation) == 0


def test_a_late_line_of_an_older_attempt_changes_nothing():
    curves = Curves()
    curves.add_all([a_start(2, 1), a_step(2, attempt=2, loss=9.0), a_step(2, attempt=1)])
    assert list(curves.series["loss"].y) == [9.0]


def test_reading_a_file_twice_gives_the_same_curves():
    events = [
        a_start(1, None),
        a_step(1),
        a_step(2),
        an_evaluation(2, 2.0),
        a_start(2, 1),
        a_step(2, attempt=2),
    ]
    once, twice = Curves(), Curves()
    once.add_all(events)
    twice.add_all([*events, *events])
    assert twice.series == once.series
    assert twice.validation == once.validation
