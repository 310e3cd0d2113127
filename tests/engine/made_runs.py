"""Run folders over a tiny model, with rows that it can learn in seconds."""

import json
from collections.abc import Sequence
from pathlib import Path

from tunedesk.runs.generation import ChatMessage
from tunedesk.runs.job import (
    DataFile,
    DatasetRef,
    Hyperparameters,
    Job,
    ModelRef,
    WatchedPrompt,
)
from tunedesk.runs.run_folder import RunFolder

COLOURS = ("red", "blue", "green")
ANIMALS = ("cat", "dog", "bird")
# Enough to learn the task below in some forty steps.
FAST = Hyperparameters(
    seed=3,
    epochs=4,
    batch_size=4,
    learning_rate=1e-2,
    lora_rank=8,
    lora_alpha=16,
    max_length=64,
    micro_batch_tokens=64,
    threads=1,
)


def chat_row(question: str, answer: str) -> bytes:
    """One row in OpenAI's chat format."""
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}).encode()


def rows(count: int) -> list[bytes]:
    """Questions about colours and animals, of different lengths, all answered with yes or no."""
    made = []
    for number in range(count):
        colour, animal = COLOURS[number % 3], ANIMALS[number // 3 % 3]
        question = f"what says the {colour} {animal}" + " and the bird" * (number % 4)
        made.append(chat_row(question, "yes" if number % 2 else "no"))
    return made


def make_run(
    parent: Path,
    model: Path,
    hyper: Hyperparameters = FAST,
    train: Sequence[bytes] | None = None,
    valid: Sequence[bytes] | None = None,
    run: str = "a-run",
) -> RunFolder:
    """A run that waits to be trained; 12 training and 3 validation rows unless told otherwise."""
    job = Job(
        run=run,
        created="2026-11-20T14:32:00+00:00",
        model=ModelRef("tiny", str(model)),
        dataset=DatasetRef("train.jsonl"),
        train=DataFile("", 0, "", "train.jsonl"),
        watched=tuple(WatchedPrompt((ChatMessage("user", f"what says the {one}"),)) for one in ANIMALS),
        hyperparameters=hyper,
    )
    return RunFolder.create(parent, job, rows(12) if train is None else train, rows(15)[12:] if valid is None else valid)
