"""What becomes of activations until the backward pass: kept, computed again, or moved out."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any, Literal

import torch

Activations = Literal["keep", "recompute", "offload"]


def use_activations(model: Any, how: Activations) -> None:
    """Before the adapter is put on. keep is the model as it is loaded.

    recompute keeps one hidden state a block and computes the rest of it again. offload also moves those to
    main memory while they wait, pinned so that the processor need not wait for the copies.
    """
    if how == "keep":
        return
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if how == "offload":
        decoder = model.get_decoder()
        decoder.forward = functools.partial(_offloaded, decoder.forward, model.device.type == "cuda")


def _offloaded(forward: Callable[..., Any], pinned: bool, *args: Any, **others: Any) -> Any:
    """Hooks around checkpointed blocks see what the blocks were given, and nothing of what is within."""
    moving: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    if torch.is_grad_enabled():
        moving = torch.autograd.graph.save_on_cpu(pin_memory=pinned)
    with moving:
        return forward(*args, **others)
