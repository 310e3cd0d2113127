"""Warnings for settings that lie far outside of what is advised; none of them forbids a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tunedesk.plan.advice import Recommendation
from tunedesk.plan.facts import DataFacts
from tunedesk.template.model_folder import ModelFolder

FAR = 10
"""Times the advised learning rate: the published grid learns at 1e-3 and diverges at 3e-3."""
FEWEST_STEPS = 20
MOST_CUT = 0.1
"""Part of the rows whose cut is worth a word of its own."""


class ChosenSettings(Protocol):
    """What of a run's settings is looked at; `runs.hyperparameters.Hyperparameters` has all of them."""

    @property
    def learning_rate(self) -> float: ...
    @property
    def lora_rank(self) -> int: ...
    @property
    def lora_alpha(self) -> int: ...
    @property
    def rslora(self) -> bool: ...
    @property
    def lora_dropout(self) -> float: ...
    @property
    def epochs(self) -> float: ...
    @property
    def max_steps(self) -> int: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def warmup_ratio(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def max_length(self) -> int: ...
    @property
    def prompt_loss_weight(self) -> float: ...
    @property
    def beta(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Caution:
    """One plain sentence about one setting, and where its limit comes from."""

    setting: str
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class _Case:
    chosen: ChosenSettings
    advised: Recommendation
    data: DataFacts
    model: ModelFolder


def cautions(
    chosen: ChosenSettings, advised: Recommendation, data: DataFacts, model: ModelFolder
) -> tuple[Caution, ...]:
    """What is far off, in the order of the settings; advised: `recommend` for the same data and method."""
    case = _Case(chosen, advised, data, model)
    return tuple(caution for check in _CHECKS for caution in check(case))


def _above(value: float, advised: float, sentence: str) -> str:
    return f"{value:g} is {value / advised:,.0f} times the advised {advised:g}: {sentence}"


def _learning_rate(case: _Case) -> Iterator[Caution]:
    rate, advised = case.chosen.learning_rate, float(case.advised.value("learning_rate"))
    if rate >= FAR * advised:
        sentence = _above(rate, advised, "the loss is likely to jump and stay high.")
        yield Caution("learning_rate", sentence, "tinker-cookbook's grid: 3e-3 diverges")
    elif rate * FAR <= advised:
        sentence = (
            f"{rate:g} is {advised / rate:,.0f} times below the advised {advised:g}: little is learned."
        )
        yield Caution("learning_rate", sentence, "LoRA Without Regret: ten times full training's rate")


def _epochs(case: _Case) -> Iterator[Caution]:
    epochs, advised = case.chosen.epochs, float(case.advised.value("epochs"))
    if epochs >= 3 * advised:
        sentence = _above(epochs, advised, "rows will be learned by heart.")
        yield Caution("epochs", sentence, "Unsloth (1 to 3); watch the validation loss")
    elif epochs < 1 and not case.chosen.max_steps:
        sentence = f"{epochs:g} passes leave {1 - epochs:.0%} of the rows unread."
        yield Caution("epochs", sentence, "arithmetic")


def _steps(case: _Case) -> Iterator[Caution]:
    chosen = case.chosen
    steps = math.ceil(case.data.rows * chosen.epochs / chosen.batch_size)
    steps = min(steps, chosen.max_steps) if chosen.max_steps else steps
    if case.data.rows and steps < FEWEST_STEPS:
        name = "max_steps" if steps == chosen.max_steps else "epochs"
        sentence = f"The run has {steps} {'step' if steps == 1 else 'steps'}, which hardly changes a model."
        yield Caution(name, sentence, "tinker-cookbook (at least 100 steps)")


def _batch_size(case: _Case) -> Iterator[Caution]:
    size, advised = case.chosen.batch_size, int(case.advised.value("batch_size"))
    if size >= 8 * advised:
        sentence = _above(size, advised, "LoRA learns worse from very large batches.")
        yield Caution("batch_size", sentence, "LoRA Without Regret")
    elif size == 1 and advised >= 8:
        sentence = "With 1 example a step each row pulls the model its own way: the loss will be noisy."
        yield Caution("batch_size", sentence, "QLoRA (16)")


def _rank(case: _Case) -> Iterator[Caution]:
    rank, advised = case.chosen.lora_rank, int(case.advised.value("lora_rank"))
    sweep = "tinker's sweep on Llama-3.2-1B: loss .819 at rank 4, .804 at 16, .797 at 128"
    if rank >= 8 * advised:
        yield Caution("lora_rank", _above(rank, advised, "more memory, and hardly better."), sweep)
    elif rank * 4 <= advised:
        sentence = f"Rank {rank} leaves the adapter little room; {advised} is advised."
        yield Caution("lora_rank", sentence, sweep)


def _alpha(case: _Case) -> Iterator[Caution]:
    chosen = case.chosen
    scale = chosen.lora_alpha / (math.sqrt(chosen.lora_rank) if chosen.rslora else chosen.lora_rank)
    most, how = (32, "alpha / sqrt(rank)") if chosen.rslora else (8, "alpha / rank")
    if scale > most:
        sentence = f"{how} is {scale:.3g}: the adapter speaks so loudly that the loss may jump."
        yield Caution("lora_alpha", sentence, "common guides: one to two times the rank")
    elif scale < 0.25:
        sentence = f"{how} is {scale:.2g}: the adapter is hardly heard."
        yield Caution("lora_alpha", sentence, "common guides: one to two times the rank")


def _max_length(case: _Case) -> Iterator[Caution]:
    length, tokens = case.chosen.max_length, case.data.tokens
    cut = sum(1 for each in tokens if each > length)
    if cut > MOST_CUT * len(tokens):
        advised = case.advised.value("max_length")
        sentence = f"At {length} tokens {cut:,} of {len(tokens):,} rows are cut; {advised} is advised."
        yield Caution("max_length", sentence, "arithmetic on this dataset")


def _small_things(case: _Case) -> Iterator[Caution]:
    chosen = case.chosen
    if chosen.warmup_ratio > 0.3:
        sentence = f"For {chosen.warmup_ratio:.0%} of the run the learning rate only rises."
        yield Caution("warmup_ratio", sentence, "QLoRA (0.03); Zephyr (0.1)")
    if chosen.weight_decay > 0.1:
        sentence = f"A weight decay of {chosen.weight_decay:g} pulls the adapter back to nothing."
        yield Caution("weight_decay", sentence, "0 to 0.01 is common for adapters")
    if chosen.lora_dropout > 0.2:
        sentence = f"A dropout of {chosen.lora_dropout:g} hides much of what is learned, and slows the run."
        yield Caution("lora_dropout", sentence, "QLoRA (0.05 to 0.1); the fused layers need 0")
    if chosen.prompt_loss_weight and _learns_from_pairs(case):
        sentence = "It has no effect here: of preferences only the answers get a loss."
        yield Caution("prompt_loss_weight", sentence, "DPO (arXiv 2305.18290); ORPO (arXiv 2403.07691)")
    elif chosen.prompt_loss_weight >= 0.5:
        sentence = "The model learns to write prompts nearly as much as answers."
        yield Caution("prompt_loss_weight", sentence, "QLoRA, table 10: answers alone gain 0.8 to 1.8 points")


def _learns_from_pairs(case: _Case) -> bool:
    """A beta is advised for methods that have one, and for no other."""
    return any(item.name == "beta" for item in case.advised.advice)


def _beta(case: _Case) -> Iterator[Caution]:
    advised = next((float(item.value) for item in case.advised.advice if item.name == "beta"), None)
    if advised is None:
        return
    beta = case.chosen.beta
    if beta >= FAR * advised:
        sentence = _above(beta, advised, "pairs will hardly change the model, or nothing else will.")
        yield Caution("beta", sentence, "DPO (arXiv 2305.18290): 0.1 to 0.5")
    elif beta * FAR < advised:
        sentence = f"{beta:g} is {advised / beta:,.0f} times below the advised {advised:g}."
        yield Caution("beta", sentence, "Zephyr's DPO recipe (0.01) is the lowest in common use")


_CHECKS: tuple[Callable[[_Case], Iterator[Caution]], ...] = (
    _learning_rate,
    _epochs,
    _steps,
    _batch_size,
    _rank,
    _alpha,
    _max_length,
    _small_things,
    _beta,
)
