"""How much disk a run's checkpoints will take; it looks at no disk."""

from __future__ import annotations

from typing import Literal

from tunedesk.plan.memory import OPTIMIZER_BYTES, adapter_parameters
from tunedesk.template.model_folder import ModelFolder

WEIGHT_BYTES = 4
"""Adapters are kept in float32."""
MORE_THAN_KEPT = 3
"""Beside the newest checkpoints: the best one, one that is being written, and the finished adapter."""


def checkpoint_bytes(model: ModelFolder, rank: int, optimizer: Literal["adamw", "adamw_8bit"]) -> int:
    """One checkpoint: the adapter's weights and its optimizer's state."""
    return int(adapter_parameters(model.shape, rank) * (WEIGHT_BYTES + OPTIMIZER_BYTES[optimizer]))


def run_bytes(
    model: ModelFolder, rank: int, optimizer: Literal["adamw", "adamw_8bit"], keep_checkpoints: int
) -> int:
    """The most that a run's checkpoints and adapter take at one time."""
    return checkpoint_bytes(model, rank, optimizer) * (keep_checkpoints + MORE_THAN_KEPT)
