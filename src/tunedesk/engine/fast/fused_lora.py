"""LoRA's linear layer as one function that keeps its input once and makes the small products twice.

y = x W' + s (x A') B', where W may be in 4 bits. peft computes this as six operations of autograd, each with
tensors to keep; here the input alone is kept, and sums are made in place.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import bitsandbytes
import torch
from peft.tuners.lora import LoraLayer
from torch.nn.functional import linear

ADAPTER = "default"


class Frozen(NamedTuple):
    """The base layer's weight, [outputs, inputs], dense or in 4 bits, and its bias."""

    weight: torch.Tensor
    bias: torch.Tensor | None
    state: Any = None

    @property
    def dtype(self) -> torch.dtype:
        return self.weight.dtype if self.state is None else self.state.dtype

    def dense(self) -> torch.Tensor:
        if self.state is None:
            return self.weight
        return bitsandbytes.functional.dequantize_4bit(self.weight, self.state)


class Low(NamedTuple):
    """One layer's adapter. a: [rank, inputs], b: [outputs, rank], both trained; scaling: alpha / rank."""

    a: torch.Tensor
    b: torch.Tensor
    scaling: float


def product(x: torch.Tensor, frozen: Frozen, low: Low) -> torch.Tensor:
    """The layer's output, [tokens, outputs], of x, [tokens, inputs]; without autograd."""
    out = linear(x, frozen.dense(), frozen.bias)
    return out.addmm_(x @ low.a.to(x.dtype).t(), low.b.to(x.dtype).t(), alpha=low.scaling)


def gradients(
    x: torch.Tensor, upstream: torch.Tensor, frozen: Frozen, low: Low, *, of_input: bool = True
) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]:
    """Of input, A and B, from that of the output, [tokens, outputs]."""
    a, b = low.a.to(x.dtype), low.b.to(x.dtype)
    narrow = upstream @ b
    grad_a = (narrow.t() @ x).mul_(low.scaling)
    grad_b = (upstream.t() @ (x @ a.t())).mul_(low.scaling)
    grad_x = None
    if of_input:
        grad_x = (upstream @ frozen.dense()).addmm_(narrow, a, alpha=low.scaling)
    return grad_x, grad_a.to(low.a.dtype), grad_b.to(low.b.dtype)


class _LoraLinear(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, a: torch.Tensor, b: torch.Tensor, scaling: float, frozen: Frozen
    ) -> torch.Tensor:
        ctx.save_for_backward(x, a, b)
        ctx.scaling, ctx.frozen = scaling, frozen
        out = product(x.reshape(-1, x.shape[-1]).to(frozen.dtype), frozen, Low(a, b, scaling))
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, a, b = ctx.saved_tensors
        flat = x.reshape(-1, x.shape[-1]).to(ctx.frozen.dtype)
        above = upstream[0].reshape(len(flat), -1).to(flat.dtype)
        low = Low(a, b, ctx.scaling)
        grad_x, grad_a, grad_b = gradients(flat, above, ctx.frozen, low, of_input=ctx.needs_input_grad[0])
        return None if grad_x is None else grad_x.view(x.shape).to(x.dtype), grad_a, grad_b, None, None


def lora_linear(x: torch.Tensor, frozen: Frozen, low: Low) -> torch.Tensor:
    """y = x W' + bias + scaling (x A') B'. x: [..., inputs]; computed in the base weight's type."""
    out: torch.Tensor = _LoraLinear.apply(x, low.a, low.b, low.scaling, frozen)
    return out


def frozen_of(layer: Any) -> Frozen | None:
    """The base layer under an adapter; None when it is neither Linear nor Linear4bit, or is trained."""
    base = layer.get_base_layer() if isinstance(layer, LoraLayer) else layer
    if type(base) not in (torch.nn.Linear, bitsandbytes.nn.Linear4bit):
        return None
    if any(parameter.requires_grad for parameter in base.parameters(recurse=False)):
        return None
    state = base.weight.quant_state if isinstance(base, bitsandbytes.nn.Linear4bit) else None
    return Frozen(base.weight, base.bias, state)


def low_of(layer: Any) -> Low:
    return Low(layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight, layer.scaling[ADAPTER])


def is_plain(layer: Any) -> bool:
    """Whether the layer's adapter is what this file computes: one LoRA, no dropout, no DoRA, no bias."""
    return (
        isinstance(layer, LoraLayer)
        and set(layer.lora_A) == {ADAPTER}
        and isinstance(layer.lora_dropout[ADAPTER], torch.nn.Identity)
        and not layer.lora_variant.get(ADAPTER)
        and layer.lora_B[ADAPTER].bias is None
        and frozen_of(layer) is not None
    )


def in_force(layer: Any) -> bool:
    """Whether the adapter speaks now, unmerged: not while the base model alone is asked."""
    return not layer.disable_adapters and not layer.merged and layer.active_adapters == [ADAPTER]


def _forward(layer: Any, plain: Callable[..., torch.Tensor], x: torch.Tensor, **others: Any) -> torch.Tensor:
    frozen = frozen_of(layer)
    if others or frozen is None or not in_force(layer):
        return plain(x, **others)
    return lora_linear(x, frozen, low_of(layer))


def fuse_lora(model: torch.nn.Module) -> int:
    """Let every plain LoRA layer of the model compute by this file; how many there are.

    A layer asked for anything else (the base alone, several adapters in one batch) answers as peft does.
    """
    layers = [module for module in model.modules() if is_plain(module)]
    for layer in layers:
        layer.forward = functools.partial(_forward, layer, layer.forward)
    return len(layers)
