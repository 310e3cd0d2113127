"""The forward pass of a packed row and its loss, on the positions that are trained and on no other."""

import contextlib
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from tunedesk.engine.examples import TrainingExample
from tunedesk.engine.packing import MicroBatch, pack

# Two ways of summing the same products differ by less than this share of the largest logit.
SAME_LOGITS = {torch.float32: 1e-4, torch.bfloat16: 5e-2}


def trained_logits(model: Any, batch: MicroBatch) -> torch.Tensor:
    """Logits at the positions that predict a trained token, [trained, vocab].

    The head is computed for these positions only. `use_cache=False` is not about memory: with a cache
    transformers would build no block mask from the positions, and examples of a row would see each other.
    """
    bounds = torch.tensor(batch.bounds, dtype=torch.int32, device=batch.ids.device)
    logits: torch.Tensor = model(
        input_ids=batch.ids,
        position_ids=batch.positions,
        use_cache=False,
        logits_to_keep=batch.predictors,
        cu_seq_lens_q=bounds,
        cu_seq_lens_k=bounds,
        max_length_q=batch.longest,
        max_length_k=batch.longest,
    ).logits[0]
    if len(logits) != len(batch.targets):
        logits = logits[batch.predictors]  # a model that knows no logits_to_keep
    return logits


def summed_loss(model: Any, batch: MicroBatch) -> torch.Tensor:
    """Sum of the cross-entropy of all trained tokens of the row, in nats, float32."""
    with compute_context(batch.ids.device):
        logits = trained_logits(model, batch)
    return cross_entropy(logits.float(), batch.targets, reduction="sum")


def answer_log_probabilities(model: Any, batch: MicroBatch) -> torch.Tensor:
    """Summed log-probability of the trained tokens of each sequence in the row, [sequences], in nats."""
    with compute_context(batch.ids.device):
        logits = trained_logits(model, batch)
    each = -cross_entropy(logits.float(), batch.targets, reduction="none")
    ends = torch.tensor(batch.bounds[1:], device=each.device)
    owners = torch.bucketize(batch.predictors, ends, right=True)
    return each.new_zeros(len(ends)).index_add(0, owners, each)


def compute_context(device: torch.device) -> contextlib.AbstractContextManager[None]:
    """On a GPU the float32 adapter is multiplied in bfloat16, where its tensor cores are."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()


@torch.no_grad()
def rows_are_isolated(model: Any, examples: Sequence[TrainingExample], device: torch.device) -> bool:
    """Whether a second example in a row gets the logits that it gets alone.

    Asked once before training: an architecture that ignores positions or bounds would mix examples silently.
    """
    pair = [_short(example) for example in examples[:2]]
    if len(pair) < 2:
        return True
    alone = trained_logits(model, pack(pair[1:], device)).float()
    together = trained_logits(model, pack(pair, device)).float()[-len(alone) :]
    limit = SAME_LOGITS.get(next(model.parameters()).dtype, 5e-2)
    return bool((alone - together).abs().max() <= limit * alone.abs().max())


def _short(example: TrainingExample) -> TrainingExample:
    """At most 64 tokens around the first trained one; all of them trained, so that each is compared."""
    first = max(1, example.mask.index(1)) if 1 in example.mask else 1
    ids = example.ids[max(0, first - 32) : first + 32]
    return TrainingExample(example.row, ids, (1,) * len(ids))
