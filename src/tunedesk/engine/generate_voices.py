"""One set of base weights that speaks with two voices: adapter off and on, also mixed in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tunedesk.engine import threads
from tunedesk.engine.load_model import load_base_model
from tunedesk.engine.loss import compute_context
from tunedesk.engine.start_up import light_imports
from tunedesk.errors import UserError
from tunedesk.runs.digests import model_digest
from tunedesk.runs.generation import Load, Voice
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import ModelFolder, read_model_folder

with light_imports():
    from peft import PeftModel
    from transformers import DynamicCache

BASE = "__base__"
"""peft's own word for "no adapter" in a mixed batch."""


class Voices:
    """A loaded model with at most one adapter; another adapter for the same base takes milliseconds."""

    def __init__(self, request: Load) -> None:
        """UserError: no model that TuneDesk can load, or not the one that the run was made with."""
        self.request = request
        self.folder: ModelFolder = read_model_folder(Path(request.model))
        check_digest(request)
        self.template = ChatTemplate.load(Path(request.model))
        threads.use(request.threads)
        self._model: Any = load_base_model(Path(request.model), request.quantization)
        self._model.eval()
        self._adapter: str | None = None
        self._loaded = 0
        if request.adapter:
            self.load_adapter(Path(request.adapter))

    @property
    def device(self) -> torch.device:
        device: torch.device = next(self._model.parameters()).device
        return device

    def new_cache(self) -> DynamicCache:
        """An empty cache of keys and values, with the sliding windows that the model has."""
        return DynamicCache(config=self._model.config)

    def fits(self, request: Load) -> bool:
        """Whether `request` needs the same base weights."""
        return (request.model, request.quantization) == (self.request.model, self.request.quantization)

    def switch(self, request: Load) -> None:
        """Take the adapter of `request`, which must fit."""
        check_digest(request)
        if request.adapter != self.request.adapter:
            if request.adapter:
                self.load_adapter(Path(request.adapter))
            self.request = request

    def load_adapter(self, path: Path) -> None:
        """UserError: not an adapter in safetensors, or made for another model."""
        _check_adapter(path)
        self._loaded += 1
        name = f"run{self._loaded}"
        try:
            if isinstance(self._model, PeftModel):
                self._model.load_adapter(str(path), adapter_name=name)
            else:
                self._model = PeftModel.from_pretrained(self._model, str(path), adapter_name=name)
        except (RuntimeError, ValueError, KeyError) as trouble:
            raise UserError(
                f"The adapter {path} does not fit the model {self.folder.name}.",
                hint="Choose the model that the run was made with.",
            ) from trouble
        self._model.set_adapter(name)
        if self._adapter:
            self._model.delete_adapter(self._adapter)
        self._adapter = name
        self._model.eval()

    @torch.inference_mode()
    def forward(self, voices: Sequence[Voice], **inputs: Any) -> torch.Tensor:
        """Logits of each row's last position, [rows, vocab]."""
        if self._adapter is None:
            return self._last_logits(inputs)
        if all(voice == "tuned" for voice in voices):
            return self._last_logits(inputs)
        if all(voice == "base" for voice in voices):
            with self._model.disable_adapter():
                return self._last_logits(inputs)
        names = [BASE if voice == "base" else self._adapter for voice in voices]
        return self._last_logits({**inputs, "adapter_names": names})

    def _last_logits(self, inputs: dict[str, Any]) -> torch.Tensor:
        with compute_context(self.device):
            output = self._model(**inputs, use_cache=True, logits_to_keep=1)
        logits: torch.Tensor = output.logits[:, -1, :]
        return logits


def check_digest(request: Load) -> None:
    """UserError: the model in this place is not the one that the adapter was trained on."""
    if request.digest and model_digest(Path(request.model)) != request.digest:
        raise UserError(
            f"The model {request.model} was changed after this run was made with it.",
            hint="Put the old model back, or train again on the new one.",
        )


def _check_adapter(path: Path) -> None:
    if not (path / "adapter_config.json").is_file():
        raise UserError(
            f"{path} is not an adapter: it has no adapter_config.json.", hint="Choose a run's adapter."
        )
    if not (path / "adapter_model.safetensors").is_file():
        raise UserError(
            f"The adapter {path} has no adapter_model.safetensors.",
            hint="Weights in pickle files are refused, because opening them can run programs.",
        )
