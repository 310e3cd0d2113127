"""A gated feed-forward block (SwiGLU, GeGLU) with LoRA as one function, which keeps two wide tensors of five.

out = down(act(gate(x)) * up(x)). Kept: x, gate(x), up(x). What lies between is computed again.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import gelu, silu

from tunedesk.engine.fast.fused_lora import (
    Frozen,
    Low,
    frozen_of,
    gradients,
    in_force,
    is_plain,
    low_of,
    product,
)

_NAMES = ("gate_proj", "up_proj", "down_proj")


class Silu:
    """x * sigmoid(x)."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return silu(x)

    def gradient(self, upstream: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return torch.ops.aten.silu_backward(upstream, x)


class TanhGelu:
    """GELU by its approximation with tanh, as Gemma has it."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return gelu(x, approximate="tanh")

    def gradient(self, upstream: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return torch.ops.aten.gelu_backward(upstream, x, approximate="tanh")


Activation = Silu | TanhGelu
_BY_NAME: dict[str, Activation] = {"silu": Silu(), "swish": Silu(), "gelu_pytorch_tanh": TanhGelu()}


class _GatedMlp(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        adapters: tuple[float, float, float],
        frozen: tuple[Frozen, Frozen, Frozen],
        act: Activation,
        *weights: torch.Tensor,
    ) -> torch.Tensor:
        lows = _lows(weights, adapters)
        flat = x.reshape(-1, x.shape[-1]).to(frozen[0].dtype)
        gate, up = product(flat, frozen[0], lows[0]), product(flat, frozen[1], lows[1])
        out = product(act(gate).mul_(up), frozen[2], lows[2])
        ctx.save_for_backward(x, gate, up, *weights)
        ctx.adapters, ctx.frozen, ctx.act = adapters, frozen, act
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, gate, up, *weights = ctx.saved_tensors
        lows, act = _lows(weights, ctx.adapters), ctx.act
        flat = x.reshape(-1, x.shape[-1]).to(gate.dtype)
        above = upstream[0].reshape(len(flat), -1).to(gate.dtype)
        acted = act(gate)
        inner, grad_a2, grad_b2 = gradients(acted * up, above, ctx.frozen[2], lows[2])
        assert inner is not None
        of_gate = act.gradient(inner * up, gate)
        of_up = inner.mul_(acted)
        needed = ctx.needs_input_grad[0]
        grad_x, grad_a0, grad_b0 = gradients(flat, of_gate, ctx.frozen[0], lows[0], of_input=needed)
        more_x, grad_a1, grad_b1 = gradients(flat, of_up, ctx.frozen[1], lows[1], of_input=needed)
        if grad_x is not None and more_x is not None:
            grad_x = grad_x.add_(more_x).view(x.shape).to(x.dtype)
        return grad_x, None, None, None, grad_a0, grad_b0, grad_a1, grad_b1, grad_a2, grad_b2


def _lows(weights: tuple[torch.Tensor, ...] | list[torch.Tensor], scalings: tuple[float, ...]) -> list[Low]:
    return [Low(weights[2 * at], weights[2 * at + 1], scaling) for at, scaling in enumerate(scalings)]


def gated_mlp(
    x: torch.Tensor, frozen: tuple[Frozen, Frozen, Frozen], lows: list[Low], act: Activation
) -> Any:
    """The block's output, [..., hidden], of x, [..., hidden]; frozen and lows: gate, up, down."""
    weights = [tensor for low in lows for tensor in (low.a, low.b)]
    scalings = tuple(low.scaling for low in lows)
    return _GatedMlp.apply(x, scalings, frozen, act, *weights)


def activation_of(block: Any, config: Any) -> Activation | None:
    """None: the block is no gated one, or its activation has no gradient here."""
    if not all(hasattr(block, name) for name in (*_NAMES, "act_fn")):
        return None
    name = getattr(config, "hidden_activation", None) or getattr(config, "hidden_act", None)
    return _BY_NAME.get(str(name))


def _forward(block: Any, act: Activation, plain: Callable[..., Any], x: torch.Tensor) -> Any:
    layers = [getattr(block, name) for name in _NAMES]
    # peft names the adapters of a mixed batch by hooks on the layers, which are not called here.
    if any(layer._forward_pre_hooks or not in_force(layer) for layer in layers):
        return plain(x)
    frozen = [frozen_of(layer) for layer in layers]
    if any(each is None for each in frozen):
        return plain(x)
    return gated_mlp(x, tuple(frozen), [low_of(layer) for layer in layers], act)  # type: ignore[arg-type]


def fuse_mlps(model: torch.nn.Module, config: Any) -> int:
    """Let every gated block whose three layers have a plain adapter compute by this file; how many."""
    found = 0
    for block in list(model.modules()):
        act = activation_of(block, config)
        if act is None or not all(is_plain(getattr(block, name)) for name in _NAMES):
            continue
        block.forward = functools.partial(_forward, block, act, block.forward)
        found += 1
    return found
