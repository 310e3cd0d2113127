"""The validation loss; it changes nothing that training depends on."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from tunedesk.engine.loss import summed_loss
from tunedesk.engine.packing import MicroBatch


@dataclass(frozen=True, slots=True)
class Validation:
    """loss: mean over `tokens` trained tokens, in nats."""

    loss: float
    tokens: int

    @property
    def perplexity(self) -> float:
        return math.exp(min(self.loss, 700.0))


@torch.no_grad()
def validate(model: Any, batches: Sequence[MicroBatch]) -> Validation:
    """The loss over all batches, each trained token counting the same."""
    total, tokens = 0.0, 0
    with evaluation_mode(model):
        for batch in batches:
            total += float(summed_loss(model, batch))
            tokens += len(batch.targets)
    return Validation(total / max(1, tokens), tokens)


@contextlib.contextmanager
def evaluation_mode(model: Any) -> Iterator[None]:
    """No dropout within this block, and afterwards the mode there was before."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
