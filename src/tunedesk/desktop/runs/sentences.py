"""A run in words: durations, sizes, states and events as sentences. Knows no Qt."""

from datetime import datetime

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
    Warned,
)
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.run_folder import RunState

_REASONS = {
    "schedule": "on schedule",
    "best": "best validation loss so far",
    "asked": "as asked",
    "stop": "before stopping",
    "pause": "before pausing",
}


def duration(seconds: float) -> str:
    """Like "40 seconds", "3 minutes" or "2 h 05 min": as exact as anyone can use."""
    seconds = max(0, round(seconds))
    if seconds < 90:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} minutes"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: float) -> str:
    """Decimal megabytes or gigabytes, as disks and cards are sold."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def whole_size(count: float) -> str:
    """How much there is of something at all; a digit after the point says nothing then."""
    return f"{count / 1e9:.0f} GB" if count >= 10e9 else size(count)


def steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"


def loss(value: float | None) -> str:
    """Three digits, and a dash where there is none yet."""
    return "-" if value is None else f"{value:.3f}"


def day_and_time(created: str) -> str:
    """Local time of an ISO timestamp, like "20 Nov, 14:32"; empty when there is none."""
    if not created:
        return ""
    moment = datetime.fromisoformat(created).astimezone()
    return f"{moment.day} {moment:%b, %H:%M}"


def state_sentence(state: RunState, history: RunHistory, service: str = "") -> str:
    """Where the run stands, in one sentence for its header. service: that executes it, "" for none."""
    done, total = history.step, history.total_steps
    if service and (told := _at_service(state, history, service)):
        return told
    match state:
        case RunState.WAITING:
            return "Waiting to start."
        case RunState.RUNNING:
            return _running_sentence(history)
        case RunState.PAUSED:
            return f"Paused after step {done:,} of {total:,}. Continue whenever you like."
        case RunState.INTERRUPTED:
            return _interrupted_sentence(history)
        case RunState.STOPPED:
            return _stopped_sentence(history)
        case RunState.FINISHED:
            return _finished_sentence(history)
        case RunState.FAILED:
            return _failed_sentence(history)


def _running_sentence(history: RunHistory) -> str:
    if not history.last_step or history.started is None:
        return history.notes[-1].message if history.notes else "Starting the engine…"
    epoch = history.last_step.epoch
    total = f" of {history.total_steps:,}" if history.total_steps else ""
    return f"Training: step {history.step:,}{total}{f', epoch {epoch:.1f}' if epoch is not None else ''}."


def _at_service(state: RunState, history: RunHistory, service: str) -> str:
    """What is said in another way of a job elsewhere; "" where there is no difference."""
    match state:
        case RunState.WAITING:
            return f"Agreed to, but nothing was sent to {service} yet."
        case RunState.PAUSED:
            return f"Paused at {service} after {steps(history.step)}."
        case RunState.STOPPED:
            return f"The job at {service} was cancelled after {steps(history.step)}."
        case RunState.INTERRUPTED:
            newest = history.warnings[-1] if history.warnings else None
            left = newest is not None and newest.code == "left" and newest.attempt == history.attempt
            why = f"{newest.message} " if newest is not None and left else ""
            return f"{why}Nobody here follows the job at {service}. Follow it again: nothing is sent twice."
        case RunState.RUNNING if not history.notes and not history.step:
            return f"Speaking to {service}…"
        case RunState.FINISHED if isinstance(history.ended, Finished) and history.ended.model:
            return f"{_finished_sentence(history)} {service} calls the tuned model {history.ended.model}."
    return ""


def _stopped_sentence(history: RunHistory) -> str:
    if not history.step:
        return "Stopped before the first step."
    saved = isinstance(history.ended, Stopped) and history.ended.checkpoint
    how = "Stopped and saved" if saved else "Stopped, but not saved,"
    return f"{how} after step {history.step:,} of {history.total_steps:,}."


def _interrupted_sentence(history: RunHistory) -> str:
    saved = max(history.checkpoints, default=0)
    where = f"step {saved:,}" if saved else "the beginning"
    return f"Interrupted after {steps(history.step)}: the engine is gone. Resume goes on from {where}."


def _finished_sentence(history: RunHistory) -> str:
    ended = history.ended
    if not isinstance(ended, Finished):
        return "Finished."
    done = f"Finished: {steps(ended.steps)}"
    if ended.steps < history.total_steps:
        done = f"Finished early: {ended.steps:,} of {steps(history.total_steps)}"
    sentence = f"{done} in {duration(ended.seconds)}."
    if ended.valid_loss is None:
        return sentence
    return f"{sentence} The best validation loss came at step {ended.best_step:,}."


def _failed_sentence(history: RunHistory) -> str:
    if isinstance(history.ended, Failed):
        return f"{history.ended.reason} {history.ended.hint}".strip()
    return "The run failed."


def event_sentence(event: Event) -> str:
    """What happened, for the log."""
    match event:
        case Noted():
            return event.message
        case Started():
            return _started_sentence(event)
        case Preflighted():
            needed, told = event.measured_bytes / 1e9, event.predicted_bytes / 1e9
            return f"The longest rows fit: {needed:.2f} GB measured, {told:.2f} GB predicted"
        case Step():
            spike = ", which stands out from the steps before" if event.spike else ""
            return f"Step {event.step:,}: loss {event.loss:.4f}{spike}"
        case Evaluated():
            best = ", the best so far" if event.is_best else ""
            return f"Validation after step {event.step:,}: loss {event.loss:.4f}{best}"
        case Sampled():
            return f"Watched prompt {event.prompt_index + 1} answered after step {event.step:,}"
        case Checkpointed():
            kept = f", kept as {event.model}" if event.model else ""
            why = _REASONS.get(event.reason, event.reason)
            return f"Checkpoint after step {event.step:,} ({why}){kept}"
        case Warned():
            return f"Warning: {event.message}"
        case Paused():
            return f"Paused after step {event.step:,}"
        case Resumed():
            return f"Goes on after step {event.step:,}"
        case Finished():
            return f"Finished after {steps(event.steps)} in {duration(event.seconds)}"
        case Failed():
            return f"Failed after step {event.step:,}: {event.reason} {event.hint}".strip()
        case Stopped():
            saved = f"saved in {event.checkpoint}" if event.checkpoint else "nothing was saved"
            return f"Stopped after step {event.step:,}; {saved}"


def _started_sentence(event: Started) -> str:
    again = f", going on after step {event.resumed_from:,}" if event.resumed_from else ""
    parts = [f"{event.rows:,} rows"]
    if event.total_steps:
        parts.append(steps(event.total_steps))
    if event.trained_share:
        parts.append(f"{event.trained_share:.0%} of the tokens are trained")
    return f"Training begins on {event.device}{again}: {', '.join(parts)}"
