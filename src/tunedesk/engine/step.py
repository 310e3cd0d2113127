"""One optimizer step: the gradient of its examples, the check that it is finite, and what is told of it."""

import math
from collections.abc import Sequence
from typing import Any

import torch

from tunedesk.engine import schedule
from tunedesk.engine.forecast import Forecast
from tunedesk.engine.memory import used_bytes, used_gpu_bytes
from tunedesk.engine.methods.objective import Score
from tunedesk.engine.saving import try_to_publish
from tunedesk.engine.spikes import is_spike
from tunedesk.engine.splitting import in_pieces_that_fit
from tunedesk.engine.training import Training
from tunedesk.errors import UserError
from tunedesk.runs import events

SHORTEST = 1e-9
"""Seconds that a step takes at least: a coarse clock may call it nothing."""


def take_step(run: Training, step: int, forecast: Forecast) -> None:
    """One optimizer step; UserError, and no step, when loss or gradient is not finite."""
    began = run.clock.now()
    examples = [run.data.train[index] for index in run.plan.step(step)]
    loss, score = gradient(run, step, examples)
    norm = run.optimizer.clip(run.hyper.max_grad_norm)
    refuse_non_finite(run, step, loss, norm)
    rate = schedule.learning_rate(step, run.total, run.hyper)
    run.optimizer.step(rate)
    seconds = run.clock.now() - began
    tokens = sum(example.tokens for example in examples)
    run.progress.step, run.progress.train_loss = step, loss
    run.progress.tokens += tokens
    forecast.stepped(tokens)
    run.log.write(
        events.Step,
        step=step,
        epoch=run.plan.epoch(step),
        loss=loss,
        learning_rate=rate,
        grad_norm=norm,
        tokens_per_second=tokens / max(seconds, SHORTEST),
        tokens=tokens,
        seconds=seconds,
        memory_bytes=used_bytes(),
        gpu_memory_bytes=used_gpu_bytes(run.device),
        eta_seconds=forecast.seconds_left(),
        spike=is_spike(run.progress, loss, norm),
        accuracy=score.accuracy,
        margin=score.mean_margin,
    )


def gradient(run: Training, step: int, examples: Sequence[Any]) -> tuple[float, Score]:
    """Fill the gradient of one step; its loss, and how well pairs were told apart."""
    share = run.objective.share(examples)

    def add_up(batches: list[Any]) -> tuple[float, Score]:
        # Dropout draws from torch's global generator: seeded by step, it needs no state, nothing can disturb
        # it, and a step that is begun again draws the same.
        torch.manual_seed(run.hyper.seed * 1_000_003 + step)
        run.optimizer.clear_gradient()
        # Added up where it is computed: reading it would let a GPU wait between two micro-batches.
        total, score = torch.zeros((), dtype=torch.float64, device=run.device), Score()
        for batch in batches:
            part = run.objective.loss(run.model, batch)
            (part.total / share).backward()
            total += part.total.detach()
            score = score.plus(part.score)
        return float(total) / share, score

    return in_pieces_that_fit(run, examples, add_up)


def refuse_non_finite(run: Training, step: int, loss: float, norm: float) -> None:
    if math.isfinite(loss) and math.isfinite(norm):
        return
    what = "loss" if not math.isfinite(loss) else "gradient"
    rows = ", ".join(str(run.data.train[index].row) for index in run.plan.step(step))
    kept = bool(run.progress.step) and try_to_publish(run)
    raise UserError(
        f"The {what} of step {step} is not a finite number; the step was not taken (training rows {rows}).",
        hint="Lower learning_rate, look at these rows, and start a new run."
        + (" The adapter as it was before is kept." if kept else ""),
        exit_code=1,
    )
