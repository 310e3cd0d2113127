"""Steps that stand out are marked, ordinary ones are not, and marking changes nothing."""

import random
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.engine.made_runs import FAST, losses, make_run, train_here
from tests.engine.staged import Staged
from tunedesk.engine.checkpoint import Progress
from tunedesk.engine.methods.objective import Loss
from tunedesk.engine.spikes import FEWEST, is_spike
from tunedesk.engine.training import Training
from tunedesk.runs.events import EventBase, Step
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.run_folder import RunFolder


def marked(series: list[tuple[float, float]]) -> list[int]:
    """Steps, from 1, that are called spikes in a series of losses and gradient norms."""
    progress = Progress(identity="me")
    return [number for number, (loss, norm) in enumerate(series, 1) if is_spike(progress, loss, norm)]


def falling(steps: int, seed: int) -> list[tuple[float, float]]:
    """Losses and norms as real runs have them: a fast fall, then a slow one, with noise on both."""
    noise = random.Random(seed)
    return [
        ((1.2 + 2.5 / (1 + step / 8)) * noise.gauss(1, 0.06), 0.8 * noise.lognormvariate(0, 0.2))
        for step in range(steps)
    ]


@pytest.mark.parametrize("at", [2 * FEWEST, 40, 150])
def test_a_jump_of_the_loss_or_of_the_gradient_is_marked(at: int) -> None:
    for loss_times, norm_times in ((2.5, 1.0), (1.0, 6.0)):
        series = falling(200, seed=at)
        loss, norm = series[at - 1]
        series[at - 1] = (loss * loss_times, norm * norm_times)
        assert marked(series) == [at]


def test_ordinary_noise_is_hardly_ever_marked() -> None:
    false_alarms = sum(len(marked(falling(1000, seed))) for seed in range(10))
    assert false_alarms <= 10, "at most one step in a thousand"


def test_the_first_steps_and_equal_ones_are_no_spikes() -> None:
    assert marked([(3.0, 1.0), (30.0, 9.0), (2.0, 1.0)]) == []
    assert marked([(2.0, 1.0)] * 20 + [(2.2, 1.05)]) == []
    assert marked([(0.0, 0.0)] * 20) == []


def test_a_fall_is_no_spike_and_a_higher_level_is_one_for_a_while_only() -> None:
    assert marked([(2.0 + 0.01 * (step % 3), 1.0) for step in range(20)] + [(0.1, 0.1)]) == []
    raised = marked([(1.0, 1.0)] * 40 + [(3.0, 1.0)] * 60)
    assert raised and raised[0] == 41 and raised[-1] < 60


LONG = msgspec.structs.replace(FAST, epochs=8, eval_steps=100, checkpoint_steps=100)
AT = 18


def louder_at(step: int) -> Callable[[Training], None]:
    """One step whose loss is forty times what it should be."""

    def stage(training: Training) -> None:
        def change(loss: Loss) -> Loss:
            return Loss(loss.total * 40) if training.progress.step == step - 1 else loss

        training.objective = Staged(training.objective, change=change)

    return stage


def spikes(history: RunHistory) -> list[int]:
    return [number for number, step in history.steps.items() if step.spike]


def stop_after(run: RunFolder, step: int) -> Callable[[EventBase], None]:
    def stop(event: EventBase) -> None:
        if isinstance(event, Step) and event.step == step:
            run.ask("stop")

    return stop


def test_a_spike_is_told_with_its_step(tmp_path: Path, tiny_model: Path) -> None:
    history = train_here(make_run(tmp_path, tiny_model, LONG), stage=louder_at(AT))
    assert spikes(history) == [AT]


def test_a_resumed_run_marks_the_same_steps(tmp_path: Path, tiny_model: Path) -> None:
    whole = train_here(make_run(tmp_path, tiny_model, LONG, run="whole"), stage=louder_at(AT))
    run = make_run(tmp_path, tiny_model, LONG, run="stopped")
    train_here(run, after=stop_after(run, AT - 1))
    run.control_path.unlink()
    resumed = train_here(run, resume=True, stage=louder_at(AT))
    assert spikes(resumed) == spikes(whole) == [AT]
    assert losses(resumed) == losses(whole)
