"""Which of the faster ways a training uses: what the job asks for, less what does not suit its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from tunedesk.engine import attention
from tunedesk.engine.examples import TrainingExample
from tunedesk.engine.fast import fused_loss
from tunedesk.engine.fast.activations import Activations
from tunedesk.engine.fast.fused_lora import frozen_of, fuse_lora, in_force, is_plain, lora_linear, low_of
from tunedesk.engine.fast.fused_mlp import fuse_mlps
from tunedesk.engine.loss import TokenLosses, same_logits, short_example, token_losses, trained_logits
from tunedesk.engine.packing import MicroBatch, pack
from tunedesk.runs.hyperparameters import Hyperparameters


@dataclass(frozen=True, slots=True)
class Policy:
    """What is in force. left_out: one sentence for each thing that was asked for and does not suit the model.

    attention: how examples of a row are kept apart. losses: how those of single tokens are computed.
    """

    attention: attention.Kind
    activations: Activations
    losses: TokenLosses
    fused_layers: int
    left_out: tuple[str, ...]


def choose_attention(model: Any, asked: str) -> tuple[attention.Kind, str]:
    """The kind of attention, and why it is not the one that was asked for."""
    if asked == "auto":
        return attention.fitting_kind(model), ""
    kind: attention.Kind = "segments" if asked == "segments" else "varlen" if asked == "varlen" else "mask"
    if reason := attention.reason_against(kind, model):
        fitting = attention.fitting_kind(model)
        return fitting, f"attention={kind} is not used, {fitting} instead: {reason}."
    return kind, ""


def choose_losses(model: Any, hyper: Hyperparameters, probe: MicroBatch) -> tuple[TokenLosses, str]:
    """The fused losses, unless they are switched off or do not suit the model's head."""
    if not hyper.fused_loss:
        return token_losses, ""
    if reason := fused_loss.reason_against(model, probe):
        return token_losses, f"The fused loss is not used: {reason}."
    return fused_loss.fused_token_losses, ""


@torch.no_grad()
def fuse(model: Any, hyper: Hyperparameters, probe: MicroBatch) -> tuple[int, str]:
    """Fuse the adapter's layers; how many, and why none. The model is compared with itself before."""
    if not hyper.fused_lora:
        return 0, ""
    plain_layers = [module for module in model.modules() if is_plain(module)]
    if not plain_layers:
        why = "dropout" if hyper.lora_dropout else "DoRA" if hyper.dora else "its layers"
        return 0, f"Fused LoRA is not used: it does not know {why}."
    if not _agrees(plain_layers[0]):
        return 0, "Fused LoRA is not used: a layer came out differently."
    before = trained_logits(model, probe).float()
    forwards = {module: module.__dict__.get("forward") for module in model.modules()}
    fuse_lora(model)
    fuse_mlps(model, model.config.get_text_config())
    if same_logits(before, trained_logits(model, probe).float(), next(model.parameters()).dtype):
        return len(plain_layers), ""
    _put_back(forwards)
    return 0, "Fused LoRA is not used: the model came out differently."


def _agrees(layer: Any) -> bool:
    """Whether one layer computes what peft computes, with an adapter that is not zero as a new one is."""
    low, frozen = low_of(layer), frozen_of(layer)
    assert frozen is not None
    generator = torch.Generator().manual_seed(0)

    def drawn(shape: torch.Size | tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        return torch.randn(shape, generator=generator).to(like)

    kept = low.b.detach().clone()
    low.b.copy_(drawn(low.b.shape, low.b))
    x = drawn((8, low.a.shape[1]), torch.empty(0, dtype=frozen.dtype, device=low.a.device))
    same = in_force(layer) and same_logits(layer(x), lora_linear(x, frozen, low), frozen.dtype)
    low.b.copy_(kept)
    return same


def _put_back(forwards: dict[Any, Any]) -> None:
    for module, before in forwards.items():
        module.__dict__.pop("forward", None)
        if before is not None:
            module.forward = before


def probe_of(examples: list[TrainingExample], device: torch.device) -> MicroBatch:
    """One or two short examples in a row, on which the fast and the plain way are compared."""
    return pack([short_example(example) for example in examples[:2]], device)
