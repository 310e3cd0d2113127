"""Clocks and ways of learning that a test puts into a training: time that is counted, trouble on demand."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from tunedesk.engine.clock import Clock
from tunedesk.engine.methods.objective import Loss, Objective
from tunedesk.engine.training import Training


@dataclass
class FakeTime:
    """Seconds that pass only when somebody says so."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Staged:
    """A way of learning that asks `before` ahead of each micro-batch and lets `change` alter its loss."""

    real: Objective[Any, Any]
    before: Callable[[Any], None] = lambda batch: None
    change: Callable[[Loss], Loss] = lambda loss: loss

    def micro_batches(self, examples: Sequence[Any], most_tokens: int, device: torch.device) -> list[Any]:
        return self.real.micro_batches(examples, most_tokens, device)

    def loss(self, model: Any, batch: Any) -> Loss:
        self.before(batch)
        return self.change(self.real.loss(model, batch))

    def share(self, examples: Sequence[Any]) -> float:
        return self.real.share(examples)


def with_room_for(
    tokens: int, *, after_step: int = 0, learning: bool | None = None
) -> Callable[[Training], None]:
    """A training that runs out of memory, after a step, in rows of more tokens; learning: only with a
    gradient, only without one, or (None) in both cases.
    """

    def stage(training: Training) -> None:
        def refuse(batch: Any) -> None:
            concerned = learning is None or learning == torch.is_grad_enabled()
            if concerned and training.progress.step >= after_step and batch.tokens > tokens:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

        training.objective = Staged(training.objective, before=refuse)

    return stage


def paced(token: float, evaluation: float) -> Callable[[Training], None]:
    """A training whose steps take `token` seconds for each token, and each whole validation `evaluation`."""

    def stage(training: Training) -> None:
        now = FakeTime()
        validated = max(1, sum(example.tokens for example in training.data.valid))

        def pass_time(batch: Any) -> None:
            learns = torch.is_grad_enabled()
            now.seconds += batch.tokens * (token if learns else evaluation / validated)

        training.clock = Clock(now)
        training.objective = Staged(training.objective, before=pass_time)

    return stage


@contextlib.contextmanager
def disk_that_takes(most_bytes: int) -> Iterator[Callable[[bool], None]]:
    """A switch: while it is on, no file of this process can grow beyond so many bytes; off at the end."""
    resource = pytest.importorskip("resource", reason="the system has no such limit")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def switch(on: bool) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]) if on else before)

    try:
        yield switch
    finally:
        switch(False)
