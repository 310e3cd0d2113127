"""One token after another for a batch of answers in both voices; it knows neither text nor protocol."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from tunedesk.engine.start_up import light_imports
from tunedesk.runs.generation import Reason, Sampling, Voice

with light_imports():
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

SHRINK_BELOW = 0.75
"""A batch is made smaller when less than this part of it is still being written."""
FEW = 256
"""Tokens that are sorted first: nearly always enough, and a hundredth of the work for a large vocabulary."""


class Forward(Protocol):
    """One pass of the model: (voices, its arguments) -> logits of each row's last position, [rows, vocab]."""

    def __call__(self, voices: Sequence[Voice], **inputs: Any) -> torch.Tensor: ...


@dataclass(eq=False, slots=True)
class Answer:
    """One question in one voice, being written. limit: tokens it may have; at_limit: why it ends there.

    likeliest: None, or how many tokens are told with each token's own chance. Whoever reads the answer may
    end it between two tokens by giving it a reason.
    """

    question: int
    voice: Voice
    ids: Sequence[int]
    limit: int
    at_limit: Reason
    chance: random.Random
    settings: Sampling = field(default_factory=Sampling)
    likeliest: int | None = None
    written: list[int] = field(default_factory=list)
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Chances:
    """Logarithms of probabilities before temperature. likeliest: tokens with theirs, highest first."""

    logprob: float
    likeliest: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Written:
    """One new token of an answer, or None when it ended without one; `answer.reason` tells if it ended."""

    answer: Answer
    token: int | None
    chances: Chances | None = None


class Batch:
    """Answers that are written together, with their cache, mask and positions.

    Prompts are padded on the left with positions counted from their first real token, so that a row of a
    batch gets what it would get alone.
    """

    def __init__(
        self,
        forward: Forward,
        answers: Sequence[Answer],
        *,
        new_cache: Callable[[], DynamicCache],
        end_ids: frozenset[int],
        pad_id: int,
        device: torch.device,
    ) -> None:
        self.rows = list(answers)
        self._forward = forward
        self._end_ids = end_ids
        self._pad_id = pad_id
        longest = max(len(answer.ids) for answer in answers)
        gaps = [longest - len(answer.ids) for answer in answers]
        padded = [[pad_id] * gap + list(answer.ids) for gap, answer in zip(gaps, answers, strict=True)]
        self._ids = torch.tensor(padded, dtype=torch.long, device=device)
        self._mask = torch.ones_like(self._ids)
        for row, gap in enumerate(gaps):
            self._mask[row, :gap] = 0
        self._positions = (self._mask.cumsum(-1) - 1).clamp(min=0)
        self._cache = new_cache()

    @property
    def live(self) -> list[Answer]:
        return [answer for answer in self.rows if answer.reason is None]

    @property
    def columns(self) -> int:
        """Tokens for each row, padding included."""
        return self._mask.shape[1]

    def step(self) -> list[Written]:
        """One more token for each live answer; each ends by an end token (which is not kept) or a limit.

        There must be a live one.
        """
        self._shrink()
        logits = self._forward([answer.voice for answer in self.rows], **self._inputs())
        told: list[Written] = []
        tokens: list[int] = []
        for answer, row in zip(self.rows, logits, strict=True):
            if answer.reason is not None:
                tokens.append(self._pad_id)
                continue
            token = choose(row, answer.settings, answer.chance)
            tokens.append(token)
            told.append(_note(answer, token, row, self._end_ids))
        self._append(tokens)
        return told

    def can_join(self, other: Batch) -> bool:
        """Whether both have read their prompts and keep all that they read, which windows do not."""
        return all(
            type(layer) is DynamicLayer and layer.is_initialized
            for batch in (self, other)
            for layer in batch._cache.layers
        )

    def join(self, other: Batch) -> None:
        """Write the answers of `other`, which can join, together with these from now on."""
        for batch in (self, other):
            batch._keep_live()
            batch._trim()
        here, there = self._mask.shape[1], other._mask.shape[1]
        longest = max(here, there)
        ours, theirs = longest - here, longest - there
        for mine, its in zip(self._cache.layers, other._cache.layers, strict=True):
            mine.keys = torch.cat([_padded(mine.keys, ours), _padded(its.keys, theirs)])
            mine.values = torch.cat([_padded(mine.values, ours), _padded(its.values, theirs)])
        pad = torch.nn.functional.pad
        self._mask = torch.cat([pad(self._mask, (ours, 0)), pad(other._mask, (theirs, 0))])
        self._ids = torch.cat([self._ids, other._ids])
        self._positions = torch.cat([self._positions, other._positions])
        self.rows += other.rows

    def _inputs(self) -> dict[str, Any]:
        return {
            "input_ids": self._ids,
            "attention_mask": self._mask,
            "position_ids": self._positions,
            "past_key_values": self._cache,
        }

    def _append(self, tokens: Sequence[int]) -> None:
        """Make `tokens` (one a row) the next input."""
        self._ids = torch.tensor(tokens, dtype=torch.long, device=self._ids.device).unsqueeze(1)
        self._mask = torch.cat([self._mask, torch.ones_like(self._ids)], dim=1)
        self._positions = self._positions[:, -1:] + 1

    def _shrink(self) -> None:
        """Leave out rows that have ended once they are many."""
        if len(self.live) < SHRINK_BELOW * len(self.rows):
            self._keep_live()

    def _keep_live(self) -> None:
        live = [row for row, answer in enumerate(self.rows) if answer.reason is None]
        if len(live) == len(self.rows):
            return
        rows = torch.tensor(live, dtype=torch.long, device=self._ids.device)
        self.rows = [self.rows[row] for row in live]
        self._ids, self._mask, self._positions = self._ids[rows], self._mask[rows], self._positions[rows]
        if self._cache.get_seq_length():
            self._cache.batch_select_indices(rows)

    def _trim(self) -> None:
        """Forget columns in which no row has anything: else rows that join and go would widen it for ever."""
        empty = int((self._mask.sum(0) != 0).long().argmax())
        if empty:
            self._mask = self._mask[:, empty:]
            for layer in self._cache.layers:
                layer.keys = layer.keys[:, :, empty:].contiguous()
                layer.values = layer.values[:, :, empty:].contiguous()


def choose(logits: torch.Tensor, settings: Sampling, chance: random.Random) -> int:
    """One token from `logits` [vocab]: the likeliest, or drawn by temperature and top_p.

    The draw uses one number of `chance` alone, so that it is the same on every device and in every batch.
    """
    if settings.temperature == 0:
        return int(logits.argmax())
    likely = torch.softmax(logits.float() / settings.temperature, dim=-1).cpu()
    point = chance.random()
    for count in (min(FEW, likely.numel()), likely.numel()):
        ordered, ids = likely.topk(count)
        total = ordered.cumsum(-1)
        if settings.top_p < 1:
            total = total[: int((total < settings.top_p).sum()) + 1]  # with the token that reaches top_p
            is_enough = float(total[-1]) >= settings.top_p
            mass = float(total[-1])
        else:
            mass = float(likely.sum())
            is_enough = float(total[-1]) >= point * mass
        if is_enough:
            break
    drawn = int((total < point * mass).sum())
    return int(ids[min(drawn, total.numel() - 1)])


def chances_of(logits: torch.Tensor, token: int, likeliest: int) -> Chances:
    """How likely `token` was among `logits` [vocab], and which ones were the likeliest."""
    logs = torch.log_softmax(logits.float(), dim=-1).cpu()
    best, ids = logs.topk(min(likeliest, logs.numel()))
    named = tuple(zip(ids.tolist(), best.tolist(), strict=True))
    return Chances(float(logs[token]), named)


def _note(answer: Answer, token: int, logits: torch.Tensor, end_ids: frozenset[int]) -> Written:
    if token in end_ids:
        answer.reason = "end"
        return Written(answer, None)
    answer.written.append(token)
    if len(answer.written) >= answer.limit:
        answer.reason = answer.at_limit
    chances = None if answer.likeliest is None else chances_of(logits, token, answer.likeliest)
    return Written(answer, token, chances)


def _padded(states: torch.Tensor, columns: int) -> torch.Tensor:
    """Keys or values [rows, heads, columns, size] with so many empty columns before them."""
    return torch.nn.functional.pad(states, (0, 0, columns, 0)) if columns else states
