"""What a run's events become in the API's words, numbers and result file."""

from __future__ import annotations

import base64
from typing import Any

from tunedesk.runs import events
from tunedesk.runs.follow import RunHistory
from tunedesk.serve.telling import metrics_at, result_file, told, trained_tokens

JOB = "ftjob-" + "0" * 24


def at(seq: int, attempt: int = 1) -> dict[str, Any]:
    return {"run": JOB, "attempt": attempt, "seq": seq, "time": 1000.0 + seq}


def history_of(*told: events.Event) -> RunHistory:
    history = RunHistory()
    history.add_all(told)
    return history


def started(seq: int, attempt: int = 1, resumed_from: int | None = None) -> events.Started:
    return events.Started(
        **at(seq, attempt),
        total_steps=3,
        rows=3,
        tokens_per_epoch=30,
        trained_share=0.5,
        device="processor",
        versions={},
        resumed_from=resumed_from,
    )


def step(number: int, attempt: int = 1, **figures: Any) -> events.Step:
    values = {"loss": 2.0 / number, "tokens": 10, **figures}
    return events.Step(**at(10 + number, attempt), step=number, **values)


def test_a_step_has_openais_names_and_keeps_its_id() -> None:
    event = step(2, token_accuracy=0.5)
    first, again = told(JOB, event, 3), told(JOB, event, 3)
    assert first == again
    assert first is not None
    assert (first.type, first.message, first.created) == (
        "metrics",
        "Step 2/3: training loss=1.0000",
        1012,
    )
    assert first.data == {"step": 2, "total_steps": 3, "train_loss": 1.0, "train_mean_token_accuracy": 0.5}
    repeated = told(JOB, step(2, attempt=2), 3)
    assert repeated is not None
    assert repeated.id != first.id


def test_pairs_that_are_told_apart_are_no_tokens() -> None:
    event = told(JOB, step(1, accuracy=0.75, margin=0.2), 3)
    assert event is not None
    assert event.data == {
        "step": 1,
        "total_steps": 3,
        "train_loss": 2.0,
        "train_accuracy": 0.75,
        "train_margin": 0.2,
    }


def test_what_only_the_window_shows_is_not_told() -> None:
    sampled = events.Sampled(**at(1), step=1, prompt_index=0, prompt="secret", text="row", stopped=True)
    noted = events.Noted(**at(2), phase="data", message="Reading.")
    assert told(JOB, sampled, 3) is None
    assert told(JOB, noted, 3) is None


def test_warnings_and_failures_have_their_level() -> None:
    warned = told(JOB, events.Warned(**at(1), code="x", message="Careful."), 3)
    failed = told(JOB, events.Failed(**at(2), reason="It broke.", hint="Mend it.", step=1), 3)
    assert warned is not None and failed is not None
    assert (warned.level, warned.message) == ("warn", "Careful.")
    assert (failed.level, failed.message) == ("error", "It broke. Mend it.")


def test_the_result_file_holds_each_step_once_and_blanks_where_nothing_was_measured() -> None:
    evaluated = events.Evaluated(**at(5), step=2, loss=0.5, perplexity=None, tokens=4, is_best=True)
    history = history_of(
        *(started(1), step(1), step(2), step(3)),
        *(started(1, 2, resumed_from=1), step(2, 2, loss=0.25), evaluated),
    )
    # The evaluation belongs to the first attempt: the second one took back what came after step 1.
    assert base64.b64decode(result_file(history)).decode() == (
        "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,2.00000,,,\n2,0.25000,,,\n"
    )
    assert trained_tokens(history) == 20


def test_a_checkpoint_tells_what_is_known_after_its_step() -> None:
    evaluated = events.Evaluated(**at(5), step=2, loss=0.5, perplexity=None, tokens=4, is_best=True)
    history = history_of(started(1), step(1), step(2), evaluated)
    assert metrics_at(history, 1) == {"step": 1.0, "train_loss": 2.0}
    assert metrics_at(history, 2) == {
        "step": 2.0,
        "train_loss": 1.0,
        "valid_loss": 0.5,
        "full_valid_loss": 0.5,
    }
