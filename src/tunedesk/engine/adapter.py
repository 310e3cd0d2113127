"""The LoRA adapter: made, read and written in peft's own format, in float32."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tunedesk.engine.start_up import light_imports
from tunedesk.errors import UserError
from tunedesk.runs.hyperparameters import Hyperparameters

with light_imports():
    from peft import (
        LoraConfig,
        PeftModel,
        get_peft_model,
        get_peft_model_state_dict,
        set_peft_model_state_dict,
    )
    from transformers import PreTrainedModel

WEIGHTS = "adapter_model.safetensors"


def new_adapter(
    model: PreTrainedModel, hyper: Hyperparameters, targets: str | Sequence[str] = "all-linear"
) -> PeftModel:
    """Wrap the model with LoRA, random as the seed says; by default on all linear layers but the head.

    The adapter stays in float32 whatever the model computes in: steps smaller than bfloat16's resolution
    would be lost, and a resume would not be exact. UserError: DoRA cannot be had with this model.
    """
    config = LoraConfig(
        r=hyper.lora_rank,
        lora_alpha=hyper.lora_alpha,
        lora_dropout=hyper.lora_dropout,
        use_rslora=hyper.rslora,
        use_dora=hyper.dora,
        target_modules=targets if isinstance(targets, str) else list(targets),
        bias="none",
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng(devices=[model.device] if model.device.type == "cuda" else []):
        torch.manual_seed(hyper.seed)
        wrapped = get_peft_model(model, config, autocast_adapter_dtype=True)
    if hyper.dora and model.device.type != "meta":
        _refuse_rows_without_length(wrapped)
    return wrapped


def _refuse_rows_without_length(model: PeftModel) -> None:
    """DoRA divides each row of a weight by its length; a row of zeros would make every output NaN."""
    for name, lengths in model.named_parameters():
        layer, is_length, _ = name.removeprefix("base_model.model.").partition(".lora_magnitude_vector.")
        if is_length and (empty := int((lengths == 0).sum())):
            rows = "1 row" if empty == 1 else f"{empty:,} rows"
            raise UserError(
                f"DoRA cannot be used with this model: {rows} of {layer} hold nothing but zeros, and have no "
                "length that could be learned.",
                hint="Set dora=false and start a new run.",
            )


def trained_parameters(model: PeftModel) -> list[torch.nn.Parameter]:
    """The adapter's weights, in a fixed order."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if any(parameter.dtype != torch.float32 for parameter in parameters):
        raise TypeError("the adapter's weights must be float32")
    return parameters


def adapter_tensors(model: PeftModel) -> dict[str, torch.Tensor]:
    """The weights under peft's names, as copies on the processor."""
    state: dict[str, torch.Tensor] = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: tensor.detach().cpu().clone() for name, tensor in state.items()}


def write_adapter(model: PeftModel, folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Weights and configuration; without the model card, whose template a bundle may lack."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    config: Any = copy.copy(model.peft_config["default"])
    config.inference_mode = True
    config.save_pretrained(str(folder))


def read_adapter(model: PeftModel, folder: Path) -> None:
    """Load weights into the adapter that the model has, bit for bit."""
    set_peft_model_state_dict(model, load_file(folder / WEIGHTS, device=str(model.device)))
