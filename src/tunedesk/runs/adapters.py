"""What an adapter's folder says of itself, read without any training library."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tunedesk.errors import UserError
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.template.safetensors_header import read_weight_file

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


class _Config(Struct):
    """The keys of peft's adapter_config.json that decide whether a training can go on from it."""

    peft_type: str = ""
    r: int = 0
    lora_alpha: float = 0
    use_rslora: bool = False
    use_dora: bool = False
    bias: str = "none"
    target_modules: Any = None
    modules_to_save: Any = None
    rank_pattern: dict[str, Any] | None = None
    alpha_pattern: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter that a training can go on from. targets: the adapted layers, as peft's file names them.

    digest: sha256 of the weights.
    """

    path: Path
    rank: int
    alpha: int
    rslora: bool
    dora: bool
    targets: str | tuple[str, ...]
    digest: str

    def settings(self, hyper: Hyperparameters) -> Hyperparameters:
        """The same settings with the shape that the adapter has, which cannot be chosen any more."""
        return msgspec.structs.replace(
            hyper, lora_rank=self.rank, lora_alpha=self.alpha, rslora=self.rslora, dora=self.dora
        )


def read_adapter_folder(path: Path) -> Adapter:
    """UserError: there is no adapter, or one of a kind that is not trained here."""
    config = _read_config(path)
    if problem := _problem(config):
        raise UserError(f"The training cannot go on from the adapter {path}: {problem}.", hint=_HINT)
    if not (path / WEIGHTS).is_file():
        raise UserError(
            f"The adapter {path} has no {WEIGHTS}.",
            hint="Weights in pickle files are refused, because opening them can run programs.",
        )
    read_weight_file(path / WEIGHTS)
    targets = config.target_modules
    return Adapter(
        path,
        config.r,
        int(config.lora_alpha),
        config.use_rslora,
        config.use_dora,
        targets if isinstance(targets, str) else tuple(sorted(map(str, targets))),
        _sha256(path / WEIGHTS),
    )


_HINT = "Begin a new adapter, or choose one that was made by TuneDesk."


def _read_config(path: Path) -> _Config:
    try:
        return msgspec.json.decode((path / CONFIG).read_bytes(), type=_Config)
    except FileNotFoundError as error:
        message = f"{path} is not an adapter: it has no {CONFIG}."
        raise UserError(message, hint="Choose a run's adapter.") from error
    except (OSError, msgspec.MsgspecError) as error:
        raise UserError(f"{path / CONFIG} cannot be read: {error}.", hint="Get the adapter anew.") from error


def _problem(config: _Config) -> str:
    """What is other than in an adapter made here; empty when nothing is."""
    if config.peft_type != "LORA":
        return f"it is of the kind {config.peft_type or 'unknown'}, not LoRA"
    if config.bias != "none":
        return "it trains biases too"
    if config.modules_to_save:
        return "it replaces whole layers too"
    if config.rank_pattern or config.alpha_pattern:
        return "its layers have different ranks"
    if config.lora_alpha != int(config.lora_alpha):
        return f"its alpha is {config.lora_alpha}, no whole number"
    if not config.r or not config.target_modules:
        return "it does not say its rank and layers"
    return ""


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
