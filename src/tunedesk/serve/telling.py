"""A run's events in the words and numbers of OpenAI's API; it knows no storage."""

from __future__ import annotations

import base64
import csv
import io

from tunedesk.runs import events
from tunedesk.runs.follow import RunHistory
from tunedesk.serve.jobs import EventRecord, Number
from tunedesk.serve.names import derived_id

RESULT_COLUMNS = ("step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy")
"""As in the result file of OpenAI's own jobs."""


def told(job: str, event: events.Event, total_steps: int) -> EventRecord | None:
    """One of the run's events as one of the job's; None for what a client need not know.

    The id is made of the event's own number, so that it is the same however often it is read.
    """
    match event:
        case events.Step():
            words = f"Step {event.step}/{total_steps}: training loss={event.loss:.4f}"
            return _told_metrics(job, event, step_metrics(event, total_steps), words)
        case events.Evaluated():
            words = f"Step {event.step}/{total_steps}: validation loss={event.loss:.4f}"
            return _told_metrics(job, event, validation_metrics(event, total_steps), words)
        case _:
            found = _words(event)
            if not found:
                return None
            level, message = found
            return EventRecord(
                id=event_id(job, event),
                created=int(event.time),
                level=level,  # type: ignore[arg-type]
                message=message,
            )


def event_id(job: str, event: events.Event) -> str:
    return derived_id("ftevent-", job, event.attempt, event.seq)


def _told_metrics(job: str, event: events.Event, data: dict[str, Number], message: str) -> EventRecord:
    return EventRecord(
        id=event_id(job, event), created=int(event.time), message=message, type="metrics", data=data
    )


def step_metrics(step: events.Step, total_steps: int) -> dict[str, Number]:
    """By OpenAI's names; of preferences also the share of pairs that are told apart, and by how much."""
    return _known(
        step=step.step,
        total_steps=total_steps,
        train_loss=step.loss,
        train_mean_token_accuracy=step.token_accuracy,
        train_accuracy=step.accuracy,
        train_margin=step.margin,
    )


def validation_metrics(found: events.Evaluated, total_steps: int) -> dict[str, Number]:
    return _known(
        step=found.step,
        total_steps=total_steps,
        valid_loss=found.loss,
        valid_accuracy=found.accuracy,
        valid_margin=found.margin,
    )


def _known(**figures: Number) -> dict[str, Number]:
    return {name: value for name, value in figures.items() if value is not None}


def _words(event: events.Event) -> tuple[str, str] | None:
    match event:
        case events.Started():
            if event.resumed_from is not None:
                return "info", f"Fine-tuning goes on after step {event.resumed_from}"
            return "info", "Fine-tuning job started"
        case events.Checkpointed():
            return "info", f"Checkpoint created at step {event.step}"
        case events.Warned():
            return "warn", event.message
        case events.Failed():
            return "error", f"{event.reason} {event.hint}".strip()
        case _:
            return None


def trained_tokens(history: RunHistory) -> int:
    """Tokens that went through the model in training, over all steps."""
    return sum(step.tokens or 0 for step in history.steps.values())


def metrics_at(history: RunHistory, step: int) -> dict[str, float]:
    """Of a checkpoint: what is known of the training and the validation after its step."""
    found: dict[str, float] = {"step": float(step)}
    if trained := history.steps.get(step):
        found["train_loss"] = trained.loss
        if trained.token_accuracy is not None:
            found["train_mean_token_accuracy"] = trained.token_accuracy
    if evaluated := history.evaluations.get(step):
        found["full_valid_loss"] = found["valid_loss"] = evaluated.loss
    return found


def result_file(history: RunHistory) -> bytes:
    """The table of all steps as CSV, in base64 as OpenAI's own content is; blank where not measured.

    train_accuracy: of tokens, or of preferences the share of pairs that are told apart.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(RESULT_COLUMNS)
    for number in sorted({*history.steps, *history.evaluations}):
        step, evaluated = history.steps.get(number), history.evaluations.get(number)
        table.writerow(
            (
                number,
                _figure(step.loss if step else None),
                _figure(_accuracy(step) if step else None),
                _figure(evaluated.loss if evaluated else None),
                "",
            )
        )
    return base64.b64encode(text.getvalue().encode())


def _accuracy(step: events.Step) -> float | None:
    return step.accuracy if step.token_accuracy is None else step.token_accuracy


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.5f}"
