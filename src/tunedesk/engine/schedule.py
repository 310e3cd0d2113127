"""How many steps a run has, and the learning rate of each."""

import math

from tunedesk.runs.hyperparameters import Hyperparameters

EVALUATIONS_PER_RUN = 8


def total_steps(rows: int, hyper: Hyperparameters) -> int:
    """Optimizer steps of the whole run; the last one may hold fewer examples than the others."""
    steps = max(1, math.ceil(rows * hyper.epochs / hyper.batch_size - 1e-9))
    return min(steps, hyper.max_steps) if hyper.max_steps else steps


def evaluation_interval(total: int, hyper: Hyperparameters) -> int:
    """Steps between two validations."""
    return hyper.eval_steps or max(1, round(total / EVALUATIONS_PER_RUN))


def checkpoint_interval(total: int, hyper: Hyperparameters) -> int:
    """Steps between two checkpoints."""
    return hyper.checkpoint_steps or evaluation_interval(total, hyper)


def learning_rate(step: int, total: int, hyper: Hyperparameters) -> float:
    """The rate of a step, counted from 1: a linear rise, then the schedule's fall towards zero after
    the last.
    """
    warmup = math.ceil(total * hyper.warmup_ratio)
    if step <= warmup:
        return hyper.learning_rate * step / warmup
    done = (step - warmup - 1) / max(1, total - warmup)
    match hyper.schedule:
        case "cosine":
            return hyper.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
        case "linear":
            return hyper.learning_rate * (1 - done)
        case "constant":
            return hyper.learning_rate
