"""A model that is ready to be trained: with its adapter, and on the fastest way that suits it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tunedesk.engine.adapter import new_adapter, trained_parameters
from tunedesk.engine.attention import use_attention
from tunedesk.engine.continuing import continued_adapter
from tunedesk.engine.data import Data
from tunedesk.engine.fast.activations import Activations, use_activations
from tunedesk.engine.fast.fused_loss import fused_token_losses
from tunedesk.engine.fast.policy import choose_attention, choose_losses, fuse, probe_of
from tunedesk.engine.load_model import choose_device, load_base_model
from tunedesk.engine.loss import TokenLosses, rows_are_isolated, trained_logits
from tunedesk.engine.memory import free_bytes, memory_plan
from tunedesk.engine.optimizer import FlatAdamW, flat_adamw
from tunedesk.engine.packing import MicroBatch
from tunedesk.errors import UserError
from tunedesk.plan.fitting import choose_activations
from tunedesk.runs.job import Job
from tunedesk.template.model_folder import ModelFolder

Warn = Callable[[str, str], object]
"""Called with a code and a sentence."""

NOT_PACKED = 1
"""Tokens of a row that any example exceeds: each gets a row of its own."""


@dataclass(frozen=True, slots=True)
class ReadyModel:
    """initial: the adapter before the first step, as one vector in main memory.

    row_tokens: of a row of packed examples. losses: how those of single tokens are computed. activations:
    what is done with them. fused_loss, fused_lora: whether these are in force.
    """

    model: Any
    optimizer: FlatAdamW
    initial: torch.Tensor
    losses: TokenLosses
    row_tokens: int
    activations: Activations
    fused_loss: bool
    fused_lora: bool


def load_ready_model(run: Path, job: Job, base: ModelFolder, data: Data, warn: Warn) -> ReadyModel:
    """Load the model and its adapter. warn: told of each faster way that was asked for and does not suit.

    UserError: the model, or the adapter to go on from, cannot be loaded.
    """
    hyper = job.hyperparameters
    device = choose_device()
    activations = _activations(job, base, data, device)
    model = load_base_model(base.path, hyper.quantization, device)
    use_activations(model, activations)
    kind, reason = choose_attention(model, hyper.attention)
    _tell(warn, reason)
    use_attention(model, kind)
    tuned = continued_adapter(model, hyper, job.adapter, run) if job.adapter else new_adapter(model, hyper)
    sequences = [one for example in data.train[:2] for one in example.sequences]
    tuned.eval()
    probe = probe_of(sequences, model.device)
    _refuse_non_finite(tuned, probe, base)
    losses, reason = choose_losses(tuned, hyper, probe)
    _tell(warn, reason)
    fused_layers, reason = fuse(tuned, hyper, probe)
    _tell(warn, reason)
    row_tokens = hyper.micro_batch_tokens if hyper.packing else NOT_PACKED
    if hyper.packing and not rows_are_isolated(tuned, sequences, model.device):
        message = "This model mixes examples that share a row, so each is computed for itself: right, but "
        warn("no-packing", message + "slower.")
        row_tokens = NOT_PACKED
    optimizer = flat_adamw(trained_parameters(tuned), hyper.optimizer, hyper.weight_decay)
    tuned.train()
    initial = optimizer.vector.detach().to("cpu", copy=True)  # a card has no room for what is only compared
    return ReadyModel(
        tuned,
        optimizer,
        initial,
        losses,
        row_tokens,
        activations,
        fused_loss=losses is fused_token_losses,
        fused_lora=fused_layers > 0,
    )


def _activations(job: Job, base: ModelFolder, data: Data, device: torch.device) -> Activations:
    """As the job says; "auto": the fastest that fits what is free before the model is loaded."""
    if job.hyperparameters.activations != "auto":
        return job.hyperparameters.activations
    return choose_activations(base, memory_plan(job, data, device), free_bytes(device))


@torch.no_grad()
def _refuse_non_finite(model: Any, probe: MicroBatch, base: ModelFolder) -> None:
    """Before anything is compared with what the model says by itself."""
    if not bool(torch.isfinite(trained_logits(model, probe)).all()):
        raise UserError(
            f"The model {base.name} does not compute finite numbers on the first examples.",
            hint="Its weights may be damaged: get it anew, or choose another model.",
            exit_code=1,
        )


def _tell(warn: Warn, reason: str) -> None:
    if reason:
        warn("slower", reason)
