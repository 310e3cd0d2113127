"""Cuts a curve of any length down to as many buckets as a plot has room for. Knows numpy and no Qt."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Buckets:
    """One entry for each bucket that holds at least one finite value; all arrays have the same length."""

    x: Floats
    """Mean position of the bucket's points."""
    low: Floats
    high: Floats
    mean: Floats

    def __len__(self) -> int:
        return len(self.x)

    def envelope(self) -> tuple[Floats, Floats]:
        """x and y of one zigzag line through every bucket's lowest and highest value: a faint raw curve."""
        x = np.repeat(self.x, 2)
        y = np.empty(2 * len(self.x))
        y[0::2], y[1::2] = self.low, self.high
        return x, y


def bucket(
    x: Floats, y: Floats, count: int, first: float | None = None, last: float | None = None
) -> Buckets:
    """Bucket the points (x ascending) that lie between first and last, plus one neighbour on each side.

    The neighbours keep a zoomed line running to the plot's edge. Values that are not finite are left out: a
    single one would otherwise swallow its whole bucket. With no more points than buckets nothing is merged.
    """
    x, y = _visible(x, y, first, last)
    finite = np.isfinite(y)
    if not finite.all():
        x, y = x[finite], y[finite]
    if len(x) <= max(count, 1):
        return Buckets(x, y, y, y)
    starts = _starts(x, count)
    sizes = np.diff(np.append(starts, len(x)))
    return Buckets(
        np.add.reduceat(x, starts) / sizes,
        np.minimum.reduceat(y, starts),
        np.maximum.reduceat(y, starts),
        np.add.reduceat(y, starts) / sizes,
    )


def _visible(x: Floats, y: Floats, first: float | None, last: float | None) -> tuple[Floats, Floats]:
    begin = 0 if first is None else max(int(np.searchsorted(x, first, "left")) - 1, 0)
    end = len(x) if last is None else int(np.searchsorted(x, last, "right")) + 1
    return x[begin:end], y[begin:end]


def _starts(x: Floats, count: int) -> npt.NDArray[np.intp]:
    """Index of the first point of every bucket that is not empty; buckets are equally wide in x."""
    edges = np.linspace(x[0], x[-1], count + 1)[:-1]
    return np.unique(np.searchsorted(x, edges, "left"))


def nearest(x: Floats, position: float) -> int | None:
    """Index of the point closest to a position; None where there are no points."""
    if len(x) == 0:
        return None
    right = int(np.searchsorted(x, position))
    if right == 0:
        return 0
    if right == len(x):
        return right - 1
    return right - 1 if position - x[right - 1] <= x[right] - position else right
