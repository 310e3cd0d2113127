"""Which examples make a step, and how a step is packed into micro-batches without padding."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import torch

from tunedesk.engine.examples import TrainingExample


@dataclass(frozen=True)
class BatchPlan:
    """The order of all examples of a run, as a pure function of seed and step: nothing to save for a resume.

    The run reads one endless stream, each epoch in an order of its own, and every step takes the next
    `batch_size` examples; a step may therefore end one epoch and begin the next.
    """

    rows: int
    batch_size: int
    total_examples: int
    seed: int

    def step(self, step: int) -> list[int]:
        """Indices of the examples of a step, counted from 1."""
        start = (step - 1) * self.batch_size
        end = min(start + self.batch_size, self.total_examples)
        return [self._order(at // self.rows)[at % self.rows] for at in range(start, end)]

    def epoch(self, step: int) -> float:
        """Epochs done after a step."""
        return min(step * self.batch_size, self.total_examples) / self.rows

    def _order(self, epoch: int) -> tuple[int, ...]:
        return _shuffled(self.rows, self.seed, epoch)


@lru_cache(maxsize=4)
def _shuffled(rows: int, seed: int, epoch: int) -> tuple[int, ...]:
    order = list(range(rows))
    random.Random(f"order {seed} {epoch}").shuffle(order)
    return tuple(order)


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """Examples one after the other in one row, [1, tokens], told apart by positions that start again at 0.

    bounds: where each example begins, and the end; targets: the trained tokens' ids, [trained], and
    predictors: the positions that predict them, [trained]. weights: what each of them counts in the loss,
    [trained], float32; None: each counts 1.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    bounds: tuple[int, ...]
    predictors: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor | None = None

    @property
    def tokens(self) -> int:
        return self.bounds[-1]

    @property
    def longest(self) -> int:
        return max(end - start for start, end in pairwise(self.bounds))


def micro_batches(
    examples: Sequence[TrainingExample], most_tokens: int, device: torch.device
) -> list[MicroBatch]:
    """Pack the examples of one step into rows of at most `most_tokens`; a longer one gets its own row."""
    rows = best_fit([one.tokens for one in examples], most_tokens)
    return [pack([examples[index] for index in row], device) for row in rows]


def best_fit(sizes: Sequence[int], most: int) -> list[list[int]]:
    """Indices of what shares a row of at most `most` tokens, in as few rows as best fit finds.

    Longest first, each into the fullest row that still has room; one that is longer gets a row of its own.
    """
    rows: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(sizes)), key=lambda one: sizes[one], reverse=True):
        fitting = [row for row, free in enumerate(room) if free >= sizes[index]]
        if fitting:
            best = min(fitting, key=lambda row: room[row])
            rows[best].append(index)
            room[best] -= sizes[index]
        else:
            rows.append([index])
            room.append(max(0, most - sizes[index]))
    return rows


def pack(examples: Sequence[TrainingExample], device: torch.device) -> MicroBatch:
    """One row of several examples."""
    ids: list[int] = []
    positions: list[int] = []
    predictors: list[int] = []
    targets: list[int] = []
    counts: list[float] = []
    bounds = [0]
    for example in examples:
        start = len(ids)
        ids += example.ids
        positions += range(len(example.ids))
        each = example.mask if example.weights is None else example.weights
        for at in range(1, len(example.ids)):
            if each[at]:
                predictors.append(start + at - 1)
                targets.append(example.ids[at])
                counts.append(each[at])
        bounds.append(len(ids))

    def tensor(values: list[int]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.long, device=device)

    weighted = any(example.weights is not None for example in examples)
    return MicroBatch(
        tensor(ids)[None],
        tensor(positions)[None],
        tuple(bounds),
        tensor(predictors),
        tensor(targets),
        torch.tensor(counts, dtype=torch.float32, device=device) if weighted else None,
    )
