"""What would stop a run or spoil it, found before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tunedesk.plan.facts import DataFacts
from tunedesk.plan.fitting import Change, in_words
from tunedesk.plan.hardware import Hardware
from tunedesk.plan.memory import MemoryEstimate
from tunedesk.template.model_folder import ModelFolder


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing in the way. blocks: the run must not start with it. hint: what the user can do."""

    message: str
    hint: str
    blocks: bool


def data_obstacles(data: DataFacts, lint_errors: int, max_length: int) -> tuple[Obstacle, ...]:
    """Trouble with the examples; `lint_errors` counts findings of severity error."""
    found = []
    if not data.rows:
        found.append(
            Obstacle("The dataset has no usable example.", "Add an example or mend the errors.", True)
        )
    elif not data.trained_tokens:
        message = "No token of the dataset would be trained."
        found.append(Obstacle(message, "Give each row an assistant turn whose weight is not 0.", True))
    if lint_errors:
        message = f"The dataset has {_count(lint_errors, 'error')}."
        found.append(Obstacle(message, "Mend them in the Data pane; each has its row and its reason.", True))
    cut = sum(1 for tokens in data.tokens if tokens > max_length)
    if cut:
        message = f"{_count(cut, 'example')} would be cut at {max_length} tokens."
        found.append(Obstacle(message, "Shorten them or raise max_length.", False))
    if data.rows and not data.valid_rows:
        message = "There is no validation split, so that the best state cannot be told from the last."
        found.append(Obstacle(message, "Put about one row in twenty aside.", False))
    return tuple(found)


def model_obstacles(model: ModelFolder, max_length: int) -> tuple[Obstacle, ...]:
    found = []
    if not model.has_template:
        message = f"{model.name} has no chat template, so that a conversation cannot be written for it."
        found.append(Obstacle(message, "Choose a chat model (often named Instruct or Chat).", True))
    if max_length > model.context:
        message = f"max_length is {max_length}, but {model.name} reads at most {model.context} tokens."
        found.append(Obstacle(message, f"Set max_length to {model.context} or less.", True))
    return tuple(found)


def machine_obstacles(
    memory: MemoryEstimate,
    hardware: Hardware,
    needed_disk: int,
    free_disk: int,
    changes: Sequence[Change] = (),
) -> tuple[Obstacle, ...]:
    """Memory and disk, in bytes. changes: the smallest ones that make the run fit (`plan.fitting`)."""
    found = []
    if memory.total > hardware.free_for_training:
        place = hardware.gpus[0].name if hardware.gpus else "This computer"
        free = gigabytes(hardware.free_for_training)
        message = f"About {gigabytes(memory.total)} are needed; {place} has {free} free."
        hint = in_words(changes) if changes else "Choose a smaller model, or close other programs."
        found.append(Obstacle(message, hint, True))
    if needed_disk > free_disk:
        message = f"Checkpoints need {gigabytes(needed_disk)} on disk and {gigabytes(free_disk)} are free."
        found.append(Obstacle(message, "Free some space or choose another folder for the run.", True))
    return tuple(found)


def gigabytes(size: int) -> str:
    """Decimal gigabytes with one digit, as disks and cards are sold."""
    return f"{size / 1e9:.1f} GB"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
