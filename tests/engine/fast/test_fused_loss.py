"""The fused loss is the plain loss, and so is its gradient, for every kind of head."""

import pytest
import torch
from torch.nn.functional import cross_entropy, linear

from tunedesk.engine.fast import fused_loss
from tunedesk.engine.fast.fused_loss import Head, losses_from_hidden

TOKENS, HIDDEN, VOCAB = 45, 12, 30


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def plain(hidden: torch.Tensor, targets: torch.Tensor, head: Head) -> torch.Tensor:
    logits = head.scale * linear(hidden, head.weight, head.bias)
    if head.cap:
        logits = head.cap * torch.tanh(logits / head.cap)
    return cross_entropy(logits, targets, reduction="none")


@pytest.mark.parametrize("scale", [1.0, 0.25])
@pytest.mark.parametrize("cap", [0.0, 3.0])
@pytest.mark.parametrize("biased", [False, True])
def test_losses_and_gradients_are_autograd_s(
    monkeypatch: pytest.MonkeyPatch, scale: float, cap: float, biased: bool
) -> None:
    """In float64 throughout, in pieces of sixteen tokens, with a weight for each token."""
    monkeypatch.setattr(fused_loss, "PIECE_BYTES", 16 * 4 * VOCAB)
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    head = Head(drawn(VOCAB, HIDDEN), drawn(VOCAB, seed=1) if biased else None, scale, cap)
    targets = torch.arange(TOKENS) % VOCAB
    weights = drawn(TOKENS, seed=2)
    one = drawn(TOKENS, HIDDEN, seed=3).requires_grad_()
    other = one.detach().clone().requires_grad_()
    expected = plain(one, targets, head)
    found = losses_from_hidden(other, targets, head)
    (expected * weights).sum().backward()
    (found * weights).sum().backward()
    torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=1e-6)  # losses are told in float32
    assert one.grad is not None
    torch.testing.assert_close(other.grad, one.grad, rtol=1e-6, atol=1e-9)


def test_without_a_gradient_none_is_made() -> None:
    head = Head(drawn(VOCAB, HIDDEN), None)
    with torch.no_grad():
        losses = losses_from_hidden(drawn(TOKENS, HIDDEN), torch.zeros(TOKENS, dtype=torch.long), head)
    assert not losses.requires_grad and len(losses) == TOKENS


def test_a_row_without_a_trained_token_has_no_loss() -> None:
    hidden = drawn(0, HIDDEN).requires_grad_()
    losses = losses_from_hidden(hidden, torch.zeros(0, dtype=torch.long), Head(drawn(VOCAB, HIDDEN), None))
    losses.sum().backward()
    assert losses.shape == (0,) and hidden.grad is not None
