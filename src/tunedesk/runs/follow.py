"""Reading a run while it is written: new events as they come, folded into what a view shows."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tunedesk.runs.events import (
    Checkpointed,
    Evaluated,
    Event,
    Failed,
    Finished,
    Noted,
    Paused,
    Preflighted,
    Resumed,
    Sampled,
    Started,
    Step,
    Stopped,
    TerminalEvent,
    Unreadable,
    Warned,
    decode_line,
)


class EventTail:
    """New complete lines of an events file, from its beginning. One tail belongs to one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._identity: tuple[int, int] | None = None
        self.unreadable: list[Unreadable] = []

    def poll(self, at_most: int = -1) -> list[Event]:
        """What was written since the last call; empty when there is nothing or no file yet.

        at_most: bytes to read, so that a thread which must stay able to stop takes a long file in pieces; -1
        reads to the end. A last line without its end waits. A file that was replaced or became shorter is
        read again from its beginning (a `RunHistory` does not mind). Lines that are no events are kept in
        `unreadable`.
        """
        try:
            data = self._read_on(at_most)
            if len(data) == at_most and b"\n" not in data:
                data = self._read_on(-1)  # one line is longer than a piece
        except FileNotFoundError:
            return []
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        return self._decoded(complete)

    def _read_on(self, at_most: int) -> bytes:
        with open(self._path, "rb") as file:
            status = os.fstat(file.fileno())
            identity = (status.st_dev, status.st_ino)
            if identity != self._identity or status.st_size < self._offset:
                self._offset, self._identity = 0, identity
            file.seek(self._offset)
            return file.read(at_most)

    def _decoded(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        for line in data.split(b"\n"):
            if not line.strip():
                continue
            event = decode_line(line)
            if isinstance(event, Unreadable):
                self.unreadable.append(event)
            else:
                events.append(event)
        return events


@dataclass(slots=True)
class RunHistory:
    """All events of a run folded: of a step that ran twice, the newer attempt's values.

    An attempt that resumes from step n takes back everything after n, for that is what the engine did.
    """

    started: Started | None = None
    preflight: Preflighted | None = None
    steps: dict[int, Step] = field(default_factory=dict)
    evaluations: dict[int, Evaluated] = field(default_factory=dict)
    samples: dict[int, dict[int, Sampled]] = field(default_factory=dict)
    checkpoints: dict[int, Checkpointed] = field(default_factory=dict)
    warnings: list[Warned] = field(default_factory=list)
    notes: list[Noted] = field(default_factory=list)
    paused: bool = False
    attempt: int = 0
    ended: TerminalEvent | None = None

    def add_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self.add(event)

    def add(self, event: Event) -> None:
        """Fold one event; an event of an older attempt than the newest one seen is ignored."""
        if event.attempt < self.attempt:
            return
        if event.attempt > self.attempt:
            self.attempt, self.ended, self.paused = event.attempt, None, False
        match event:
            case Started():
                self.started = event
                self._take_back(event.resumed_from or 0)
            case Preflighted():
                self.preflight = event
            case Step():
                self.steps[event.step] = event
            case Evaluated():
                self.evaluations[event.step] = event
            case Sampled():
                self.samples.setdefault(event.step, {})[event.prompt_index] = event
            case Checkpointed():
                self.checkpoints[event.step] = event
            case Warned():
                self.warnings.append(event)
            case Noted():
                self.notes.append(event)
            case Paused() | Resumed():
                self.paused = isinstance(event, Paused)
            case Finished() | Failed() | Stopped():
                self.ended = event

    def _take_back(self, step: int) -> None:
        for numbered in (self.steps, self.evaluations, self.samples, self.checkpoints):
            for later in [number for number in numbered if number > step]:
                del numbered[later]

    @property
    def last_step(self) -> Step | None:
        # Steps rise: an attempt that resumes takes the later ones back before it adds its own.
        return next(reversed(self.steps.values()), None)

    @property
    def step(self) -> int:
        """Optimizer steps that are done."""
        if self.steps:
            return next(reversed(self.steps))
        return (self.started.resumed_from or 0) if self.started else 0

    @property
    def total_steps(self) -> int:
        return self.started.total_steps if self.started else 0

    @property
    def best(self) -> Evaluated | None:
        """The evaluation with the lowest validation loss."""
        return min(self.evaluations.values(), key=lambda one: (one.loss, one.step), default=None)

    @property
    def last_evaluation(self) -> Evaluated | None:
        return self.evaluations[max(self.evaluations)] if self.evaluations else None
