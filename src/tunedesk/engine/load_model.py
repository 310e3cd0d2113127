"""Loading a base model from a local folder: safetensors only, no foreign code, in 4 bits or as it is."""

from pathlib import Path
from typing import Any, Literal

import torch

from tunedesk.engine.attention import plain_attention
from tunedesk.engine.start_up import light_imports
from tunedesk.errors import UserError
from tunedesk.template.model_folder import read_model_folder

with light_imports():
    import bitsandbytes
    import transformers
    from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig, PreTrainedModel

Quantization = Literal["nf4", "none"]


def choose_device() -> torch.device:
    """The first CUDA GPU if there is one, else the processor."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def compute_dtype(device: torch.device) -> torch.dtype:
    """In what the model computes: bfloat16 on a GPU that has it, else float32.

    Few processors multiply bfloat16 fast; on one that does it gains 1.3x on a small model, and elsewhere it
    loses far more, so that runs on two computers would also differ in their losses.
    """
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float32


def load_base_model(
    path: Path, quantization: Quantization, device: torch.device | None = None
) -> PreTrainedModel:
    """The model in evaluation mode, frozen, on `device`.

    UserError: a folder that is no model, has only pickle weights, needs foreign code, or cannot be read.
    """
    read_model_folder(path)
    device = device or choose_device()
    dtype = compute_dtype(device)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    options: dict[str, Any] = {"dtype": dtype, "device_map": {"": device}}
    if quantization == "nf4":
        options["quantization_config"] = nf4(dtype)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            path,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation=plain_attention(AutoConfig.from_pretrained(path, local_files_only=True)),
            **options,
        )
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"The model {path} cannot be loaded: {first_line(error)}",
            hint="Choose another model, or get this one anew.",
        ) from error
    keep_training_kernels(model)
    model.requires_grad_(False)
    model.eval()
    return model


def nf4(dtype: torch.dtype) -> BitsAndBytesConfig:
    """4-bit NormalFloat with its scales quantised too, as in the QLoRA paper (arXiv 2305.14314)."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def keep_training_kernels(model: torch.nn.Module) -> None:
    """Forbid the inference kernel for processors with AVX512-BF16 in every 4-bit layer.

    In evaluation mode bitsandbytes 0.50.2 repacks the weight for that kernel, never back. The kernel has no
    gradient, so every training step after the first evaluation would silently get wrong gradients.
    """
    for module in model.modules():
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False


def first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__
