"""Takes the noise of single batches out of a curve without delaying it. Knows numpy and no Qt."""

import numpy as np

from tunedesk.desktop.runs.buckets import Floats

NARROWEST, WIDEST = 2, 100
SHARE = 30
"""The window reaches over a thirtieth of the run to each side."""


def smooth(y: Floats) -> Floats:
    """At each point the straight line that fits best through its neighbours on both sides.

    Inside the curve that is their mean; at its ends, where one side is missing, the line keeps a falling loss
    from being drawn too high, as an exponential mean does. Source: local linear regression (Cleveland 1979),
    with equal weights, by prefix sums.
    """
    count = len(y)
    reach = min(max(count // SHARE, NARROWEST), WIDEST)
    if count < 3:
        return y
    at = np.arange(count, dtype=np.float64)
    first = np.maximum(at - reach, 0).astype(np.intp)
    last = np.minimum(at + reach, count - 1).astype(np.intp) + 1
    number = (last - first).astype(np.float64)
    middle = (first + last - 1) / 2  # mean position of the window
    sums = np.concatenate(([0.0], np.cumsum(y)))
    moments = np.concatenate(([0.0], np.cumsum(y * at)))
    mean = (sums[last] - sums[first]) / number
    covariance = (moments[last] - moments[first]) - number * mean * middle
    spread = number * (number * number - 1) / 12  # sum of squared distances of neighbouring whole numbers
    result: Floats = mean + covariance / spread * (at - middle)
    return result
