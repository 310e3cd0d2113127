"""Recommended settings for a dataset and a model, each with a sentence and where the rule comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from tunedesk.plan.facts import DataFacts
from tunedesk.plan.fitting import fits
from tunedesk.plan.hardware import Hardware
from tunedesk.plan.memory import Activations, MemoryPlan
from tunedesk.template.model_folder import ModelFolder, ModelShape

LEARNING_RATE_AT_2000 = 5e-4
WIDTH_EXPONENTS = (("Qwen", 0.0775), ("Llama", 0.781))
REFERENCE_WIDTH = 2000
REFERENCE_BATCH = 128
LOWEST_RATE, HIGHEST_RATE = 5e-5, 1e-3
MICRO_BATCHES_GPU = (8192, 4096, 2048, 1024, 512)
MICRO_BATCH_CPU = 2048
_SPEEDS: tuple[tuple[Activations, int], ...] = (("keep", 2048), ("recompute", 512), ("offload", 512))
"""Fastest first, with the tokens from which it is worth it: computing again costs half as much once more,
while dequantising the weights costs 6 % at 2,048 tokens and 24 % at 512 (arithmetic of the research)."""
Method = Literal["sft", "dpo", "orpo"]
"""As in job.json."""
PREFERENCE_RATE = 0.1
"""Of the learning rate for imitation, what learning from preferences bears."""
PREFERENCE_EPOCHS = 3.0
WANTED_STEPS = 100
RANK_FOR_RSLORA = 64
MOST_EPOCHS = 10.0
SMALL_MODEL = 100_000_000


@dataclass(frozen=True, slots=True)
class Advice:
    """One recommended setting. name: as in job.json; help: what it does; source: of the rule."""

    name: str
    value: int | float | str | bool
    help: str
    source: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """All recommended settings of a run, and the optimiser steps they lead to."""

    advice: tuple[Advice, ...]
    steps: int

    def value(self, name: str) -> int | float | str | bool:
        """The recommended value of one setting; KeyError when the name has no recommendation."""
        for item in self.advice:
            if item.name == name:
                return item.value
        raise KeyError(name)

    def assignments(self) -> tuple[str, ...]:
        """Each as `name=value`, the form that `--set` and `runs.hyperparameters.with_settings` read."""
        return tuple(f"{item.name}={item.value}" for item in self.advice)


def recommend(
    data: DataFacts, model: ModelFolder, hardware: Hardware | None = None, method: Method = "sft"
) -> Recommendation:
    """Settings for `data` and `model`; with `hardware` also the micro-batch that fits its memory.

    data: of pairs, the tokens of the longer answer with its prompt.
    """
    batch = _batch_size(data)
    size = int(batch.value)
    prefers = method != "sft"
    epochs = _preference_epochs(data, size) if prefers else _epochs(data, model, size)
    rate = _learning_rate(model, size)
    steps = math.ceil(data.rows * float(epochs.value) / size)
    rank = _rank(data, model.shape)
    length = _max_length(data, model)
    advice = (
        epochs,
        batch,
        _preference_rate(rate) if prefers else rate,
        *_schedule(steps, 0.1 if prefers else 0.03),
        *((_beta(method),) if prefers else ()),
        rank,
        *_scaling(int(rank.value)),
        _DROPOUT,
        length,
        _QUANTIZATION,
        _micro_batch(data, model, int(rank.value), int(length.value), hardware, pairs=prefers),
        _CLIPPING,
        _DECAY,
    )
    return Recommendation(advice, steps)


def _batch_size(data: DataFacts) -> Advice:
    value = max(1, min(16 if data.rows >= 500 else 8, data.rows))
    text = "How many examples are read before the weights move; LoRA learns worse from very large batches."
    return Advice(
        "batch_size", value, text, "QLoRA (16 for 7B and 13B); LoRA Without Regret; 8 below 500 examples"
    )


def _epochs(data: DataFacts, model: ModelFolder, batch: int) -> Advice:
    """Three passes; more where three are fewer than 100 steps or the model is small, fewer on large sets."""
    text = "How often the whole dataset is gone through; the best state on the validation rows is kept."
    if data.rows > 100_000:
        return Advice("epochs", 1.0, text, "above 100,000 examples one pass is enough (Unsloth: 1 to 3)")
    if data.rows > 20_000:
        return Advice("epochs", 2.0, text, "above 20,000 examples (Unsloth: 1 to 3)")
    wanted = WANTED_STEPS
    source = "Unsloth (1 to 3); tinker-cookbook (at least 100 steps)"
    if model.parameters < SMALL_MODEL:
        wanted = 3 * WANTED_STEPS
        source = "models under 100 M parameters know little: three times tinker-cookbook's 100 steps"
    steps = max(1, math.ceil(data.rows / batch))
    return Advice("epochs", float(min(MOST_EPOCHS, max(3, math.ceil(wanted / steps)))), text, source)


def _learning_rate(model: ModelFolder, batch: int) -> Advice:
    """5e-4 * (2000 / hidden) ** p * sqrt(batch / 128), within bounds that were found on models of 1-8 B.

    Below 100 M parameters it is 5e-4 * 2000 / hidden: the best rate grows as the width shrinks (muP, Yang and
    others 2022), and the root of the batch holds only for batches far below the critical size, which is small
    for small models (McCandlish and others 2018).
    """
    narrowness = REFERENCE_WIDTH / model.shape.hidden
    if model.parameters < SMALL_MODEL:
        rate, source = LEARNING_RATE_AT_2000 * narrowness, "small models: 5e-4 at width 2,000, by width (muP)"
        return Advice("learning_rate", float(f"{rate:.2g}"), _RATE_HELP, source)
    exponent = next(
        (p for family, p in WIDTH_EXPONENTS if family in model.architecture), WIDTH_EXPONENTS[0][1]
    )
    rate = LEARNING_RATE_AT_2000 * narrowness**exponent * math.sqrt(batch / REFERENCE_BATCH)
    rate = min(max(rate, LOWEST_RATE), HIGHEST_RATE)
    source = "tinker-cookbook's formula by width and batch size"
    return Advice("learning_rate", float(f"{rate:.2g}"), _RATE_HELP, source)


def _preference_epochs(data: DataFacts, batch: int) -> Advice:
    """One pass; small sets up to three, while that stays within 100 steps."""
    text = "How often the whole dataset is gone through; judged pairs are soon learned by heart."
    steps = max(1, math.ceil(data.rows / batch))
    value = min(PREFERENCE_EPOCHS, max(1.0, WANTED_STEPS // steps))
    return Advice("epochs", value, text, "Zephyr's DPO recipe (1); up to 3 below 100 steps (our reading)")


def _preference_rate(rate: Advice) -> Advice:
    value = float(f"{float(rate.value) * PREFERENCE_RATE:.2g}")
    source = "a tenth of that for imitation; Zephyr's recipes with LoRA go from 2e-4 to 5e-6"
    return Advice("learning_rate", value, _RATE_HELP, source)


def _beta(method: Method) -> Advice:
    if method == "orpo":
        text = "How much telling the answers apart counts beside imitating the better one."
        return Advice("beta", 0.1, text, "ORPO (arXiv 2403.07691): lambda 0.1 for 7B models")
    text = "How strongly the model is held near the one it started from; lower lets it go farther."
    return Advice("beta", 0.1, text, "DPO (arXiv 2305.18290): 0.1, 0.5 for summaries; Zephyr used 0.01")


def _schedule(steps: int, least: float) -> tuple[Advice, ...]:
    """least: the share of warm-up where that is five steps or more."""
    ratio = min(0.2, max(least, 5 / steps)) if steps else least
    source = "QLoRA (0.03)" if least < 0.1 else "Zephyr's DPO recipe (0.1)"
    warm = (
        "The part of the run in which the learning rate rises from zero, so that the first steps do no harm."
    )
    fall = (
        "How the learning rate falls after warm-up; a cosine ends near zero, so that the last steps settle."
    )
    return (
        Advice("schedule", "cosine", fall, "common practice for LoRA; tinker-cookbook falls linearly"),
        Advice("warmup_ratio", math.ceil(ratio * 1000) / 1000, warm, f"{source}, at least five steps"),
    )


def _rank(data: DataFacts, shape: ModelShape) -> Advice:
    value = 16 if data.rows <= 5_000 else 32 if data.rows <= 50_000 else 64
    value = max(4, min(value, shape.hidden // 8))
    text = "How much room the adapter has for what it learns; the learning rate does not depend on it."
    return Advice(
        "lora_rank", value, text, "16 up to 5,000 examples, 32, then 64 above 50,000 (our reading of tinker)"
    )


def _scaling(rank: int) -> tuple[Advice, ...]:
    """alpha = 2 r; from rank 64 on rsLoRA with alpha = r, which PEFT measured at 51 % against 47 %."""
    text = "How strongly the adapter speaks: it is scaled by alpha / rank."
    if rank < RANK_FOR_RSLORA:
        source = "twice the rank: PEFT's method comparison and common guides"
        return (Advice("lora_alpha", 2 * rank, text, source),)
    source = "PEFT's method comparison: at rank 64 the best of all, with alpha as large as the rank"
    root = "Scales the adapter by alpha / sqrt(rank), so that high ranks learn as they could."
    return (
        Advice("lora_alpha", rank, text, source),
        Advice("rslora", True, root, "from rank 64 on; PEFT's method comparison (arXiv 2312.03732)"),
    )


def _max_length(data: DataFacts, model: ModelFolder) -> Advice:
    longest = data.longest(0.995)
    value = min(max(64, 64 * math.ceil(longest / 64)), model.context)
    text = "Examples with more tokens are cut here, and the cut is shown before the start."
    return Advice(
        "max_length", value, text, "covers 99.5 % of the rows, in steps of 64, within the model's context"
    )


def _micro_batch(
    data: DataFacts,
    model: ModelFolder,
    rank: int,
    length: int,
    hardware: Hardware | None,
    *,
    pairs: bool,
) -> Advice:
    text = "How many tokens are computed at once; it changes speed and memory, not what is learned."
    longest = 2 * length if pairs else length
    if hardware is None or not hardware.gpus:
        value, source = max(MICRO_BATCH_CPU, longest), "a processor gains nothing from more"
        return Advice("micro_batch_tokens", value, text, source)
    plan = MemoryPlan(lora_rank=rank, longest=length, pairs=pairs, trained_share=data.trained_share)
    free, source = hardware.free_for_training, "the fastest that fits the card's free memory"
    for activations, least in _SPEEDS:
        for tokens in (max(each, longest) for each in MICRO_BATCHES_GPU if each >= least):
            if fits(model, replace(plan, activations=activations, micro_batch_tokens=tokens), free):
                return Advice("micro_batch_tokens", tokens, text, source)
    return Advice("micro_batch_tokens", max(512, longest), text, "the least, and yet it will hardly fit")


_RATE_HELP = "How far the weights move at each step: too low learns nothing, too high forgets everything."
_DROPOUT = Advice(
    "lora_dropout", 0.0, "Switches parts of the adapter off at random against learning by heart.",
    "0 unless a small set overfits (QLoRA used 0.05 to 0.1)",
)  # fmt: skip
_QUANTIZATION = Advice(
    "quantization", "nf4", "Keeps the frozen model in four bits, so that it needs a quarter of the memory.",
    "QLoRA: the same quality as 16 bits",
)  # fmt: skip
_CLIPPING = Advice(
    "max_grad_norm", 1.0, "Shortens a step that would be unusually long.", "common practice; QLoRA used 0.3"
)
_DECAY = Advice(
    "weight_decay", 0.0, "Pulls the adapter's weights towards zero.", "0 to 0.01 is common for adapters"
)
