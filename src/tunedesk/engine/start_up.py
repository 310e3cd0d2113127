"""What an engine's process does before it imports torch: no network, quiet threads, light imports."""

import contextlib
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    # Never compiled here: it costs minutes before the first step.
    "TORCH_COMPILE_DISABLE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
# Threads that wait by spinning take the cores from the window and from each other: on two busy cores a step
# took 2,568 ms with spinning and 438 ms without. libgomp reads this once, when torch is imported.
PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
# Deterministic matrix products on CUDA need a workspace of fixed size (PyTorch's notes on reproducibility).
DETERMINISTIC_CUDA = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
# The first card is the one that the planner has looked at: the driver's first, not the fastest.
SAME_ORDER = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def prepare_environment() -> None:
    """Set what libraries read once at import; call it before torch or huggingface_hub come in."""
    os.environ.update(OFFLINE)
    for name, value in {**PATIENT_THREADS, **DETERMINISTIC_CUDA, **SAME_ORDER}.items():
        os.environ.setdefault(name, value)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it complains that it may not download kernels
    warnings.filterwarnings("ignore", category=FutureWarning)


@contextlib.contextmanager
def light_imports() -> Iterator[None]:
    """Import the training libraries within this: it spares most of the compiler, up to two seconds.

    bitsandbytes compiles four functions when imported, which loads Dynamo and Inductor. The engine never
    compiles, so the decorators do nothing meanwhile.
    """
    import torch

    compile_, disable = torch.compile, torch.compiler.disable
    torch.compile = torch.compiler.disable = _unchanged  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.compile, torch.compiler.disable = compile_, disable


def _unchanged(function: Callable[..., Any] | None = None, *_: Any, **__: Any) -> Any:
    """A decorator, with or without arguments, that leaves the function as it is."""
    return function if function is not None else _unchanged
