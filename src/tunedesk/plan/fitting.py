"""What to change when a run does not fit into memory, least harm first; it decides nothing for the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tunedesk.plan.memory import Activations, MemoryPlan, estimate_memory
from tunedesk.template.model_folder import ModelFolder

ROUND_TO = 64
"""Lengths and micro-batches are offered in such steps."""
SHORTEST = 64
"""No length below this is offered: what an answer would lose is more than a run is worth."""
LOWEST_RANK = 4
MOST_TOKENS = 2**24


@dataclass(frozen=True, slots=True)
class Change:
    """One setting, its new value as in job.json, and what it costs the user.

    needed: bytes of the run with this and all changes before it; fits: whether that is little enough.
    """

    setting: str
    value: int | str | bool
    sentence: str
    needed: int
    fits: bool

    @property
    def assignment(self) -> str:
        """In the form that `--set` reads."""
        value = str(self.value).lower() if isinstance(self.value, bool) else self.value
        return f"{self.setting}={value}"


def fits(model: ModelFolder, plan: MemoryPlan, free_bytes: int) -> bool:
    return estimate_memory(model, plan).total <= free_bytes


def choose_activations(model: ModelFolder, plan: MemoryPlan, free_bytes: int) -> Activations:
    """What `activations=auto` means: the fastest that fits, and the one that needs least where none does."""
    for each in ("keep", *_milder_first(plan)):
        if fits(model, replace(plan, activations=each), free_bytes):
            return each
    return _milder_first(plan)[-1]


def most_tokens(model: ModelFolder, plan: MemoryPlan, free_bytes: int) -> int:
    """The largest micro-batch that fits; 0 when not even one of a single token does."""
    low, high = 0, MOST_TOKENS
    while low < high:
        middle = (low + high + 1) // 2
        if fits(model, replace(plan, micro_batch_tokens=middle), free_bytes):
            low = middle
        else:
            high = middle - 1
    return low


def smallest_change(model: ModelFolder, plan: MemoryPlan, free_bytes: int) -> tuple[Change, ...]:
    """The changes that together make the run fit; none when it does already.

    They come in order of harm: first those after which the same is learned, only slower, then the length,
    then the rank. Where nothing helps, all are returned at their strongest, and the last has `fits` False.
    """
    changes: list[Change] = []
    for ways in _WAYS:
        if fits(model, plan, free_bytes):
            break
        strongest = None
        for setting, value, sentence, changed in ways(model, plan, free_bytes):
            needed = estimate_memory(model, changed).total
            strongest = Change(setting, value, sentence, needed, needed <= free_bytes), changed
            if needed <= free_bytes:
                break
        if strongest is not None:
            changes.append(strongest[0])
            plan = strongest[1]
    return tuple(changes)


def in_words(changes: Sequence[Change]) -> str:
    """One sentence with all changes as they are set; for hints."""
    if not changes:
        return "Nothing needs to be changed."
    if not changes[-1].fits:
        return "No setting makes it fit: choose a smaller model, or a computer with more memory."
    return f"Set {', '.join(change.assignment for change in changes)}: then it fits."


_Way = tuple[str, int | str | bool, str, MemoryPlan]
"""Setting, value, sentence, and the plan with it."""


def _milder_first(plan: MemoryPlan) -> tuple[Activations, ...]:
    return ("recompute", "offload") if plan.device == "gpu" else ("recompute",)


def _fuse_loss(model: ModelFolder, plan: MemoryPlan, free: int) -> Iterator[_Way]:
    if not plan.fused_loss:
        sentence = "The loss is computed in pieces: the same result without holding all logits."
        yield "fused_loss", True, sentence, replace(plan, fused_loss=True)


def _free_activations(model: ModelFolder, plan: MemoryPlan, free: int) -> Iterator[_Way]:
    order = ("keep", *_milder_first(plan))
    for each in order[order.index(plan.activations) + 1 :] if plan.activations in order else ():
        yield "activations", each, _SLOWER[each], replace(plan, activations=each)


def _compute_less_at_once(model: ModelFolder, plan: MemoryPlan, free: int) -> Iterator[_Way]:
    least = plan.smallest_micro_batch or SHORTEST
    tokens = max(least, most_tokens(model, plan, free) // ROUND_TO * ROUND_TO)
    if tokens < plan.micro_batch_tokens:
        sentence = "Fewer tokens are computed at once: the same result, somewhat slower."
        yield "micro_batch_tokens", tokens, sentence, replace(plan, micro_batch_tokens=tokens)


def _halve_the_optimizer(model: ModelFolder, plan: MemoryPlan, free: int) -> Iterator[_Way]:
    if plan.optimizer == "adamw":
        sentence = "The optimizer's memory is kept in 8 bits: nearly the same result."
        yield "optimizer", "adamw_8bit", sentence, replace(plan, optimizer="adamw_8bit")


def _quantise(model: ModelFolder, plan: MemoryPlan, free: int) -> Iterator[_Way]:
    if plan.quantization == "none":
        sentence = "The frozen model is kept in 4 bits: a quarter of the memory at nearly the same quality."
        yield "quantization", "nf4", sentence, replace(plan, quantization="nf4")


def _shorten(model: ModelFolder, plan: MemoryPlan, free: int) -> Iterator[_Way]:
    answers = 2 if plan.pairs else 1
    longest = plan.longest or plan.micro_batch_tokens // answers
    length = max(SHORTEST, most_tokens(model, plan, free) // answers // ROUND_TO * ROUND_TO)
    if length < longest:
        shorter = replace(plan, longest=length, micro_batch_tokens=length * answers)
        sentence = "Longer examples are cut, and lose the ends of their answers."
        yield "max_length", length, sentence, shorter


def _lower_the_rank(model: ModelFolder, plan: MemoryPlan, free: int) -> Iterator[_Way]:
    rank = plan.lora_rank
    while rank // 2 >= LOWEST_RANK:
        rank //= 2
        sentence = "The adapter has less room for what it learns; halve lora_alpha with it."
        yield "lora_rank", rank, sentence, replace(plan, lora_rank=rank)


_SLOWER: dict[Activations, str] = {
    "recompute": "Activations are computed again: the same result, about a third slower.",
    "offload": "Activations wait in main memory: the same result, slower still, and main memory is needed.",
}
_WAYS: tuple[Callable[[ModelFolder, MemoryPlan, int], Iterator[_Way]], ...] = (
    _fuse_loss,
    _free_activations,
    _compute_less_at_once,
    _halve_the_optimizer,
    _quantise,
    _shorten,
    _lower_the_rank,
)
