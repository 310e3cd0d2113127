"""Figures and checkpoints become events: rising, each once, whatever came in between."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from tests.runs.cloud.cloud_runs import a_cloud_run, pair_rows
from tunedesk.runs.events import Checkpointed, Evaluated, Started, Step
from tunedesk.runs.places.cloud.curves import Curves
from tunedesk.runs.places.cloud.metrics import Metric, merged, metric_from, metric_of, metric_of_checkpoint
from tunedesk.runs.places.cloud.remote import RemoteCheckpoint, RemoteEvent
from tunedesk.runs.places.cloud.telling import Telling
from tunedesk.runs.run_folder import RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return a_cloud_run(tmp_path, "https://example.com/v1")


def some(*steps: int) -> list[Metric]:
    return [Metric(step, at=1000.0 + step, total_steps=9, train_loss=1 / step) for step in steps]


def curves_of(run: RunFolder, telling: Telling) -> Curves:
    return Curves(telling, run.job())


def told(run: RunFolder) -> list[int]:
    return [event.step for event in run.read_events() if isinstance(event, Step)]


def test_steps_rise_though_they_come_in_any_order(run: RunFolder) -> None:
    with Telling(run, "run", "Ours") as telling:
        curves = curves_of(run, telling)
        metrics = some(1, 2, 3, 4) * 2
        random.Random(1).shuffle(metrics)
        assert curves.tell(metrics)
        assert not curves.tell(metrics)
    assert told(run) == [1, 2, 3, 4]
    assert [event.time for event in run.read_events() if isinstance(event, Step)] == [1001, 1002, 1003, 1004]


def test_a_late_step_waits_and_the_curve_is_told_again_from_there(run: RunFolder) -> None:
    checkpoint = RemoteCheckpoint("c", 5.0, "ft:m:ckpt", 5)
    with Telling(run, "run", "Ours") as telling:
        curves = curves_of(run, telling)
        curves.tell(some(1, 2, 5))
        curves.tell_checkpoints([checkpoint])
        curves.tell(some(4))
        assert told(run) == [1, 2, 5]
        curves.tell_the_rest(some(3, 6), [checkpoint])
        assert list(telling.history.steps) == [1, 2, 3, 4, 5, 6]
        assert telling.history.checkpoints[5].model == "ft:m:ckpt"
    assert told(run) == [1, 2, 5, 3, 4, 5, 6]
    assert [e.resumed_from for e in run.read_events() if isinstance(e, Started)] == [None, 2]


def test_what_waits_for_the_end_is_no_news_when_it_comes_again(run: RunFolder) -> None:
    late, more = Metric(2, at=7.0, train_loss=0.5), Metric(2, at=8.0, valid_loss=0.4)
    with Telling(run, "run", "Ours") as telling:
        curves = curves_of(run, telling)
        curves.tell(some(1, 3))
        assert [curves.tell([one]) for one in (late, late, more, late, more)] == [
            True,
            False,
            True,
            False,
            False,
        ]
        curves.tell_the_rest([], [])
        assert telling.history.steps[2].loss == 0.5 and telling.history.evaluations[2].loss == 0.4


def test_a_long_curve_is_told_in_moments(run: RunFolder) -> None:
    """20,000 steps, as a process finds them that comes after days; what grew with the square took minutes."""
    with Telling(run, "run", "Ours") as telling:
        curves = curves_of(run, telling)
        metrics = [Metric(step, at=1.0, train_loss=1.0, valid_loss=1.0) for step in range(1, 20_001)]
        curves.tell(metrics)
        assert not curves.tell(metrics)
        assert telling.history.step == 20_000


def test_without_gaps_nothing_is_told_again(run: RunFolder) -> None:
    with Telling(run, "run", "Ours") as telling:
        curves = curves_of(run, telling)
        curves.tell(some(1, 2))
        curves.tell_the_rest(some(1, 2, 3), [])
    assert told(run) == [1, 2, 3]
    assert len([event for event in run.read_events() if isinstance(event, Started)]) == 1


def test_the_number_of_steps_is_told_as_soon_as_it_is_known(run: RunFolder) -> None:
    with Telling(run, "run", "Ours") as telling:
        curves = curves_of(run, telling)
        curves.begin()
        curves.begin()
        curves.tell(some(1))
    starts = [event for event in run.read_events() if isinstance(event, Started)]
    assert [event.total_steps for event in starts] == [0, 9]
    assert (starts[0].device, starts[0].rows, starts[0].tokens_per_epoch) == ("Our box", 12, 0)


def test_the_full_validation_counts_more_and_the_best_is_marked(run: RunFolder) -> None:
    with Telling(run, "run", "Ours") as telling:
        curves_of(run, telling).tell(
            [
                Metric(1, train_loss=1.0, valid_loss=0.9, full_valid_loss=0.8),
                Metric(2, train_loss=0.9, valid_loss=0.85),
                Metric(3, train_loss=0.8, valid_loss=0.7),
            ]
        )
    found = [event for event in run.read_events() if isinstance(event, Evaluated)]
    assert [(event.loss, event.is_best) for event in found] == [(0.8, True), (0.85, False), (0.7, True)]


def test_what_is_left_is_told_with_each_step(run: RunFolder) -> None:
    with Telling(run, "run", "Ours") as telling:
        curves_of(run, telling).tell(some(1), ends_at=1061.0)
    assert next(e.eta_seconds for e in run.read_events() if isinstance(e, Step)) == 60.0


def test_of_pairs_the_accuracy_is_that_of_the_pairs(tmp_path: Path) -> None:
    run = a_cloud_run(tmp_path, "https://example.com/v1", rows=pair_rows(12), method="dpo")
    with Telling(run, "run", "Ours") as telling:
        figures = {"step": 1, "train_loss": 0.6, "train_accuracy": 0.75, "valid_loss": 0.5}
        found = metric_from({**figures, "valid_mean_token_accuracy": 0.5})
        assert found is not None
        curves_of(run, telling).tell([found])
    step = next(event for event in run.read_events() if isinstance(event, Step))
    assert (step.accuracy, step.token_accuracy) == (0.75, None)
    assert next(e.accuracy for e in run.read_events() if isinstance(e, Evaluated)) == 0.5


def test_a_checkpoint_without_a_name_or_step_is_none(run: RunFolder) -> None:
    with Telling(run, "run", "Ours") as telling:
        curves = curves_of(run, telling)
        assert not curves.tell_checkpoints([RemoteCheckpoint("a"), RemoteCheckpoint("b", 1.0, "m", 0)])
        assert curves.tell_checkpoints([RemoteCheckpoint("c", 1.0, "m", 3)])
        assert not curves.tell_checkpoints([RemoteCheckpoint("c", 1.0, "m", 3)])
    assert [event.model for event in run.read_events() if isinstance(event, Checkpointed)] == ["m"]


def test_half_a_line_of_a_killed_process_is_noise_of_its_own(run: RunFolder) -> None:
    run.events_path.write_bytes(b'{"type":"step","ru')
    with Telling(run, "run", "Ours") as telling:
        telling.note("service", "Here again.")
    assert [event.seq for event in run.read_events()] == [1]


def test_a_warning_is_given_once(run: RunFolder) -> None:
    for _ in range(2):
        with Telling(run, "run", "Ours") as telling:
            telling.warn("a", "b")
            telling.warn("a", "b")
            telling.note("service", "An attempt.")
    assert len(run.history().warnings) == 1


def test_only_events_with_figures_are_metrics() -> None:
    data = {"step": 2, "total_steps": 4, "train_loss": 0.5}
    found = metric_of(RemoteEvent("e", 7.0, type="metrics", data=data))
    assert found == Metric(2, at=7.0, total_steps=4, train_loss=0.5)
    assert metric_of(RemoteEvent("e", 7.0, type="message", data=data)) is None
    assert metric_of(RemoteEvent("e", 7.0, type="metrics", data=None)) is None
    assert metric_from({"step": "3", "train_loss": True, "epoch": None}) == Metric(3)
    assert metric_from({"train_loss": 1.0}) is None


def test_a_checkpoints_own_step_counts() -> None:
    one = RemoteCheckpoint("c", 7.0, "m", 5, {"step": 4.0, "train_loss": 3.1, "valid_loss": 2.2})
    assert metric_of_checkpoint(one) == Metric(5, at=7.0, train_loss=3.1, valid_loss=2.2)


def test_two_tellings_of_a_step_are_one() -> None:
    one, other = Metric(1, train_loss=1.0, valid_loss=2.0), Metric(1, train_loss=3.0)
    assert merged([one, other]) == {1: Metric(1, train_loss=3.0, valid_loss=2.0)}
    assert msgspec.structs.asdict(RemoteCheckpoint())["metrics"] is None
