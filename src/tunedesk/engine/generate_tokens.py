"""Writes tokens for a batch of answers in both voices; it knows neither text nor protocol."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from tunedesk.engine.start_up import light_imports
from tunedesk.runs.generation import Reason, Sampling, Voice

with light_imports():
    from transformers import DynamicCache

SHRINK_BELOW = 0.75
"""A batch is made smaller when less than this part of it is still being written."""


class Forward(Protocol):
    """One pass of the model: (voices, its arguments) -> logits of each row's last position, [rows, vocab]."""

    def __call__(self, voices: Sequence[Voice], **inputs: Any) -> torch.Tensor: ...


@dataclass(eq=False, slots=True)
class Answer:
    """One question in one voice, being written. limit: tokens it may have; at_limit: why it ends there."""

    question: int
    voice: Voice
    ids: Sequence[int]
    limit: int
    at_limit: Reason
    chance: random.Random
    written: list[int] = field(default_factory=list)
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """One new token of an answer, or None when it ended without one; `answer.reason` tells if it ended."""

    answer: Answer
    token: int | None


def write(
    forward: Forward,
    answers: Sequence[Answer],
    settings: Sampling,
    *,
    cache: DynamicCache,
    end_ids: frozenset[int],
    pad_id: int,
    device: torch.device,
    cancelled: Callable[[], bool],
) -> Iterator[Written]:
    """Write all answers token by token; each ends by an end token (which is not kept), a limit or a cancel.

    Prompts are padded on the left with positions counted from their first real token, so that a row of a
    batch gets what it would get alone.
    """
    batch = _Batch(answers, pad_id, device, cache)
    while batch.live:
        if cancelled():
            yield from _cancel(batch.live)
            return
        logits = forward([answer.voice for answer in batch.rows], **batch.inputs())
        tokens = []
        for answer, row in zip(batch.rows, logits, strict=True):
            token = pad_id if answer.reason else choose(row, settings, answer.chance)
            tokens.append(token)
            if answer.reason is None:
                yield _note(answer, token, end_ids)
        batch.append(tokens)


def _cancel(answers: Sequence[Answer]) -> Iterator[Written]:
    for answer in answers:
        answer.reason = "cancelled"
        yield Written(answer, None)


def _note(answer: Answer, token: int, end_ids: frozenset[int]) -> Written:
    if token in end_ids:
        answer.reason = "end"
        return Written(answer, None)
    answer.written.append(token)
    if len(answer.written) >= answer.limit:
        answer.reason = answer.at_limit
    return Written(answer, token)


def choose(logits: torch.Tensor, settings: Sampling, chance: random.Random) -> int:
    """One token from `logits` [vocab]: the likeliest, or drawn by temperature and top_p.

    The draw uses one number of `chance` alone, so that it is the same on every device and in every batch.
    """
    if settings.temperature == 0:
        return int(logits.argmax())
    likely = torch.softmax(logits.float() / settings.temperature, dim=-1).cpu()
    ordered, ids = likely.sort(descending=True)
    total = ordered.cumsum(-1)
    kept = int((total < settings.top_p).sum()) + 1  # up to and with the token that reaches top_p
    total = total[:kept]
    drawn = int((total < chance.random() * float(total[-1])).sum())
    return int(ids[min(drawn, total.numel() - 1)])


class _Batch:
    """The rows still computed, with their cache, mask and positions."""

    def __init__(
        self, answers: Sequence[Answer], pad_id: int, device: torch.device, cache: DynamicCache
    ) -> None:
        self.rows = list(answers)
        longest = max(len(answer.ids) for answer in answers)
        gaps = [longest - len(answer.ids) for answer in answers]
        padded = [[pad_id] * gap + list(answer.ids) for gap, answer in zip(gaps, answers, strict=True)]
        self._ids = torch.tensor(padded, dtype=torch.long, device=device)
        self._mask = torch.ones_like(self._ids)
        for row, gap in enumerate(gaps):
            self._mask[row, :gap] = 0
        self._positions = (self._mask.cumsum(-1) - 1).clamp(min=0)
        self._cache = cache

    @property
    def live(self) -> list[Answer]:
        return [answer for answer in self.rows if answer.reason is None]

    def inputs(self) -> dict[str, Any]:
        return {
            "input_ids": self._ids,
            "attention_mask": self._mask,
            "position_ids": self._positions,
            "past_key_values": self._cache,
        }

    def append(self, tokens: Sequence[int]) -> None:
        """Make `tokens` (one a row) the next input, without rows that have ended once they are many."""
        device = self._ids.device
        self._ids = torch.tensor(tokens, dtype=torch.long, device=device).unsqueeze(1)
        self._mask = torch.cat([self._mask, torch.ones_like(self._ids)], dim=1)
        self._positions = self._positions[:, -1:] + 1
        live = [row for row, answer in enumerate(self.rows) if answer.reason is None]
        if live and len(live) < SHRINK_BELOW * len(self.rows):
            self._keep(torch.tensor(live, device=device))

    def _keep(self, rows: torch.Tensor) -> None:
        self.rows = [self.rows[row] for row in rows.tolist()]
        self._ids, self._mask, self._positions = self._ids[rows], self._mask[rows], self._positions[rows]
        self._cache.batch_select_indices(rows)
