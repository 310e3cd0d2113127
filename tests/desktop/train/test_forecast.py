"""What a run will need: steps as the engine counts them, memory, time, and what stands in its way."""

from dataclasses import replace

import msgspec
import pytest

from tests.desktop.train.examples import a_model, a_reading, some_hardware
from tests.runs.examples import a_job, a_start, a_step
from tunedesk.desktop.train import words
from tunedesk.desktop.train.forecast import forecast, past_runs, total_steps
from tunedesk.engine import schedule
from tunedesk.runs.events import Finished, encode_event
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import ModelRef
from tunedesk.runs.run_folder import RunFolder

PLENTY = 10**12


@pytest.mark.parametrize("rows", [1, 7, 300, 5000])
@pytest.mark.parametrize(("epochs", "batch", "most"), [(3, 16, 0), (0.1, 8, 0), (2.5, 7, 0), (9, 8, 40)])
def test_steps_are_counted_as_the_engine_counts_them(rows, epochs, batch, most):
    settings = Hyperparameters(epochs=epochs, batch_size=batch, max_steps=most)
    assert total_steps(rows, settings) == schedule.total_steps(rows, settings)


def ahead(settings, reading=None, hardware=None, free_disk=PLENTY, past=()):
    return forecast(settings, reading or a_reading(), a_model(), hardware or some_hardware(), free_disk, past)


def test_more_tokens_at_once_need_more_memory():
    little, much = (ahead(Hyperparameters(micro_batch_tokens=tokens)) for tokens in (200, 1600))
    assert much.memory.total > little.memory.total


def test_memory_that_does_not_fit_is_an_obstacle_that_blocks():
    crowded = replace(some_hardware(), ram_free=10_000_000)
    found = ahead(Hyperparameters(), hardware=crowded).obstacles
    assert any(one.blocks and "free" in one.message for one in found)


def test_a_full_disk_is_an_obstacle_that_blocks():
    found = ahead(Hyperparameters(), free_disk=10).obstacles
    assert any(one.blocks and "disk" in one.message for one in found)


def test_what_would_make_it_fit_is_offered_least_harm_first():
    crowded = replace(some_hardware(), ram_free=450_000_000)
    much = Hyperparameters(micro_batch_tokens=65_536, batch_size=400, activations="keep")
    found = ahead(much, hardware=crowded)
    assert [change.setting for change in found.changes][:2] == ["activations", "micro_batch_tokens"]
    assert found.changes[-1].fits and found.changes[-1].needed <= 450_000_000
    assert ahead(Hyperparameters()).changes == ()


def test_a_value_far_from_the_advice_gets_a_word():
    (caution,) = ahead(Hyperparameters(learning_rate=0.5)).cautions
    assert caution.setting == "learning_rate" and caution.source


def finished_run(runs_dir, name, model, tokens_per_second):
    job = msgspec.structs.replace(a_job(), run=name, model=ModelRef(model.name, str(model.path)))
    runs_dir.mkdir(exist_ok=True)
    folder = RunFolder.create(runs_dir, job, [b"{}"])
    step = msgspec.structs.replace(a_step(1), tokens=int(tokens_per_second), seconds=1.0)
    ended = Finished(
        run="r",
        attempt=1,
        seq=3,
        time=0,
        steps=1,
        train_loss=1,
        valid_loss=None,
        best_step=1,
        adapter="adapter",
        seconds=1,
    )
    folder.events_path.write_bytes(b"".join(map(encode_event, (a_start(1, None), step, ended))))


def test_the_time_comes_from_an_earlier_run_of_the_same_model(tmp_path):
    finished_run(tmp_path / "runs", "a", a_model(), 1000)
    finished_run(tmp_path / "runs", "b", a_model("another"), 5)
    past = past_runs(tmp_path / "runs", a_model(), some_hardware(), 0.4)
    assert [run.tokens_per_second for run in past] == [1000]
    told = ahead(Hyperparameters(epochs=10), past=past).time
    assert "last run of this model" in told.source
    assert told.seconds == pytest.approx(300 * 100 * 10 / 1000, rel=0.1)


def test_without_an_earlier_run_the_processor_is_measured():
    assert "measurement" in ahead(Hyperparameters()).time.source


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, "not known yet"),
        (5, "about a minute"),
        (61, "about 2 minutes"),
        (5000, "about 84 minutes"),
        (7200, "about 2 hours"),
        (9000, "about 2.5 hours"),
    ],
)
def test_an_estimated_time_is_told_roughly_and_not_too_short(seconds, told):
    assert words.duration(seconds) == told


def test_sizes_are_told_in_decimal_units():
    assert (words.parameters(4_000_000), words.parameters(8_030_000_000)) == ("4 M", "8 B")
    assert (words.bytes_of(8_000_000), words.bytes_of(16_100_000_000)) == ("8 MB", "16.1 GB")
