"""A run in words."""

import pytest

from tests.runs.examples import a_start, a_step
from tunedesk.desktop.runs import sentences
from tunedesk.runs.events import Checkpointed, Failed, Finished, Stopped
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.run_folder import RunState


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.6, "1 second"),
        (40, "40 seconds"),
        (120, "2 minutes"),
        (5400, "1 h 30 min"),
        (90_000, "25 h 00 min"),
    ],
)
def test_durations_are_as_exact_as_anyone_can_use(seconds, words):
    assert sentences.duration(seconds) == words


def history(*events):
    made = RunHistory()
    made.add_all(events)
    return made


def test_a_running_run_says_its_step():
    sentence = sentences.state_sentence(RunState.RUNNING, history(a_start(1, None), a_step(3)))
    assert sentence == "Training: step 3 of 10, epoch 0.3."


def test_an_interrupted_run_says_where_it_can_go_on():
    saved = Checkpointed(run="r", attempt=1, seq=9, time=0, step=2, path="checkpoints/2", reason="schedule")
    sentence = sentences.state_sentence(
        RunState.INTERRUPTED, history(a_start(1, None), a_step(2), saved, a_step(3))
    )
    assert "after 3 steps" in sentence
    assert "step 2" in sentence


def test_a_failed_run_says_why_and_what_to_do():
    failed = Failed(
        run="r", attempt=1, seq=9, time=0, reason="The loss became infinite.", hint="Lower it.", step=2
    )
    assert sentences.state_sentence(RunState.FAILED, history(failed)) == "The loss became infinite. Lower it."


def test_a_finished_run_names_its_best_step():
    ended = Finished(
        run="r",
        attempt=1,
        seq=9,
        time=0,
        steps=10,
        train_loss=0.1,
        valid_loss=0.2,
        best_step=8,
        adapter="adapter",
        seconds=61,
    )
    sentence = sentences.state_sentence(RunState.FINISHED, history(a_start(1, None), ended))
    assert sentence == "Finished: 10 steps in 61 seconds. The best validation loss came at step 8."


def test_a_run_that_ended_early_says_of_how_many_steps():
    ended = Finished(
        run="r",
        attempt=1,
        seq=9,
        time=0,
        steps=6,
        train_loss=0.1,
        valid_loss=None,
        best_step=6,
        adapter="adapter",
        seconds=61,
    )
    sentence = sentences.state_sentence(RunState.FINISHED, history(a_start(1, None), ended))
    assert sentence == "Finished early: 6 of 10 steps in 61 seconds."


@pytest.mark.parametrize(
    ("checkpoint", "words"),
    [("checkpoints/2", "Stopped and saved after step 2"), ("", "Stopped, but not saved, after step 2")],
)
def test_a_stopped_run_says_whether_it_was_saved(checkpoint, words):
    stopped = Stopped(run="r", attempt=1, seq=9, time=0, step=2, checkpoint=checkpoint)
    told = history(a_start(1, None), a_step(2), stopped)
    assert sentences.state_sentence(RunState.STOPPED, told) == f"{words} of 10."
    assert ("nothing was saved" in sentences.event_sentence(stopped)) is (checkpoint == "")


def test_a_run_stopped_before_its_first_step_says_so():
    stopped = Stopped(run="r", attempt=1, seq=9, time=0, step=0, checkpoint="")
    assert sentences.state_sentence(RunState.STOPPED, history(stopped)) == "Stopped before the first step."
