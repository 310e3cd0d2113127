"""Figures of a step as services name them, from events, checkpoints and result files alike; no network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from tunedesk.runs.places.cloud.remote import RemoteCheckpoint, RemoteEvent

# By our name, theirs: the first that is there counts. OpenAI's events and CSV; Azure's CSV says
# "validation_". Of preferences the accuracy is that of the pairs.
_NAMES: dict[str, tuple[str, ...]] = {
    "train_loss": ("train_loss", "training_loss"),
    "token_accuracy": ("train_mean_token_accuracy", "train_accuracy", "training_token_accuracy"),
    "valid_loss": ("valid_loss", "validation_loss"),
    "full_valid_loss": ("full_valid_loss", "full_validation_loss"),
    "epoch": ("epoch",),
    "learning_rate": ("learning_rate",),
    "accuracy": ("train_reward_accuracy", "train_reward_accuracies"),
    "margin": ("train_reward_margin", "train_reward_margins"),
    "valid_token_accuracy": (
        *("full_valid_mean_token_accuracy", "valid_mean_token_accuracy", "validation_mean_token_accuracy"),
        "valid_accuracy",
    ),
}


@dataclass(frozen=True, slots=True)
class Metric:
    """What is known of one step; None: not told. at: unix seconds, None: unknown.

    full_valid_loss: over all validation rows; valid_loss: often over a few of them.
    """

    step: int
    at: float | None = None
    total_steps: int | None = None
    train_loss: float | None = None
    token_accuracy: float | None = None
    valid_loss: float | None = None
    full_valid_loss: float | None = None
    epoch: float | None = None
    learning_rate: float | None = None
    accuracy: float | None = None
    margin: float | None = None
    valid_token_accuracy: float | None = None

    @property
    def validation(self) -> float | None:
        return self.valid_loss if self.full_valid_loss is None else self.full_valid_loss

    def over(self, other: Metric) -> Metric:
        """This one's figures, and the other's where this one has none."""
        mine = {one.name: getattr(self, one.name) for one in fields(self)}
        return replace(other, **{name: value for name, value in mine.items() if value is not None})


def metric_of(event: RemoteEvent) -> Metric | None:
    """The figures of a metrics event; None for any other, and for one without a step."""
    if event.type != "metrics" or not isinstance(event.data, Mapping):
        return None
    found = metric_from(event.data)
    return replace(found, at=event.created_at or None) if found else None


def metric_of_checkpoint(checkpoint: RemoteCheckpoint) -> Metric | None:
    """Its metrics may have a step of their own, which then counts less than the checkpoint's."""
    given = dict(checkpoint.metrics) if isinstance(checkpoint.metrics, Mapping) else {}
    if checkpoint.step_number is not None:
        given["step"] = checkpoint.step_number
    found = metric_from(given)
    return replace(found, at=checkpoint.created_at) if found else None


def metric_from(figures: Mapping[str, Any]) -> Metric | None:
    """None: there is no step from 1 on. Figures that are no finite numbers count as not told."""
    step = _number(figures.get("step"))
    if step is None or step < 1 or step != int(step):
        return None
    total = _number(figures.get("total_steps"))
    known = {ours: _first(figures, theirs) for ours, theirs in _NAMES.items()}
    return Metric(int(step), total_steps=int(total) if total and total >= step else None, **known)


def merged(metrics: Iterable[Metric]) -> dict[int, Metric]:
    """By step, rising; of two that tell of one step the later one's figures count."""
    found: dict[int, Metric] = {}
    for metric in metrics:
        found[metric.step] = metric.over(found[metric.step]) if metric.step in found else metric
    return dict(sorted(found.items()))


def _first(figures: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    return next((value for name in names if (value := _number(figures.get(name))) is not None), None)


def _number(value: Any) -> float | None:
    """A finite number, also when it is written as text, as in a CSV file."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
