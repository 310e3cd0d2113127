"""Who can be talked to: each tuned run with its base, and models that are not tuned. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tunedesk.chat.hosted import HostedModels, Wanted
from tunedesk.chat.voices import HostedRun, SpeakingRun
from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.generation import Load, Voice


@dataclass(frozen=True, slots=True)
class Partner:
    """One entry of the chooser. run: the run's folder, None for a model that is not tuned.

    system: the system prompt of the training; a conversation begins with it. step: of a checkpoint.
    host: where messages go, "" when they stay on this computer.
    """

    title: str
    request: Wanted
    voices: tuple[Voice, ...]
    model: str
    run: Path | None = None
    system: str = ""
    step: int | None = None
    host: str = ""

    @property
    def account(self) -> Account | None:
        """Of the service that keeps the models; None for models on this computer."""
        return self.request.account if isinstance(self.request, HostedModels) else None


def partners(runs: Sequence[SpeakingRun], models: Sequence[tuple[str, Path]]) -> tuple[Partner, ...]:
    """Runs first, newest first; then models as they are."""
    plain = tuple(
        Partner(f"{name}, not tuned", Load(str(path), None, "none"), ("base",), name) for name, path in models
    )
    return tuple(map(partner_of, runs)) + plain


def partner_of(run: SpeakingRun) -> Partner:
    if isinstance(run, HostedRun):
        request: Wanted = run.models
        voices, host = run.models.voices, _host(run.models)
    else:
        request, voices, host = run.load_request(), ("base", "tuned"), ""
    return Partner(_title(run), request, voices, run.model, run.path, run.system, run.step, host)


def _host(models: HostedModels) -> str:
    try:
        return models.host
    except UserError:
        return models.account.base_url  # it is refused with a sentence when it is spoken to


def _title(run: SpeakingRun) -> str:
    where = f" at {run.models.account.name}" if isinstance(run, HostedRun) else ""
    step = f", checkpoint of step {run.step:,}" if run.step is not None else ""
    loss = f" · validation loss {run.valid_loss:.3f}" if run.valid_loss is not None else ""
    return f"{run.model} tuned {_when(run.created)}{where}{step}{loss}"


def _when(created: str) -> str:
    try:
        return f"{datetime.fromisoformat(created).astimezone():%d %b %H:%M}"
    except ValueError:
        return created
