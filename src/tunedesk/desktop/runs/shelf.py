"""The runs of a folder, looked at again and again without reading finished ones twice. Knows no Qt."""

from dataclasses import dataclass
from pathlib import Path

from tunedesk.runs.run_folder import RunFolder, RunState, RunSummary, summary_of

_LIVE = (RunState.WAITING, RunState.RUNNING, RunState.PAUSED)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What changes on disk when a run goes on: size and time of its events, and who executes it."""

    events: tuple[int, int]
    process: tuple[int, int]


class RunShelf:
    """Belongs to one background job at a time."""

    def __init__(self, runs_dir: Path) -> None:
        self._runs_dir = runs_dir
        self._known: dict[Path, tuple[_Stamp, RunSummary]] = {}

    def look(self) -> tuple[RunSummary, ...]:
        """All runs, newest first. A run whose engine may still live is always read anew."""
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
        stamp = _Stamp(_signature(folder.events_path), _signature(folder.process_path))
        known = self._known.get(path)
        if known and known[0] == stamp and known[1].state not in _LIVE:
            return known[1]
        summary = summary_of(folder)
        self._known[path] = (stamp, summary)
        return summary


def _signature(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_size, status.st_mtime_ns)
