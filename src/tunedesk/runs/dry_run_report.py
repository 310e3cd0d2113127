"""What the engine's dry run found: the memory of a job, counted on a model without weights."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class ReportedChange(Struct, frozen=True):
    """One setting that helps, as `plan.fitting.Change`. needed: bytes with it and those before it."""

    setting: str
    value: int | str | bool
    sentence: str
    needed: int


class DryRunReport(Struct, frozen=True):
    """All sizes in bytes. tokens: of the largest micro-batch; block: what one block saves of it.

    weights, adapter, activations, loss, overhead: the parts of `total`; offloaded: in main memory, not in it.
    formula: the total that the closed formula gives. free: what a run could fill here. changes: the smallest
    ones with which it fits, where it does not; none of them suffices when `can_fit` is False.
    """

    model: str
    device: Literal["gpu", "cpu"]
    tokens: int
    activation_policy: Literal["keep", "recompute", "offload"]
    block: int
    weights: int
    adapter: int
    activations: int
    loss: int
    overhead: int
    offloaded: int
    total: int
    formula: int
    free: int
    fits: bool
    can_fit: bool = True
    changes: tuple[ReportedChange, ...] = ()
    seconds: float = 0.0
