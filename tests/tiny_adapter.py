"""A LoRA adapter with random weights for the tiny model, strong enough to change what it says."""

from pathlib import Path


def write_tiny_adapter(folder: Path, model: Path, *, seed: int = 3, rank: int = 4) -> Path:
    """Write an adapter in peft's format into `folder`; the same seed gives the same weights."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        base = AutoModelForCausalLM.from_pretrained(model)
        tuned = get_peft_model(base, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear"))
        for name, weight in tuned.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.5)
    tuned.save_pretrained(str(folder))
    return folder
