"""Follows a run line by line until it ends; Ctrl+C asks it to stop with a checkpoint where wanted."""

from __future__ import annotations

import time
from collections.abc import Callable

from tunedesk.cli.output import duration, progress
from tunedesk.errors import UserError
from tunedesk.runs.events import (
    Evaluated,
    Event,
    Failed,
    Finished,
    Noted,
    Preflighted,
    Started,
    Step,
    Stopped,
    Warned,
)
from tunedesk.runs.follow import EventTail, RunHistory
from tunedesk.runs.run_folder import RunFolder

LOOK_EVERY = 0.1
PARTING = 10.0
"""Seconds that an engine may take to end after its last event."""
SHOW_EVERY = 1.0
"""Seconds between two lines about steps; a run may make hundreds a second."""
GRACE = 2.0
"""Seconds that the last events of an engine that is gone may take to be read."""


def follow(run: RunFolder, tell: Callable[[str], None] = progress, *, stops: bool = True) -> RunHistory:
    """Tell what happens until the attempt of the engine that was started ends; returns the run's history.

    stops: Ctrl+C asks the run to stop; else it is for the caller. UserError with exit code 1: the engine is
    gone without a word.
    """
    tail, history, voice = EventTail(run.events_path), RunHistory(), _Voice(tell)
    process = run.process()
    attempt = process.attempt if process else 1
    asked = False
    silent_since = time.monotonic()
    while True:
        try:
            events = tail.poll()
            history.add_all(events)
            for event in events:
                if event.attempt >= attempt:
                    voice.tell_of(event, history)
            if history.ended is not None and history.attempt >= attempt:
                _wait_for_the_process(run)
                return history
            if events or run.is_alive():
                silent_since = time.monotonic()
            elif time.monotonic() - silent_since > GRACE:
                who = "engine" if stops else "process that followed the job"
                raise UserError(_gone(run, who), hint=f"Go on with: tunedesk resume {run.path}", exit_code=1)
            time.sleep(LOOK_EVERY)
        except KeyboardInterrupt:
            if asked or not stops:
                raise
            asked = True
            run.ask("stop")
            tell("Stopping with a checkpoint; Ctrl+C once more leaves the run alone to do so.")


def _wait_for_the_process(run: RunFolder) -> None:
    """Until the engine has let go of the run, so that a command right after this one finds it free."""
    until = time.monotonic() + PARTING
    while run.is_alive() and time.monotonic() < until:
        time.sleep(LOOK_EVERY)


def _gone(run: RunFolder, who: str) -> str:
    try:
        lines = run.log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    last = f" Its last words: {lines[-1]}" if lines else ""
    return f"The {who} of {run.path} ended without finishing.{last}"


class _Voice:
    """Turns events into lines, steps not oftener than a person reads."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._last = 0.0

    def tell_of(self, event: Event, history: RunHistory) -> None:
        match event:
            case Step():
                now = time.monotonic()
                if now - self._last >= SHOW_EVERY or event.step in (1, history.total_steps) or event.spike:
                    self._last = now
                    self._tell(step_line(event, history.total_steps))
            case _:
                if line := event_line(event):
                    self._tell(line)


def step_line(event: Step, total: int) -> str:
    """What is known of the step; a provider tells less than the own engine."""
    parts = [f"step {event.step}/{total}", f"loss {event.loss:.4f}"]
    if event.learning_rate is not None:
        parts.append(f"lr {event.learning_rate:.2e}")
    if event.grad_norm is not None:
        parts.append(f"grad {event.grad_norm:.3f}")
    if event.tokens_per_second is not None:
        parts.append(f"{event.tokens_per_second:,.0f} tokens/s")
    if event.eta_seconds is not None:
        parts.append(f"{duration(event.eta_seconds)} left")
    if event.spike:
        parts.append("spike")
    return "  ".join(parts)


def event_line(event: Event) -> str:
    """One line for a person; empty for what only the window shows."""
    match event:
        case Noted():
            return event.message
        case Started():
            begin = f", from step {event.resumed_from}" if event.resumed_from else ""
            steps = f"{event.total_steps} steps on " if event.total_steps else ""  # a provider tells later
            return f"{steps}{event.rows} examples, on {event.device}{begin}"
        case Preflighted():
            return (
                f"largest row of {event.tokens} tokens: {event.measured_bytes / 1e9:.2f} GB measured, "
                f"{event.predicted_bytes / 1e9:.2f} predicted; about {duration(event.total_seconds)} to go"
            )
        case Evaluated():
            best = " (best so far)" if event.is_best else ""
            return f"step {event.step}  validation loss {event.loss:.4f}{best}"
        case Warned():
            return f"warning: {event.message}"
        case Finished():
            spent = duration(event.seconds)
            return f"finished after {event.steps} steps in {spent}; best step {event.best_step}"
        case Stopped():
            return f"stopped at step {event.step} {'with' if event.checkpoint else 'without'} a checkpoint"
        case Failed():
            return f"failed: {event.reason}"
        case _:
            return ""


def outcome(run: RunFolder, history: RunHistory) -> int:
    """Exit code of an ended run, after its last sentence. UserError with exit code 1: it failed."""
    match history.ended:
        case Failed(reason=reason, hint=hint):
            raise UserError(f"The run {run.path} failed: {reason}", hint=hint, exit_code=1)
        case Stopped():
            print(f"Stopped. Go on with: tunedesk resume {run.path}")
        case _:
            print(f"Finished: {run.path}")
            print(f"Talk to it with: tunedesk chat {run.path}")
    return 0
