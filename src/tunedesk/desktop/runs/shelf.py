"""The runs of a folder, looked at again and again; of each run only what is new is read. Knows no Qt."""

from dataclasses import dataclass, field
from pathlib import Path

from tunedesk.runs.follow import EventTail, RunHistory
from tunedesk.runs.run_folder import RunFolder, RunState, RunSummary, summary_of

_LIVE = (RunState.WAITING, RunState.RUNNING, RunState.PAUSED)
_PIECE_BYTES = 1 << 18
"""Small pieces let the drawing thread in between: one call over a long file would hold Python's lock."""

_Stamp = tuple[tuple[int, int], ...]
"""Sizes and times of the files that change when a run goes on: its events, and who executes it."""


@dataclass
class _Known:
    """What is known of one run, and where to read on."""

    tail: EventTail
    history: RunHistory = field(default_factory=RunHistory)
    stamp: _Stamp = ()
    summary: RunSummary | None = None


class RunShelf:
    """Belongs to one background job at a time."""

    def __init__(self, runs_dir: Path) -> None:
        self._runs_dir = runs_dir
        self._known: dict[Path, _Known] = {}

    def look(self) -> tuple[RunSummary, ...]:
        """All runs, newest first. A run whose engine may still live is always looked at anew."""
        found = {path: self._summary(path) for path in self._folders()}
        self._known = {path: self._known[path] for path in found}
        return tuple(sorted(found.values(), key=lambda run: (run.created, run.run), reverse=True))

    def _folders(self) -> list[Path]:
        if not self._runs_dir.is_dir():
            return []
        visible = (child for child in self._runs_dir.iterdir() if not child.name.startswith("."))
        return [child for child in visible if (child / "job.json").exists()]

    def _summary(self, path: Path) -> RunSummary:
        folder = RunFolder(path)
        known = self._known.setdefault(path, _Known(EventTail(folder.events_path)))
        stamp = (_signature(folder.events_path), _signature(folder.process_path))
        if known.summary is None or known.stamp != stamp or known.summary.state in _LIVE:
            while events := known.tail.poll(_PIECE_BYTES):
                known.history.add_all(events)
                _forget_all_but_last(known.history)
            known.stamp, known.summary = stamp, summary_of(folder, known.history)
        return known.summary


def _forget_all_but_last(history: RunHistory) -> None:
    """A line of the list needs the last step only; the page of the chosen run keeps its own."""
    if len(history.steps) > 1:
        number, step = next(reversed(history.steps.items()))
        history.steps = {number: step}
    history.samples.clear()
    history.notes.clear()


def _signature(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_size, status.st_mtime_ns)
