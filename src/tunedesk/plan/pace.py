"""How long the steps that are left will take, from those that were measured; pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WINDOW = 100
"""So many of the newest steps count: a computer that others use changes its speed."""
WARM_UP_FROM = 4
"""From so many steps on the first is left out: kernels are chosen and memory is taken in it."""


@dataclass(frozen=True, slots=True)
class MeasuredStep:
    """One optimizer step. tokens: all that it computed."""

    tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """What a step takes, and what each of its tokens takes, in seconds."""

    step: float
    token: float

    def seconds(self, tokens: Sequence[int]) -> float:
        """Of steps with so many tokens each."""
        return self.step * len(tokens) + self.token * sum(tokens)


def pace_of(measured: Sequence[MeasuredStep], window: int = WINDOW) -> Pace | None:
    """The line that fits the newest steps best; None without steps.

    A step takes a fixed part (the optimizer, the calls) and a part for each token. Where the line would give
    one of them a negative time, the other one alone explains the steps.
    """
    steps = measured[1:] if len(measured) >= WARM_UP_FROM else measured
    steps = steps[-window:]
    if not steps:
        return None
    count, tokens = len(steps), sum(one.tokens for one in steps)
    seconds = sum(one.seconds for one in steps)
    middle, mean = tokens / count, seconds / count
    spread = sum((one.tokens - middle) ** 2 for one in steps)
    together = sum((one.tokens - middle) * (one.seconds - mean) for one in steps)
    if together < 0:
        return Pace(mean, 0.0)
    slope = together / spread if spread else 0.0
    fixed = mean - slope * middle
    if tokens and (not spread or fixed < 0):
        return Pace(0.0, seconds / tokens)
    return Pace(fixed, slope)


def seconds_left(
    measured: Sequence[MeasuredStep], coming: Sequence[int], between: float = 0.0
) -> float | None:
    """Seconds of the coming steps, whose tokens are known; None before the first measured step.

    measured: steps in their order, newest last. between: seconds of the validations, samples and checkpoints
    that are still to come.
    """
    pace = pace_of(measured)
    return None if pace is None else pace.seconds(coming) + between
