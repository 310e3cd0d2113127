"""The engine's self-test: imports what training needs and multiplies once with a four-bit weight."""

from __future__ import annotations

import contextlib
import importlib.metadata
import sys
from typing import TYPE_CHECKING

import msgspec

from tunedesk.runs.engine_report import EngineReport

if TYPE_CHECKING:
    import torch

LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes", "safetensors", "tokenizers")
LARGEST_ERROR = 0.2
"""A product with normal weights in NF4 is off by 7 to 10 %; much more is a broken kernel."""


def check() -> int:
    """Print one line, an `EngineReport`; 0 when training can work, 2 when something is missing."""
    with contextlib.redirect_stdout(sys.stderr):  # libraries print while they are imported
        report = make_report()
    print(msgspec.json.encode(report).decode(), flush=True)
    return 2 if report.problem else 0


def make_report() -> EngineReport:
    versions = {name: version for name in LIBRARIES if (version := _version(name))}
    missing = [name for name in LIBRARIES if name not in versions]
    if missing:
        return EngineReport(versions, problem=f"Not installed: {', '.join(missing)}.")
    try:
        from tunedesk.engine.load_model import choose_device

        device = choose_device()
        name, error = _name_of(device), nf4_error(device)
    except Exception as trouble:  # whatever breaks in a driver or library is the report
        return EngineReport(versions, problem=f"{type(trouble).__name__}: {trouble}".splitlines()[0])
    problem = "" if error <= LARGEST_ERROR else f"A product in NF4 is off by {error:.0%}."
    return EngineReport(versions, name, error, problem)


def nf4_error(device: torch.device) -> float:
    """Relative error of x W^T with W in NF4 against float32, forward and backward; larger of the two."""
    import bitsandbytes
    import torch

    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(256, 128, generator=generator)
    given = torch.randn(32, 128, generator=generator).requires_grad_()
    layer = bitsandbytes.nn.Linear4bit(
        128, 256, bias=False, compute_dtype=torch.float32, compress_statistics=True, quant_type="nf4"
    )
    layer.weight = bitsandbytes.nn.Params4bit(
        weight, requires_grad=False, quant_type="nf4", compress_statistics=True
    )
    layer = layer.to(device)
    result = layer(given.to(device)).cpu()
    result.sum().backward()
    result = result.detach()
    exact = given.detach() @ weight.T
    slope = weight.sum(0).expand(32, 128)
    assert given.grad is not None
    errors = ((result - exact).norm() / exact.norm(), (given.grad.cpu() - slope).norm() / slope.norm())
    return float(max(errors))


def _name_of(device: torch.device) -> str:
    import torch

    return torch.cuda.get_device_name(0) if str(device).startswith("cuda") else "cpu"


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
