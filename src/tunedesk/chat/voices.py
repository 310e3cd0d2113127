"""Which runs can speak, here or at a service, and what it takes to talk to them."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tunedesk.chat.hosted import HostedModels
from tunedesk.dataset.example import Message, example_of
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError
from tunedesk.runs.deployment import read_deployment
from tunedesk.runs.events import Checkpointed
from tunedesk.runs.generation import ChatMessage, Load
from tunedesk.runs.job import CloudOrder, Job
from tunedesk.runs.run_folder import RunFolder, RunState, RunSummary, list_runs, summary_of

SPEAKING = (RunState.FINISHED, RunState.STOPPED)
"""A stopped run leaves the best adapter so far; a failed one's is kept for inspection only."""

LOOKED_AT = 50
"""Rows of a training at a service by which is told what they have in common."""


@dataclass(frozen=True, slots=True)
class TunedRun:
    """A run whose adapter can be talked to. model_path: the base model's folder, as the run used it.

    system: what the rows of the training say first, "" when they say nothing or not the same. digest: of the
    base model, as the run found it. step: of a checkpoint, None for the run's result.
    """

    path: Path
    run: str
    model: str
    model_path: Path
    adapter: Path
    quantization: Literal["nf4", "none"]
    threads: int
    created: str
    valid_loss: float | None = None
    system: str = ""
    digest: str = ""
    step: int | None = None

    def load_request(self) -> Load:
        """Base and adapter with the numbers of the training."""
        return Load(str(self.model_path), str(self.adapter), self.quantization, self.threads, self.digest)


@dataclass(frozen=True, slots=True)
class HostedRun:
    """A run whose tuned model a service keeps. model: the base model's name there; else as `TunedRun`."""

    path: Path
    run: str
    model: str
    models: HostedModels
    created: str
    valid_loss: float | None = None
    system: str = ""
    step: int | None = None


SpeakingRun = TunedRun | HostedRun


def speaking_runs(runs_dir: Path) -> tuple[SpeakingRun, ...]:
    """Runs that can speak, newest first. One whose weights came home stands there twice: hosted, and here."""
    found: list[SpeakingRun] = []
    for run in list_runs(runs_dir):
        if run.state in SPEAKING:
            found += _voices_of(run)
    return tuple(found)


def voices_of_run(path: Path) -> tuple[SpeakingRun, ...]:
    """How one run can speak: hosted, here, or both; () when it cannot. UserError: no run."""
    folder = RunFolder(path)
    folder.job()
    run = summary_of(folder)
    return tuple(_voices_of(run)) if run.state in SPEAKING else ()


def tuned_run(path: Path) -> TunedRun:
    """One run by its folder; UserError when it has no adapter yet."""
    folder = RunFolder(path)
    job = folder.job()
    if not _has_adapter(folder.adapter_dir):
        raise _no_adapter(folder, job)
    if not job.model.path:
        raise UserError(
            f"The base model {job.model.name} of the run {path} is not known on this computer.",
            hint="Talk to it in the window, or where the service keeps it.",
        )
    return _tuned(folder, job, None)


def checkpoint_of(path: Path, name: str) -> SpeakingRun:
    """One checkpoint of a run. name: at the service, or its folder relative to the run's, as `Checkpointed`
    says it. UserError: the run has no such checkpoint any more.
    """
    folder = RunFolder(path)
    job = folder.job()
    told = [event for event in folder.read_events() if isinstance(event, Checkpointed)]
    event = next((event for event in reversed(told) if name and name in (event.model, event.path)), None)
    if event is None:
        raise UserError(f"The run {path} has no checkpoint {name}.", hint="Choose another one.")
    if event.model and job.cloud is not None:
        return replace(_hosted(folder, job, job.cloud, event.model, None), step=event.step)
    adapter = path / event.path / "adapter"
    if not _has_adapter(adapter):
        raise UserError(
            f"The checkpoint {name} of the run {path} is gone: a run keeps its newest ones and the best.",
            hint="Choose another one.",
        )
    return replace(_tuned(folder, job, None), adapter=adapter, step=event.step)


def _voices_of(run: RunSummary) -> list[SpeakingRun]:
    folder = RunFolder(run.path)
    job = folder.job()
    found: list[SpeakingRun] = []
    if run.tuned and job.cloud is not None:
        found.append(_hosted(folder, job, job.cloud, run.tuned, run.valid_loss))
    if run.has_adapter and job.model.path:
        found.append(_tuned(folder, job, run.valid_loss))
    return found


def _tuned(folder: RunFolder, job: Job, valid_loss: float | None) -> TunedRun:
    return TunedRun(
        path=folder.path,
        run=job.run,
        model=job.model.name,
        model_path=Path(job.model.path),
        adapter=folder.adapter_dir,
        # A service trains on the weights as they are.
        quantization="none" if job.cloud else job.hyperparameters.quantization,
        threads=job.hyperparameters.threads,
        created=job.created,
        valid_loss=valid_loss,
        digest=job.model.digest,
        system=_system_of(
            _first_examples(folder, job) if job.cloud else (each.messages for each in job.watched)
        ),
    )


def _hosted(
    folder: RunFolder, job: Job, order: CloudOrder, tuned: str, valid_loss: float | None
) -> HostedRun:
    # Where models answer only once they are deployed, nobody knows whether the base model is.
    base = "" if order.provider.deploys else order.model
    return HostedRun(
        path=folder.path,
        run=job.run,
        model=order.model,
        models=HostedModels(order.account, order.provider, _name_there(folder, order, tuned), base),
        created=job.created,
        valid_loss=valid_loss,
        system=_system_of(_first_examples(folder, job)),
    )


def _name_there(folder: RunFolder, order: CloudOrder, tuned: str) -> str:
    """What a request must call the model: where it is deployed, that is the deployment's name."""
    if not order.provider.deploys:
        return tuned
    try:
        deployed = read_deployment(folder)
    except UserError:
        return tuned  # the run's page says what is wrong; other runs speak all the same
    return deployed.name if deployed is not None and deployed.model == tuned else tuned


def _has_adapter(folder: Path) -> bool:
    return (folder / "adapter_config.json").is_file()


def _no_adapter(folder: RunFolder, job: Job) -> UserError:
    state = folder.state()
    if job.cloud is not None and state is RunState.FINISHED:
        hint = f"Its model stays at {job.cloud.account.name}; talk to it in the window."
    elif job.cloud is not None:
        hint = "Only a run that has finished leaves a model to talk to."
    elif state is RunState.RUNNING:
        hint = "Wait for its end."
    else:
        hint = f"Resume it with: tunedesk resume {folder.path}"
    return UserError(f"The run {folder.path} has no adapter; it is {state.value}.", hint=hint)


def _first_examples(folder: RunFolder, job: Job) -> list[Sequence[Message]]:
    """The turns of the first rows of the training."""
    try:
        with gzip.open(folder.path / job.train.path) as packed:
            rows = [line.rstrip(b"\n") for line in itertools.islice(packed, LOOKED_AT)]
    except (OSError, EOFError, zlib.error):
        return []  # a run whose rows were taken away can speak all the same
    return [example_of(parse_row(row).value).messages for row in rows]


def _system_of(conversations: Iterable[Sequence[Message | ChatMessage]]) -> str:
    """A tuned model answers as it was trained only when it is told what it was told in training."""
    found = {
        next((turn.content or "" for turn in turns if turn.role == "system"), "") for turns in conversations
    }
    return found.pop() if len(found) == 1 else ""
