"""The validation loss; it changes nothing that training depends on."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from tunedesk.engine.methods.objective import Score
from tunedesk.engine.splitting import in_pieces_that_fit

if TYPE_CHECKING:
    from tunedesk.engine.training import Training

VALIDATED_AT_ONCE = 256
"""Rows that are packed together; packing very many takes longer than it saves."""


@dataclass(frozen=True, slots=True)
class Validation:
    """loss: mean over `tokens` trained tokens (of preferences: over pairs), in nats."""

    loss: float
    tokens: int
    score: Score

    @property
    def perplexity(self) -> float:
        return math.exp(min(self.loss, 700.0))


@torch.no_grad()
def validate(run: Training) -> Validation:
    """The loss over all validation rows, each trained token (or pair) counting the same."""
    total, score, examples = 0.0, Score(), run.data.valid
    with evaluation_mode(run.model):
        for start in range(0, len(examples), VALIDATED_AT_ONCE):
            part, scored = _sums(run, examples[start : start + VALIDATED_AT_ONCE])
            total, score = total + part, score.plus(scored)
    share = run.objective.share(examples)
    return Validation(total / max(1, share), sum(one.trained for one in examples), score)


def _sums(run: Training, examples: Sequence[Any]) -> tuple[float, Score]:
    def add_up(batches: list[Any]) -> tuple[float, Score]:
        total, score = torch.zeros((), dtype=torch.float64, device=run.device), Score()
        for batch in batches:
            part = run.objective.loss(run.model, batch)
            total += part.total
            score = score.plus(part.score)
        return float(total), score

    return in_pieces_that_fit(run, examples, add_up)


@contextlib.contextmanager
def evaluation_mode(model: Any) -> Iterator[None]:
    """No dropout within this block, and afterwards the mode there was before."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
