"""Steps that stand out: a loss or gradient far above those before it; it looks only and changes nothing."""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from tunedesk.engine.checkpoint import Progress

WINDOW = 32
"""Steps whose scatter a new one is compared with."""
LEVEL = 9
"""Steps whose median is the level: so few that a falling loss does not matter."""
FEWEST = 12
"""Before so many steps nothing is called a spike: the first losses fall fast."""
STANDS_OUT = 6.0
"""Robust standard deviations above the median. Iglewicz and Hoaglin (1993) call 3.5 a possible outlier; a
mark in a plot shall be rarer than one in a thousand steps, whose losses are not quite normal."""
DEVIATION = 1.4826
"""Median absolute values in one standard deviation of a normal distribution."""
SMALLEST = 0.02
"""A smaller deviation (of the logarithm: 2 %) counts as this, so that equal steps make no spike of the
next."""
NOTHING = 0.01
"""Added before the logarithm: among losses (nats) and norms as small as this none is worth a look."""


def is_spike(progress: Progress, loss: float, norm: float) -> bool:
    """Whether this step's loss or gradient norm stands out from the steps before; remembers both."""
    found = stands_out(loss, progress.losses) or stands_out(norm, progress.norms)
    progress.losses = [*progress.losses, loss][-WINDOW:]
    progress.norms = [*progress.norms, norm][-WINDOW:]
    return found


def stands_out(value: float, before: Sequence[float]) -> bool:
    """Whether a value lies far above those before it: the robust z-score of its logarithm.

    Norms scatter by a factor, not by an amount, so logarithms are compared. The scatter is taken from the
    differences between neighbours (von Neumann 1941), in which the fall of a loss hardly shows.
    """
    if len(before) < FEWEST:
        return False
    logs = [math.log(NOTHING + one) for one in before]
    differences = [abs(after - one) for one, after in pairwise(logs)]
    scatter = DEVIATION * median(differences) / math.sqrt(2)
    above = math.log(NOTHING + value) - median(logs[-LEVEL:])
    return above > STANDS_OUT * max(scatter, SMALLEST)
