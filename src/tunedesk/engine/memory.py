"""How much memory the engine has and uses; no planning of runs, which is done before one is made."""

from typing import Any

import psutil
import torch

from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.template.model_folder import ModelShape

# Saved bytes relative to the least that a layer must save, measured for peft in bfloat16.
SAVED_SHARE = 1.9
# Of the free memory, what activations may take; the rest is for logits, gradients and the allocator.
USABLE_SHARE = 0.6


def used_bytes() -> int:
    """Main memory of this process."""
    return int(psutil.Process().memory_info().rss)


def used_gpu_bytes(device: torch.device) -> int | None:
    """The most GPU memory that this process had at once; None without a GPU."""
    return torch.cuda.max_memory_reserved(device) if device.type == "cuda" else None


def activation_bytes(shape: ModelShape, tokens: int) -> float:
    """Saved for the backward pass without checkpointing: per token and layer 2 (4h + 2q + 2kv + 2f) bytes at
    least.

    h: hidden, q and kv: widths of query and key, f: intermediate; two bytes a value.
    """
    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    floor = 2 * (4 * shape.hidden + 2 * query + 2 * key + 2 * shape.intermediate)
    return SAVED_SHARE * floor * shape.layers * tokens


def wants_gradient_checkpointing(model: Any, shape: ModelShape, hyper: Hyperparameters) -> bool:
    """As the job says; "auto": on a GPU whose free memory the activations of a micro-batch would fill."""
    if hyper.activations != "auto":
        return hyper.activations == "recompute"
    if model.device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(model.device)
    tokens = max(hyper.micro_batch_tokens, hyper.max_length)
    return activation_bytes(shape, tokens) > USABLE_SHARE * free
