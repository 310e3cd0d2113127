"""What one row of the data becomes for training: token ids, and what each of them counts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One sequence as it is trained: cut to the run's length. row: from 1; mask: 1 for a token of an answer.

    weights: what each token counts in the loss, None when that is what the mask says. The loss of token i is
    that of predicting it from the tokens before it, so mask[0] and weights[0] never count.
    """

    row: int
    ids: tuple[int, ...]
    mask: tuple[int, ...]
    weights: tuple[float, ...] | None = None

    @property
    def sequences(self) -> tuple["TrainingExample", ...]:
        return (self,)

    @property
    def tokens(self) -> int:
        return len(self.ids)

    @property
    def trained(self) -> int:
        """Tokens of the answers that get a loss."""
        return sum(self.mask[1:])

    @property
    def share(self) -> float:
        """What its summed loss is a sum over: trained tokens, each as often as it counts."""
        return sum(self.weights[1:]) if self.weights is not None else self.trained

    @property
    def longest_answer(self) -> int:
        return self.trained

    @property
    def prompt(self) -> tuple[int, ...]:
        """The ids before the last trained stretch: what the model gets when it shall answer as this
        example.
        """
        end = len(self.mask)
        while end and not self.mask[end - 1]:
            end -= 1
        while end and self.mask[end - 1]:
            end -= 1
        return self.ids[:end]


@dataclass(frozen=True, slots=True)
class PairExample:
    """Two answers to one prompt. reference: the summed log-probabilities (nats) of the chosen and of the
    rejected answer under the model that the training began with; None where the method needs none.
    """

    chosen: TrainingExample
    rejected: TrainingExample
    reference: tuple[float, float] | None = None

    @property
    def row(self) -> int:
        return self.chosen.row

    @property
    def sequences(self) -> tuple[TrainingExample, ...]:
        return (self.chosen, self.rejected)

    @property
    def tokens(self) -> int:
        return self.chosen.tokens + self.rejected.tokens

    @property
    def trained(self) -> int:
        """Tokens of both answers; none when the cut left one of them without any."""
        each = (self.chosen.trained, self.rejected.trained)
        return sum(each) if all(each) else 0

    @property
    def longest_answer(self) -> int:
        return max(self.chosen.trained, self.rejected.trained)

    @property
    def prompt(self) -> tuple[int, ...]:
        return self.chosen.prompt


Trainable = TrainingExample | PairExample
