"""The validation loss; it changes nothing that training depends on."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from tunedesk.engine.methods.objective import Score

if TYPE_CHECKING:
    from tunedesk.engine.training import Training


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
    total, score = 0.0, Score()
    with evaluation_mode(run.model):
        for batch in run.valid_batches:
            part = run.objective.loss(run.model, batch)
            total += float(part.total)
            score = score.plus(part.score)
    examples = run.data.valid
    share = run.objective.share(examples)
    return Validation(total / max(1, share), sum(one.trained for one in examples), score)


@contextlib.contextmanager
def evaluation_mode(model: Any) -> Iterator[None]:
    """No dropout within this block, and afterwards the mode there was before."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
