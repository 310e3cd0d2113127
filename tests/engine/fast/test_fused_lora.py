"""LoRA in one function has the outputs and the gradients of peft's layers, dense and in four bits."""

from typing import Any

import bitsandbytes
import pytest
import torch

from tunedesk.engine.fast.fused_lora import Frozen, Low, lora_linear
from tunedesk.engine.fast.fused_mlp import Activation, Silu, TanhGelu, gated_mlp

TOKENS, INPUTS, OUTPUTS, RANK, SCALING = 9, 16, 24, 3, 1.7


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def leaves(*shapes: tuple[int, ...]) -> list[torch.Tensor]:
    return [drawn(*shape, seed=number).requires_grad_() for number, shape in enumerate(shapes)]


def copies(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    return [tensor.detach().clone().requires_grad_() for tensor in tensors]


def plain(x: torch.Tensor, frozen: Frozen, low: Low) -> torch.Tensor:
    out = x @ frozen.dense().t() + low.scaling * (x @ low.a.t()) @ low.b.t()
    return out if frozen.bias is None else out + frozen.bias


def assert_same(
    found: torch.Tensor, expected: torch.Tensor, ours: list[torch.Tensor], theirs: list[torch.Tensor]
) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    above = drawn(*expected.shape, seed=99)
    (found * above).sum().backward()
    (expected * above).sum().backward()
    for one, other in zip(ours, theirs, strict=True):
        assert other.grad is not None
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("biased", [False, True])
def test_a_linear_layer_in_float64(biased: bool) -> None:
    frozen = Frozen(drawn(OUTPUTS, INPUTS, seed=7), drawn(OUTPUTS, seed=8) if biased else None)
    ours = leaves((2, TOKENS, INPUTS), (RANK, INPUTS), (OUTPUTS, RANK))
    theirs = copies(ours)
    found = lora_linear(ours[0], frozen, Low(ours[1], ours[2], SCALING))
    expected = plain(theirs[0], frozen, Low(theirs[1], theirs[2], SCALING))
    assert_same(found, expected, ours, theirs)


def test_an_input_that_needs_no_gradient_gets_none() -> None:
    frozen = Frozen(drawn(OUTPUTS, INPUTS, seed=7), None)
    x, (a, b) = drawn(TOKENS, INPUTS), leaves((RANK, INPUTS), (OUTPUTS, RANK))
    lora_linear(x, frozen, Low(a, b, SCALING)).sum().backward()
    assert x.grad is None and a.grad is not None and b.grad is not None


@pytest.mark.parametrize("act", [Silu(), TanhGelu()], ids=["silu", "gelu"])
def test_a_gated_block_in_float64(act: Activation) -> None:
    shapes = ((OUTPUTS, INPUTS), (OUTPUTS, INPUTS), (INPUTS, OUTPUTS))
    frozen = tuple(Frozen(drawn(*shape, seed=20 + at), None) for at, shape in enumerate(shapes))
    adapters = [(RANK, INPUTS), (OUTPUTS, RANK), (RANK, INPUTS), (OUTPUTS, RANK), (RANK, OUTPUTS)]
    ours = leaves((1, TOKENS, INPUTS), *adapters, (INPUTS, RANK))
    theirs = copies(ours)
    scalings = (1.7, 0.6, 1.1)

    def lows(tensors: list[torch.Tensor]) -> list[Low]:
        return [Low(tensors[1 + 2 * at], tensors[2 + 2 * at], scalings[at]) for at in range(3)]

    gate, up, down = lows(theirs)
    inner = act(plain(theirs[0], frozen[0], gate)) * plain(theirs[0], frozen[1], up)
    expected = plain(inner, frozen[2], down)
    assert_same(gated_mlp(ours[0], frozen, lows(ours), act), expected, ours, theirs)  # type: ignore[arg-type]


def test_a_layer_in_four_bits_is_its_dequantised_self() -> None:
    layer = bitsandbytes.nn.Linear4bit(64, 32, bias=False, quant_type="nf4", compute_dtype=torch.float32)
    layer.weight = bitsandbytes.nn.Params4bit(
        torch.randn(32, 64, generator=torch.Generator().manual_seed(1)), requires_grad=False, quant_type="nf4"
    )
    layer = layer.to("cpu")
    frozen = Frozen(layer.weight, None, layer.weight.quant_state)
    dense: Any = frozen.dense()
    x = torch.randn(5, 64, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(x @ dense.t(), layer(x), rtol=1e-5, atol=1e-5)
    assert dense.shape == (32, 64) and frozen.dtype == torch.float32
