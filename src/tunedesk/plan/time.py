"""How long a run will take: its work in operations, divided by a speed whose origin is always told."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tunedesk.plan.hardware import Hardware, usable_cores
from tunedesk.plan.memory import linear_parameters
from tunedesk.template.model_folder import ModelFolder

START_SECONDS = 8.0
"""Imports of the engine, loading and quantising; 5-7 CPU seconds were measured for the imports alone."""
CPU_EFFICIENCY = 0.2
"""Part of the processor's matrix speed that training reaches: measured on the starter model, by CPU time."""
GPU_EFFICIENCY = 0.35
"""Part of a card's peak that QLoRA steps commonly reach with micro-batches of 2,000 tokens and more."""
GPU_PEAKS = (
    ("H200", 989e12), ("H100", 989e12), ("A100", 312e12), ("L40S", 362e12), ("L4", 121e12), ("A10", 125e12),
    ("T4", 65e12), ("RTX 5090", 209e12), ("RTX 5080", 113e12), ("RTX 5070", 62e12), ("RTX 4090", 165e12),
    ("RTX 4080", 97e12), ("RTX 4070", 58e12), ("RTX 4060", 30e12), ("RTX 3090", 71e12), ("RTX 3080", 59e12),
    ("RTX 3070", 40e12), ("RTX 3060", 25e12), ("RTX 6000 Ada", 364e12), ("RTX A6000", 155e12),
)  # fmt: skip
"""Dense bfloat16 (T4: float16) tensor operations a second, from the vendor's data sheets."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """The speed of an earlier run on this computer. device: `Hardware.device` of then."""

    device: str
    model: str
    flops_per_token: float
    tokens_per_second: float


@dataclass(frozen=True, slots=True)
class TimeEstimate:
    """seconds: None when nothing is known about the speed. source: one sentence for the reader."""

    seconds: float | None
    source: str


def training_flops_per_token(model: ModelFolder, trained_share: float, recompute: bool = False) -> float:
    """Operations a training token costs with LoRA.

    2N forward and 2N backward through frozen weights (LoRA needs no gradient of them), 2N more when
    activations are computed again; the head works on trained tokens only. Source: engine research.
    """
    passes = 6.0 if recompute else 4.0
    head = model.shape.vocab * model.shape.hidden * trained_share
    return passes * linear_parameters(model.shape) + 4.0 * head


def estimate_seconds(
    model: ModelFolder,
    tokens: int,
    hardware: Hardware,
    *,
    trained_share: float = 1.0,
    recompute: bool = False,
    past: Sequence[PastRun] = (),
) -> TimeEstimate:
    """Seconds for training on `tokens` tokens (all epochs together); recompute: activations are not kept.

    The best source is an earlier run of the same model on the same device, then one of another model scaled
    by its work, then a short measurement of the processor or the card's data sheet.
    """
    work = training_flops_per_token(model, trained_share, recompute)
    here = [run for run in past if run.device == hardware.device and run.tokens_per_second > 0]
    same = [run for run in here if run.model == model.name]
    if same:
        return _from_rate(
            tokens, same[-1].tokens_per_second, "From the speed of your last run of this model here."
        )
    if here:
        scaled = here[-1].tokens_per_second * here[-1].flops_per_token / work
        return _from_rate(tokens, scaled, f"Scaled from your run of {here[-1].model} on this computer.")
    if hardware.gpus:
        return _from_data_sheet(tokens, work, hardware.gpus[0].name)
    rate = measure_cpu_flops() * CPU_EFFICIENCY / work
    return _from_rate(
        tokens, rate, "From a short measurement of this processor; the first run will tell better."
    )


def _from_rate(tokens: int, tokens_per_second: float, source: str) -> TimeEstimate:
    return TimeEstimate(START_SECONDS + tokens / tokens_per_second, source)


def _from_data_sheet(tokens: int, work: float, name: str) -> TimeEstimate:
    for part, peak in GPU_PEAKS:
        if part in name:
            rate = peak * GPU_EFFICIENCY / work
            return _from_rate(
                tokens, rate, f"From the data sheet of the {name}; the first run will tell better."
            )
    return TimeEstimate(None, f"The speed of the {name} is not known yet; the first steps will tell.")


def measure_cpu_flops(seconds: float = 0.05) -> float:
    """Operations a second of float32 matrix products on all cores, measured for about `seconds` on one.

    The matrices are so small that the library uses one thread, and the fastest product counts: with several
    threads on a busy computer each waits for the others, and the figure differs a hundredfold.
    """
    import numpy

    size = 64
    left = numpy.ones((size, size), dtype=numpy.float32)
    product = left @ left
    fastest, end = math.inf, time.perf_counter() + seconds
    while fastest == math.inf or time.perf_counter() < end:
        started = time.perf_counter()
        numpy.matmul(left, left, out=product)
        fastest = min(fastest, time.perf_counter() - started)
    return usable_cores() * 2.0 * size**3 / fastest
