"""The forward pass of a packed row and its loss, on the positions that are trained and on no other."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from tunedesk.engine.examples import TrainingExample
from tunedesk.engine.packing import MicroBatch, pack

TokenLosses = Callable[[Any, MicroBatch], torch.Tensor]
"""Of a model and a row: the cross-entropy of each trained token, [trained], in nats, float32."""

# Two ways of summing the same products differ by less than this share of the largest logit.
SAME_LOGITS = {torch.float32: 1e-4, torch.bfloat16: 5e-2}


def forward_arguments(batch: MicroBatch) -> dict[str, Any]:
    """What every decoder is called with.

    `use_cache=False` is not about memory: with a cache transformers would build no block mask from the
    positions, and examples of a row would see each other.
    """
    bounds = torch.tensor(batch.bounds, dtype=torch.int32, device=batch.ids.device)
    return {
        "input_ids": batch.ids,
        "position_ids": batch.positions,
        "use_cache": False,
        "cu_seq_lens_q": bounds,
        "cu_seq_lens_k": bounds,
        "max_length_q": batch.longest,
        "max_length_k": batch.longest,
    }


def trained_logits(model: Any, batch: MicroBatch) -> torch.Tensor:
    """Logits at the positions that predict a trained token, [trained, vocab]; the head is computed for these
    positions only.
    """
    logits: torch.Tensor = model(**forward_arguments(batch), logits_to_keep=batch.predictors).logits[0]
    if len(logits) != len(batch.targets):
        logits = logits[batch.predictors]  # a model that knows no logits_to_keep
    return logits


def token_losses(model: Any, batch: MicroBatch) -> torch.Tensor:
    """`TokenLosses` by the model's own head and torch's cross-entropy: the plain path."""
    with compute_context(batch.ids.device):
        logits = trained_logits(model, batch)
    return cross_entropy(logits.float(), batch.targets, reduction="none")


def summed_loss(losses: torch.Tensor, batch: MicroBatch) -> torch.Tensor:
    """Sum over the trained tokens of the row, each as often as it counts; a scalar."""
    return (losses if batch.weights is None else losses * batch.weights).sum()


def answer_log_probabilities(losses: torch.Tensor, batch: MicroBatch) -> torch.Tensor:
    """Summed log-probability of the trained tokens of each sequence in the row, [sequences], in nats."""
    ends = torch.tensor(batch.bounds[1:], device=losses.device)
    owners = torch.bucketize(batch.predictors, ends, right=True)
    return losses.new_zeros(len(ends)).index_add(0, owners, -losses)


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
    pair = [short_example(example) for example in examples[:2]]
    if len(pair) < 2:
        return True
    alone = trained_logits(model, pack(pair[1:], device)).float()
    together = trained_logits(model, pack(pair, device)).float()[-len(alone) :]
    return same_logits(alone, together, next(model.parameters()).dtype)


def same_logits(one: torch.Tensor, other: torch.Tensor, dtype: torch.dtype) -> bool:
    """Whether two logits differ by no more than rounding in `dtype`, in which both were computed."""
    limit = SAME_LOGITS.get(dtype, 5e-2)
    return bool((one - other).abs().max() <= limit * one.abs().max())


def short_example(example: TrainingExample) -> TrainingExample:
    """At most 64 tokens around the first trained one; all of them trained, so that each is compared."""
    first = max(1, example.mask.index(1)) if 1 in example.mask else 1
    ids = example.ids[max(0, first - 32) : first + 32]
    return TrainingExample(example.row, ids, (1,) * len(ids))
