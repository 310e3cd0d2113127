"""Going on from an adapter that was trained before, bit for bit as it was saved."""

from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from tunedesk.engine.adapter import WEIGHTS, adapter_tensors, new_adapter, read_adapter
from tunedesk.errors import UserError
from tunedesk.runs.adapters import read_adapter_folder
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import AdapterRef


def continued_adapter(model: Any, hyper: Hyperparameters, given: AdapterRef, run: Path) -> Any:
    """Wrap the model with the adapter in `given.path` (relative to the run), ready to be trained.

    UserError: it is not the one that the job was made with, or it does not fit this model.
    """
    adapter = read_adapter_folder(run / given.path)
    if given.digest and adapter.digest != given.digest:
        raise UserError(
            f"The adapter in {adapter.path} is not the one that the job was made with.",
            hint="Put it back as it was, or make a new run.",
        )
    tuned = new_adapter(model, adapter.settings(hyper), adapter.targets)
    expected = {name: tensor.shape for name, tensor in adapter_tensors(tuned).items()}
    found = {name: tensor.shape for name, tensor in load_file(adapter.path / WEIGHTS).items()}
    if expected != found:
        raise UserError(
            f"The adapter {adapter.path} was made for another model: {_difference(expected, found)}.",
            hint="Choose the model that it was trained on, or begin a new adapter.",
        )
    read_adapter(tuned, adapter.path)
    return tuned


def _difference(expected: dict[str, Any], found: dict[str, Any]) -> str:
    """The first weight, by name, that one of both lacks or has in another shape."""
    names = sorted(name for name in {*expected, *found} if expected.get(name) != found.get(name))
    name = names[0]
    if name not in found:
        return f"it has no {name}"
    if name not in expected:
        return f"the model has no place for {name}"
    return f"{name} is {tuple(found[name])}, the model needs {tuple(expected[name])}"
