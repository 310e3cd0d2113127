"""Learning by imitation: the cross-entropy of the trained tokens."""

from collections.abc import Sequence
from typing import Any

import torch

from tunedesk.engine.examples import TrainingExample
from tunedesk.engine.loss import TokenLosses, summed_loss
from tunedesk.engine.methods.objective import Loss
from tunedesk.engine.packing import MicroBatch, micro_batches


class Supervised:
    """Every trained token of a step counts the same, or as its row says, whichever micro-batch it is in."""

    def __init__(self, losses: TokenLosses) -> None:
        self._losses = losses

    def micro_batches(
        self, examples: Sequence[TrainingExample], most_tokens: int, device: torch.device
    ) -> list[MicroBatch]:
        return micro_batches(examples, most_tokens, device)

    def loss(self, model: Any, batch: MicroBatch) -> Loss:
        return Loss(summed_loss(self._losses(model, batch), batch))

    def share(self, examples: Sequence[TrainingExample]) -> float:
        return sum(example.share for example in examples)
