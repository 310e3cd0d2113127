"""Greedy answers to a few prompts at once: what the watched prompts get and what the success check asks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

from tunedesk.engine.attention import attention, plain_attention
from tunedesk.engine.loss import compute_context


@dataclass(frozen=True, slots=True)
class Answer:
    """ids: without the token that ended it. stopped: the model ended its turn by itself."""

    ids: tuple[int, ...]
    stopped: bool


@torch.no_grad()
def greedy_answers(
    model: Any, prompts: Sequence[Sequence[int]], end_ids: Collection[int], pad_id: int, most_tokens: int
) -> list[Answer]:
    """The likeliest next token, again and again, until each prompt's turn ends or `most_tokens` are written.

    Prompts are padded on the left, so that all of them continue at the same column.
    """
    device = model.device
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[pad_id] * (longest - len(one)) + list(one) for one in prompts], device=device)
    mask = torch.tensor([[0] * (longest - len(one)) + [1] * len(one) for one in prompts], device=device)
    written: list[list[int]] = [[] for _ in prompts]
    stopped = [False] * len(prompts)
    cache = DynamicCache(config=model.config)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    with attention(model, plain_attention(model.config)), compute_context(device):
        for _ in range(most_tokens):
            logits = model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            ).logits[:, -1]
            chosen = logits.argmax(dim=-1)
            for row, token in enumerate(chosen.tolist()):
                if stopped[row]:
                    continue
                stopped[row] = token in end_ids
                if not stopped[row]:
                    written[row].append(token)
            if all(stopped):
                break
            ids = chosen[:, None]
            mask = torch.cat([mask, torch.ones_like(ids)], dim=1)
            positions = positions[:, -1:] + 1
    return [Answer(tuple(row), done) for row, done in zip(written, stopped, strict=True)]
