"""What a run's settings mean for the planner, in one place for window, command line and engine."""

import math
from dataclasses import replace
from typing import Literal

from tunedesk.plan.facts import DataFacts
from tunedesk.plan.fitting import choose_activations
from tunedesk.plan.hardware import Hardware
from tunedesk.plan.memory import MemoryPlan, largest_micro_batch
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import Method
from tunedesk.template.model_folder import ModelFolder


def memory_plan(
    model: ModelFolder,
    settings: Hyperparameters,
    facts: DataFacts,
    hardware: Hardware,
    method: Method = "sft",
) -> MemoryPlan:
    """What decides about the memory of a run; activations that are left to us are chosen by what is free."""
    device: Literal["gpu", "cpu"] = "gpu" if hardware.gpus else "cpu"
    plan = replace(memory_needs(settings, facts, device, method), has_bfloat16=hardware.has_bfloat16)
    if settings.activations != "auto":
        return plan
    return replace(plan, activations=choose_activations(model, plan, hardware.free_for_training))


def memory_needs(
    settings: Hyperparameters, facts: DataFacts, device: Literal["gpu", "cpu"], method: Method
) -> MemoryPlan:
    """The same with activations that are kept where they are left to us.

    facts: of pairs, the tokens of the longer answer. Fused LoRA is not possible with dropout or DoRA.
    """
    pairs = method != "sft"
    at_once = settings.micro_batch_tokens if settings.packing else 1
    tokens = largest_micro_batch(facts.tokens, settings.batch_size, at_once, settings.max_length, pairs=pairs)
    return MemoryPlan(
        quantization=settings.quantization,
        lora_rank=settings.lora_rank,
        micro_batch_tokens=tokens,
        activations="keep" if settings.activations == "auto" else settings.activations,
        fused_loss=settings.fused_loss,
        fused_lora=settings.fused_lora and not settings.lora_dropout and not settings.dora,
        optimizer=settings.optimizer,
        pairs=pairs,
        longest=min(max(facts.tokens, default=0), settings.max_length),
        device=device,
        trained_share=share_with_a_loss(settings, facts.trained_share, method),
    )


def share_with_a_loss(settings: Hyperparameters, trained_share: float, method: Method) -> float:
    """Part of the tokens that get a loss: with prompt_loss_weight those of the prompts do too."""
    return 1.0 if settings.prompt_loss_weight and method == "sft" else trained_share


def total_steps(rows: int, settings: Hyperparameters) -> int:
    """Optimizer steps of a run, as the engine counts them."""
    steps = max(1, math.ceil(rows * settings.epochs / settings.batch_size - 1e-9))
    return min(steps, settings.max_steps) if settings.max_steps else steps


def tokens_read(facts: DataFacts, settings: Hyperparameters, method: Method = "sft") -> int:
    """Tokens of all steps, by the mean of the rows; a pair's other answer is taken to be as long."""
    if not facts.tokens:
        return 0
    examples = min(
        total_steps(facts.rows, settings) * settings.batch_size, math.ceil(facts.rows * settings.epochs)
    )
    read = sum(min(tokens, settings.max_length) for tokens in facts.tokens) / len(facts.tokens)
    return round(read * examples * (1 if method == "sft" else 2))
