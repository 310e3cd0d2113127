"""Learning from pairs of answers, one of which is preferred: DPO with a reference, ORPO without one.

Both work on log-probabilities of whole answers. A pair is computed within one micro-batch, because its loss
joins both answers; several pairs share a row as any examples do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import logsigmoid

from tunedesk.engine.examples import PairExample
from tunedesk.engine.loss import TokenLosses, answer_log_probabilities
from tunedesk.engine.methods.objective import Loss, Score
from tunedesk.engine.packing import MicroBatch, best_fit, pack

SMALLEST = 1e-7
"""An answer's mean log-probability counts as no more than -SMALLEST: its odds, p / (1 - p), stay finite."""


@dataclass(frozen=True, slots=True)
class PairBatch:
    """row: chosen and rejected answers by turns. lengths: trained tokens of each, [pairs, 2], float32.

    reference: summed log-probabilities of each answer before the training, [pairs, 2], float32, or empty.
    """

    row: MicroBatch
    lengths: torch.Tensor
    reference: torch.Tensor

    @property
    def tokens(self) -> int:
        return self.row.tokens


def pair_batches(examples: Sequence[PairExample], most_tokens: int, device: torch.device) -> list[PairBatch]:
    """Whole pairs, packed into rows of at most `most_tokens` tokens; a longer pair gets its own row."""
    rows = best_fit([pair.tokens for pair in examples], most_tokens)
    return [pair_batch([examples[index] for index in row], device) for row in rows]


def pair_batch(pairs: Sequence[PairExample], device: torch.device) -> PairBatch:
    """One row of several pairs."""
    sequences = [one for pair in pairs for one in pair.sequences]
    lengths = torch.tensor([one.trained for one in sequences], dtype=torch.float32, device=device)
    references = [pair.reference for pair in pairs if pair.reference is not None]
    return PairBatch(
        pack(sequences, device),
        lengths.view(-1, 2),
        torch.tensor(references, dtype=torch.float32, device=device),
    )


def answers(model: Any, batch: PairBatch, losses: TokenLosses) -> torch.Tensor:
    """Summed log-probability of each answer, [pairs, 2]: the chosen and the rejected one, in nats."""
    return answer_log_probabilities(losses(model, batch.row), batch.row).view(-1, 2)


class DirectPreference:
    """Direct preference optimisation (Rafailov and others 2023, arXiv 2305.18290, equation 7).

    -log sigmoid(beta * ((chosen - its reference) - (rejected - its reference))), summed over pairs.
    """

    def __init__(self, beta: float, losses: TokenLosses) -> None:
        self._beta, self._losses = beta, losses

    def micro_batches(
        self, examples: Sequence[PairExample], most_tokens: int, device: torch.device
    ) -> list[PairBatch]:
        return pair_batches(examples, most_tokens, device)

    def loss(self, model: Any, batch: PairBatch) -> Loss:
        rewards = self._beta * (answers(model, batch, self._losses) - batch.reference)
        margins = rewards[:, 0] - rewards[:, 1]
        return Loss(-logsigmoid(margins).sum(), _score(margins))

    def share(self, examples: Sequence[PairExample]) -> float:
        return len(examples)


class OddsRatioPreference:
    """Odds ratio preference optimisation (Hong, Lee and Thorne 2024, arXiv 2403.07691, equations 5 to 7).

    The mean cross-entropy of the chosen answer, and beta (there: lambda) times -log sigmoid of the log of the
    ratio of both answers' odds, where an answer's probability is the geometric mean of its tokens'.
    """

    def __init__(self, beta: float, losses: TokenLosses) -> None:
        self._beta, self._losses = beta, losses

    def micro_batches(
        self, examples: Sequence[PairExample], most_tokens: int, device: torch.device
    ) -> list[PairBatch]:
        return pair_batches(examples, most_tokens, device)

    def loss(self, model: Any, batch: PairBatch) -> Loss:
        means = (answers(model, batch, self._losses) / batch.lengths).clamp(max=-SMALLEST)
        odds = means - torch.log(-torch.expm1(means))
        margins = odds[:, 0] - odds[:, 1]
        total = -means[:, 0] - self._beta * logsigmoid(margins)
        return Loss(total.sum(), _score(self._beta * margins))

    def share(self, examples: Sequence[PairExample]) -> float:
        return len(examples)


def _score(margins: torch.Tensor) -> Score:
    found = margins.detach()
    return Score(len(found), float((found > 0).sum()), float(found.sum()))
