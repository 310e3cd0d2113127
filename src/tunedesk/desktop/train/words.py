"""Sizes, names and sentences of the wizard. Knows no Qt."""

import math

from tunedesk.plan.hardware import Hardware
from tunedesk.runs.job import Method
from tunedesk.template.model_folder import ModelFolder

NAMES = {
    "epochs": "Epochs",
    "learning_rate": "Learning rate",
    "batch_size": "Batch size",
    "max_length": "Longest example",
    "seed": "Seed",
    "max_steps": "Most steps",
    "micro_batch_tokens": "Tokens at once",
    "schedule": "Schedule",
    "warmup_ratio": "Warm-up",
    "weight_decay": "Weight decay",
    "max_grad_norm": "Longest gradient",
    "lora_rank": "LoRA rank",
    "lora_alpha": "LoRA alpha",
    "lora_dropout": "LoRA dropout",
    "wholly_cut_rows": "Wholly cut rows",
    "quantization": "Quantisation",
    "eval_steps": "Validate every",
    "checkpoint_steps": "Checkpoint every",
    "keep_checkpoints": "Checkpoints kept",
    "checkpoint_minutes": "Checkpoint after",
    "early_stopping": "Stop early after",
    "activations": "Activations",
    "optimizer": "Optimizer",
    "packing": "Packing",
    "fused_loss": "Fused loss",
    "fused_lora": "Fused LoRA",
    "attention": "Attention",
    "rslora": "Rank-stabilised",
    "dora": "DoRA",
    "prompt_loss_weight": "Prompt weight",
    "beta": "Beta",
    "threads": "Processor cores",
    "n_epochs": "Epochs",
    "learning_rate_multiplier": "Learning rate factor",
    "suffix": "Name suffix",
    "training_type": "Training type",
}
"""What a setting is called on its page; its name in job.json stands in the tool tip."""
UNITS = {
    "batch_size": "examples",
    "max_length": "tokens",
    "micro_batch_tokens": "tokens",
    "eval_steps": "steps",
    "checkpoint_steps": "steps",
    "checkpoint_minutes": "minutes",
    "early_stopping": "validations",
}
BASIC = ("epochs", "learning_rate", "batch_size", "max_length")
"""Shown at once; everything else is folded away."""
METHODS: tuple[tuple[Method, str, str, str], ...] = (
    ("sft", "Imitate", "check", "Learn the answers as they are written: the usual way."),
    (
        "dpo",
        "Prefer (DPO)",
        "swap",
        "Each row has a better and a worse answer; the model learns the difference and stays near itself.",
    ),
    (
        "orpo",
        "Prefer (ORPO)",
        "swap",
        "Each row has a better and a worse answer; the better one is learned too, with less memory.",
    ),
)
"""Way of learning, its name, its icon, and when to choose it."""
GROUPS = (
    ("Learning", ("seed", "max_steps", "schedule", "warmup_ratio", "weight_decay", "max_grad_norm",
                  "prompt_loss_weight", "beta", "wholly_cut_rows")),
    ("Adapter", ("lora_rank", "lora_alpha", "rslora", "dora", "lora_dropout")),
    ("Safety", ("eval_steps", "early_stopping", "checkpoint_steps", "checkpoint_minutes",
                "keep_checkpoints")),
    ("Speed and memory", ("quantization", "micro_batch_tokens", "activations", "optimizer", "packing",
                          "fused_loss", "fused_lora", "attention", "threads")),
)  # fmt: skip
"""The folded settings by what they are about; together with BASIC all there are."""
ONLY_PAIRS = ("beta",)
ONLY_IMITATION = ("prompt_loss_weight",)
ACTIVATIONS = {
    "keep": "activations are kept",
    "recompute": "activations are computed again",
    "offload": "activations wait in main memory",
}
SLOW_ON_CPU = 1_000_000_000


def method_words(method: Method) -> str:
    """How the run will learn, in a few words."""
    said = {"sft": "imitating the answers", "dpo": "preferring by DPO", "orpo": "preferring by ORPO"}
    return said[method]


def name_of(setting: str) -> str:
    return NAMES.get(setting, setting)


def parameters(count: int) -> str:
    """Like "4.2 M" or "8 B"."""
    for unit, size in (("B", 1e9), ("M", 1e6)):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count:,}"


def bytes_of(count: float) -> str:
    """Decimal units, as disks and cards are sold."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def duration(seconds: float | None) -> str:
    """Rounded up generously: an estimate is not exact, and waiting longer than told annoys."""
    if seconds is None:
        return "not known yet"
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return f"about {minutes} minutes" if minutes > 1 else "about a minute"
    hours = seconds / 3600
    return f"about {hours:.1f} hours".replace(".0 ", " ")


def place_note(hardware: Hardware) -> str:
    """What the run will compute on, in a few words."""
    if hardware.gpus:
        return hardware.gpus[0].name
    return f"Processor, {hardware.cpu_count} cores"


def place_advice(hardware: Hardware, model: ModelFolder | None) -> str:
    """What to expect of this computer, for the chosen model."""
    if hardware.gpus:
        return "Training runs on the graphics card; the computer stays usable."
    if model is None or model.parameters < SLOW_ON_CPU:
        return "There is no graphics card for training, so the processor does it: fine for a small model."
    return (
        "There is no graphics card for training. The processor can do it, but a model of "
        f"{parameters(model.parameters)} parameters will take very long."
    )
