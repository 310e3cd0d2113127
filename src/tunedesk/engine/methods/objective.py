"""What the training loop asks of a way of learning; it knows none of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import torch

AnExample = TypeVar("AnExample", contravariant=True)
ABatch = TypeVar("ABatch")


class Score(NamedTuple):
    """How well pairs of answers are told apart, summed over `pairs`; nothing for a method without pairs."""

    pairs: int = 0
    preferred: float = 0.0
    margin: float = 0.0

    def plus(self, other: "Score") -> "Score":
        return Score(self.pairs + other.pairs, self.preferred + other.preferred, self.margin + other.margin)

    @property
    def accuracy(self) -> float | None:
        return self.preferred / self.pairs if self.pairs else None

    @property
    def mean_margin(self) -> float | None:
        return self.margin / self.pairs if self.pairs else None


class Loss(NamedTuple):
    """total: the sum over a micro-batch, in nats, a scalar with a gradient; score: of its pairs."""

    total: torch.Tensor
    score: Score = Score()


class Objective(Protocol[AnExample, ABatch]):
    """A loss that is a sum over examples, divided once by the whole step's share.

    Dividing in one place is what makes the number and size of micro-batches change nothing but rounding.
    """

    def micro_batches(
        self, examples: Sequence[AnExample], most_tokens: int, device: torch.device
    ) -> list[ABatch]:
        """The examples of one step, packed into rows of at most `most_tokens` tokens where they fit."""
        ...

    def loss(self, model: Any, batch: ABatch) -> Loss:
        """The summed loss of one micro-batch."""
        ...

    def share(self, examples: Sequence[AnExample]) -> float:
        """What the summed loss of these examples is divided by: trained tokens, or pairs."""
        ...
