"""From a job and its files to a run folder that waits for an engine; what is wrong is found here."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from tunedesk.errors import UserError
from tunedesk.plan.advice import recommend
from tunedesk.plan.counting import count_rows
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.hardware import Hardware
from tunedesk.runs.hyperparameters import Hyperparameters, with_settings
from tunedesk.runs.job import Method
from tunedesk.runs.planning import total_steps
from tunedesk.runs.requests import RunRequest, check, job_of
from tunedesk.runs.run_folder import RunFolder
from tunedesk.serve.bases import Origin
from tunedesk.serve.jobs import Chosen, JobRecord, JobRequest
from tunedesk.serve.row_files import RowTooLong, numbered_rows
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import ModelFolder

KEPT_CHECKPOINTS = 3
"""As OpenAI keeps those of the last three epochs; the best one stays besides."""
FREE_SHARE = 0.9
"""Of a card's memory, which a job will have to itself when its turn comes."""
LARGEST_FILE = 1_000_000_000
"""Bytes: a job's rows are held in memory while they are looked at, several times over."""
VALIDATION = "validation file "
"""How sentences about rows of the validation file begin."""


class Refused(UserError):
    """What the client asked for is what stands in the way. code, param: as the job's error shows them."""

    def __init__(self, message: str, *, hint: str = "", code: str, param: str) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.param = param


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of a job on the disk, and their names for people."""

    train: Path
    train_name: str
    valid: Path | None = None
    valid_name: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run folder, and the settings that were chosen for it. rows: that are trained on."""

    run: RunFolder
    chosen: Chosen
    rows: int


def prepare(
    job: JobRecord, sources: Sources, origin: Origin, runs_dir: Path, hardware: Hardware, threads: int
) -> Prepared:
    """Write the run folder, or find the one that a killed server wrote already.

    Refused: what was asked cannot be trained. UserError: another reason, which is the server's.
    """
    train = rows_of(sources.train, sources.train_name, "training_file")
    valid = rows_of(sources.valid, sources.valid_name, "validation_file") if sources.valid else []
    method: Method = "dpo" if job.request.method == "dpo" else "sft"
    facts = count_rows(
        train, len(valid), ChatTemplate.load(origin.folder.path), pairs=job.request.method == "dpo"
    )
    settings, chosen = settings_of(job.request, job.seed, facts, origin.folder, hardware, threads)
    request = RunRequest(
        runs_dir=runs_dir,
        dataset=Path(sources.train_name),
        train=train,
        model=origin.folder.path,
        valid=valid,
        valid_source=VALIDATION + sources.valid_name,
        hyperparameters=settings,
        watched=(),  # nobody looks, and rows shall not stand in places that a deletion forgets
        name=job.id,
        method=method,
        adapter=origin.adapter,
    )
    run = RunFolder(runs_dir / job.id)
    if not run.job_path.is_file():
        refuse_problems(request)
        runs_dir.mkdir(parents=True, exist_ok=True)
        run = RunFolder.create(runs_dir, job_of(request), train, valid)
    return Prepared(run, chosen, len(train))


def rows_of(path: Path, name: str, param: str) -> list[bytes]:
    """Refused: the file is larger than a job may have, which is found before it is read; or a row is."""
    size = path.stat().st_size
    if size > LARGEST_FILE:
        message = f"{name} has {size:,} bytes; a file of a job may have {LARGEST_FILE:,}."
        hint = "Send fewer rows, or train in several jobs that go on from each other."
        raise Refused(message, hint=hint, code=f"invalid_{param}", param=param)
    try:
        return [raw for _, raw in numbered_rows(path)]
    except RowTooLong as error:
        message = f"{name}: {error.message}"
        raise Refused(message, hint=error.hint, code=f"invalid_{param}", param=param) from error


def refuse_problems(request: RunRequest) -> None:
    """Raise the first thing that stands in the way; of a file's rows it is Refused, with file and row."""
    for problem in check(request):
        for file, param in (
            (request.valid_source, "validation_file"),
            (request.dataset.name, "training_file"),
        ):
            if file in problem.message:
                raise Refused(problem.message, hint=problem.hint, code=f"invalid_{param}", param=param)
        raise UserError(problem.message, hint=problem.hint)


def settings_of(
    asked: JobRequest, seed: int, facts: DataFacts, model: ModelFolder, hardware: Hardware, threads: int
) -> tuple[Hyperparameters, Chosen]:
    """What is advised for the rows, then what was asked.

    The learning rate is the advised one times the multiplier; a batch holds no more rows than there are.
    """
    dpo = asked.method == "dpo"
    idle = replace(
        hardware, gpus=tuple(replace(gpu, free=int(gpu.total * FREE_SHARE)) for gpu in hardware.gpus)
    )
    advised = recommend(facts, model, idle, "dpo" if dpo else "sft")
    multiplier = asked.learning_rate_multiplier or 1.0
    epochs = asked.n_epochs or round(float(advised.value("epochs")))
    batch = min(asked.batch_size or int(advised.value("batch_size")), max(1, facts.rows))
    rate = float(advised.value("learning_rate")) * multiplier
    if rate > 1:
        raise Refused(
            f"A learning rate of {rate:g} ({multiplier:g} times the advised one) is too high to learn.",
            hint="Lower learning_rate_multiplier.",
            code="invalid_value",
            param="hyperparameters.learning_rate_multiplier",
        )
    beta = (asked.beta or float(advised.value("beta"))) if dpo else None
    own = [f"epochs={epochs}", f"batch_size={batch}", f"learning_rate={rate!r}", f"seed={seed}"]
    own += [f"beta={beta!r}"] if beta is not None else []
    own += [f"threads={threads}", f"keep_checkpoints={KEPT_CHECKPOINTS}"]
    own += [f"checkpoint_steps={max(1, math.ceil(facts.rows / batch))}"]
    settings = with_settings(Hyperparameters(), [*advised.assignments(), *own])
    chosen = Chosen(
        n_epochs=epochs,
        batch_size=batch,
        learning_rate_multiplier=multiplier,
        beta=beta,
        steps=total_steps(facts.rows, settings),
    )
    return settings, chosen
