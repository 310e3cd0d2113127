"""What a run tells on the command line while it is followed."""

import msgspec

from tests.runs.examples import a_step
from tunedesk.cli.following import event_line, step_line
from tunedesk.runs.events import Preflighted, Started, Step, Stopped


def test_the_preflight_tells_what_was_predicted_and_what_was_measured():
    told = Preflighted(
        run="r",
        attempt=1,
        seq=3,
        time=0.0,
        tokens=2040,
        predicted_bytes=5_400_000_000,
        measured_bytes=5_210_000_000,
        free_bytes=8_000_000_000,
        seconds=1.5,
        activations="keep",
        total_seconds=600.0,
    )
    assert "2040 tokens: 5.21 GB measured, 5.40 predicted" in event_line(told)


def test_a_stop_says_whether_there_is_a_checkpoint():
    stopped = Stopped(run="r", attempt=1, seq=9, time=0.0, step=2, checkpoint="checkpoints/2")
    assert event_line(stopped) == "stopped at step 2 with a checkpoint"
    unsaved = Stopped(run="r", attempt=1, seq=9, time=0.0, step=2, checkpoint="")
    assert event_line(unsaved) == "stopped at step 2 without a checkpoint"


def test_a_step_that_stands_out_is_marked():
    assert "spike" not in step_line(a_step(3), 10)
    assert step_line(msgspec.structs.replace(a_step(3), spike=True), 10).endswith("spike")


def test_what_a_service_does_not_tell_is_left_out():
    begun = Started(
        run="r",
        attempt=1,
        seq=1,
        time=0.0,
        total_steps=0,
        rows=36,
        tokens_per_epoch=0,
        trained_share=0.0,
        device="here",
        versions={},
    )
    assert event_line(begun) == "36 examples, on here"
    assert (
        step_line(Step(run="r", attempt=1, seq=2, time=0.0, step=1, loss=2.5), 9) == "step 1/9  loss 2.5000"
    )
