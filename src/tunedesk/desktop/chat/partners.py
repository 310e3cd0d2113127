"""Who can be talked to: each tuned run with its base, and models that are not tuned. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tunedesk.chat.voices import TunedRun
from tunedesk.runs.generation import Load, Voice


@dataclass(frozen=True, slots=True)
class Partner:
    """One entry of the chooser. run: the run's folder, None for a model that is not tuned."""

    title: str
    request: Load
    voices: tuple[Voice, ...]
    model: str
    run: Path | None = None
    system: str = ""
    """The system prompt of the training; a conversation begins with it."""


def partners(runs: Sequence[TunedRun], models: Sequence[tuple[str, Path]]) -> tuple[Partner, ...]:
    """Runs first, newest first; then models as they are."""
    tuned = tuple(
        Partner(_title(run), run.load_request(), ("base", "tuned"), run.model, run.path, run.system)
        for run in runs
    )
    plain = tuple(
        Partner(f"{name}, not tuned", Load(str(path), None, "none"), ("base",), name) for name, path in models
    )
    return tuned + plain


def _title(run: TunedRun) -> str:
    loss = f" · validation loss {run.valid_loss:.3f}" if run.valid_loss is not None else ""
    return f"{run.model} tuned {_when(run.created)}{loss}"


def _when(created: str) -> str:
    try:
        return f"{datetime.fromisoformat(created).astimezone():%d %b %H:%M}"
    except ValueError:
        return created
