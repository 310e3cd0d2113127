"""The numbers behind the plots: one array per quantity, grown event by event. Knows numpy and no Qt."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from tunedesk.desktop.runs.buckets import Floats
from tunedesk.runs.events import Evaluated, Event, Started, Step

Quantity = Literal["loss", "learning_rate", "grad_norm", "tokens_per_second", "token_accuracy"]
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)


@dataclass(slots=True)
class Series:
    """Values at rising positions."""

    x: "array[float]" = field(default_factory=lambda: array("d"))
    y: "array[float]" = field(default_factory=lambda: array("d"))

    def put(self, x: float, y: float) -> None:
        """Append a point; one that is not behind the last takes the later ones back first."""
        if self.x and x <= self.x[-1]:
            self.cut(bisect_left(self.x, x))
        self.x.append(x)
        self.y.append(y)

    def cut(self, length: int) -> None:
        del self.x[length:], self.y[length:]

    def keep_until(self, x: float) -> None:
        self.cut(bisect_left(self.x, x + 0.5))

    def arrays(self) -> tuple[Floats, Floats]:
        """Copies: an array that numpy looks into could not grow."""
        return np.array(self.x), np.array(self.y)

    def __len__(self) -> int:
        return len(self.x)


class Curves:
    """All curves of one run. Steps that a resumed attempt trains again replace those of the one before."""

    def __init__(self) -> None:
        self.series: dict[Quantity, Series] = {name: Series() for name in QUANTITIES}
        self.validation = Series()
        self.spikes = Series()
        """The losses that stand out from those before."""
        self._attempt = 0

    def add_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self._add(event)

    def _add(self, event: Event) -> None:
        if event.attempt < self._attempt:
            return
        self._attempt = event.attempt
        match event:
            case Step():
                self._add_step(event)
            case Evaluated():
                self.validation.put(event.step, event.loss)
            case Started():
                self._keep_until(event.resumed_from or 0)

    def _add_step(self, event: Step) -> None:
        values: dict[Quantity, float | None] = {
            "loss": event.loss,
            "learning_rate": event.learning_rate,
            "grad_norm": event.grad_norm,
            "tokens_per_second": event.tokens_per_second,
            "token_accuracy": event.token_accuracy,
        }
        for name, value in values.items():
            if value is not None:
                self.series[name].put(event.step, value)
        if event.spike:
            self.spikes.put(event.step, event.loss)

    def _keep_until(self, step: int) -> None:
        for series in (*self.series.values(), self.validation, self.spikes):
            series.keep_until(step)

    @property
    def last_step(self) -> int:
        steps = self.series["loss"].x
        return int(steps[-1]) if steps else 0
