"""Run folders over a tiny model, with rows that it can learn in seconds, and their training in this
process.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tunedesk.engine import threads
from tunedesk.engine.control import ControlWatch
from tunedesk.engine.event_log import AnyEvent, EventLog
from tunedesk.engine.train import train
from tunedesk.engine.training import Training, prepare
from tunedesk.runs.events import EventBase
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.generation import ChatMessage
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import DataFile, DatasetRef, Job, ModelRef, WatchedPrompt
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
    valid = rows(15)[12:] if valid is None else valid
    return RunFolder.create(parent, job, rows(12) if train is None else train, valid)


class WatchedLog(EventLog):
    """An event log that calls back after each event, so that a test can act at an exact moment."""

    after: Callable[[EventBase], None]

    def write(self, kind: type[AnyEvent], *, sync: bool = False, **fields: Any) -> AnyEvent:
        event = super().write(kind, sync=sync, **fields)
        self.after(event)
        return event


def train_here(
    run: RunFolder,
    *,
    resume: bool = False,
    after: Callable[[EventBase], None] = lambda event: None,
    stage: Callable[[Training], None] = lambda training: None,
) -> RunHistory:
    """One attempt in this process; `after` is called after each event, `stage` before the first step, to put
    another clock or another way of learning into the training. Raises what the engine would report.
    """
    threads.use(1)
    job = run.job()
    with WatchedLog(run.events_path, job.run, run.history().attempt + 1) as log:
        log.after = after
        training = prepare(run, job, log, ControlWatch(run), resume=resume)
        stage(training)
        train(training)
    return run.history()


def losses(history: RunHistory) -> dict[int, tuple[float, float]]:
    """Loss and gradient norm of each step: two numbers that hold every bit of what was computed."""
    return {number: (step.loss, step.grad_norm) for number, step in history.steps.items()}
