"""Everything one training needs, put together in the order that finds mistakes before time is spent."""

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import torch

from tunedesk.dataset.example import Message
from tunedesk.engine.adapter import adapter_tensors, read_adapter
from tunedesk.engine.checkpoint import Progress, newest_sound_checkpoint
from tunedesk.engine.clock import Clock
from tunedesk.engine.control import ControlWatch
from tunedesk.engine.data import Data, prepare_data
from tunedesk.engine.event_log import EventLog
from tunedesk.engine.methods.choice import objective_of
from tunedesk.engine.methods.objective import Objective
from tunedesk.engine.optimizer import FlatAdamW
from tunedesk.engine.packing import BatchPlan
from tunedesk.engine.ready_model import load_ready_model
from tunedesk.engine.reference import with_references
from tunedesk.engine.schedule import total_steps
from tunedesk.errors import UserError
from tunedesk.plan.memory import Activations
from tunedesk.runs.digests import model_digest
from tunedesk.runs.events import Noted, Warned
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import Job
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import ModelFolder, read_model_folder

# Beside the checkpoints that are kept, one is being written and the finished adapter needs room.
SPARE_CHECKPOINTS = 3
_NO_COURSE = ("threads", "keep_checkpoints", "checkpoint_steps", "checkpoint_minutes")
"""Settings that decide what is kept and how fast it goes, and not what is learned."""


@dataclass(slots=True)
class Training:
    """A prepared training. weights: see FlatAdamW; initial: the adapter before the first step, as one
    vector. damaged: names of checkpoints that cannot be used, until they are written anew or removed.
    """

    folder: RunFolder
    job: Job
    data: Data
    template: ChatTemplate
    base: ModelFolder
    model: Any
    objective: Objective[Any, Any]
    optimizer: FlatAdamW
    initial: torch.Tensor
    plan: BatchPlan
    total: int
    watched: list[tuple[str, tuple[int, ...]]]
    progress: Progress
    most_tokens: int
    activations: Activations
    fused_loss: bool
    fused_lora: bool
    log: EventLog
    control: ControlWatch
    clock: Clock
    resumed_from: int | None
    damaged: set[str] = field(default_factory=set)

    @property
    def hyper(self) -> Hyperparameters:
        return self.job.hyperparameters

    @property
    def device(self) -> torch.device:
        device: torch.device = self.model.device
        return device


class Stopping(Exception):
    """A stop was asked before the first step; there is nothing to save."""


def prepare(folder: RunFolder, job: Job, log: EventLog, control: ControlWatch, *, resume: bool) -> Training:
    """Check the job and its data, then load model, adapter and checkpoint. UserError: why it cannot start."""
    hyper = job.hyperparameters
    if problems := hyper.problems():
        raise UserError(f"A setting does not fit: {problems[0]}", hint="Correct it and start a new run.")
    log.write(Noted, phase="data", message="Reading and rendering the examples.")
    base, template = _model_of_the_job(job)
    data = prepare_data(folder, job, template)
    for warning in data.warnings:
        log.write(Warned, code=warning.code, message=warning.message)
    _stop_if_asked(control)
    log.write(Noted, phase="model", message=f"Loading {base.name}.")
    ready = load_ready_model(
        folder.path, job, base, data, lambda code, message: log.write(Warned, code=code, message=message)
    )
    _stop_if_asked(control)
    if job.method == "dpo":
        log.write(Noted, phase="reference", message="Judging the pairs with the model as it is.")
        data = with_references(ready, data, folder.path, _identity(job, folder))
    plan_total = total_steps(len(data.train), hyper)
    training = Training(
        folder=folder,
        job=job,
        data=data,
        template=template,
        base=base,
        model=ready.model,
        objective=objective_of(job, ready.losses),
        optimizer=ready.optimizer,
        initial=ready.initial,
        plan=BatchPlan(
            len(data.train), hyper.batch_size, _examples(len(data.train), plan_total, hyper), hyper.seed
        ),
        total=plan_total,
        watched=_watched(job, template),
        progress=Progress(identity=_identity(job, folder)),
        most_tokens=ready.row_tokens,
        activations=ready.activations,
        fused_loss=ready.fused_loss,
        fused_lora=ready.fused_lora,
        log=log,
        control=control,
        clock=Clock(),
        resumed_from=None,
    )
    if resume:
        _resume(training)
    _check_space(training)
    return training


def _model_of_the_job(job: Job) -> tuple[ModelFolder, ChatTemplate]:
    """The base model's folder and template, unless they changed since the job was made."""
    base = read_model_folder(Path(job.model.path))
    template = ChatTemplate.load(base.path)
    changed = ""
    if job.template_digest and template.digest != job.template_digest:
        changed = "chat template or tokenizer"
    if job.model.digest and model_digest(base.path) != job.model.digest:
        changed = "model"
    if changed:
        raise UserError(
            f"The {changed} in {base.path} is not the one that the job was made with.",
            hint="Put it back as it was, or make a new run.",
        )
    return base, template


def _resume(training: Training) -> None:
    found = newest_sound_checkpoint(training.folder.checkpoints_dir)
    for name, problem in found.damaged.items():
        sentence = f"The checkpoint {name} is damaged ({problem}); an older one is used."
        training.log.write(Warned, code="damaged-checkpoint", message=sentence)
    training.damaged.update(found.damaged)
    training.resumed_from = 0
    if found.checkpoint is None:
        return
    if found.checkpoint.progress.identity != training.progress.identity:
        raise UserError(
            "The job changed since its last checkpoint, so the run cannot go on.",
            hint="Put job.json back as it was, or make a new run.",
        )
    training.progress = found.checkpoint.progress
    training.most_tokens = training.progress.most_tokens or training.most_tokens
    read_adapter(training.model, found.checkpoint.adapter)
    training.optimizer.load_state(found.checkpoint.optimizer_state())
    training.resumed_from = training.progress.step


def _identity(job: Job, folder: RunFolder) -> str:
    """A digest of all that decides the run's course; threads and what is kept on the disk do not.

    Settings are those that job.json writes: a setting that a later version adds does not change the digest of
    a run that was made before it.
    """
    written = msgspec.json.decode(folder.job_path.read_bytes(), type=_Written).hyperparameters
    hyper = sorted((name, bytes(value)) for name, value in written.items() if name not in _NO_COURSE)
    data = (job.train.sha256, job.valid and job.valid.sha256)
    parts = (job.run, job.method, job.model.digest, job.adapter and job.adapter.digest, data)
    return hashlib.sha256(msgspec.json.encode(parts) + repr(hyper).encode()).hexdigest()


class _Written(msgspec.Struct):
    """What job.json says of the settings, value by value as it is written."""

    hyperparameters: dict[str, msgspec.Raw] = {}


def _examples(rows: int, steps: int, hyper: Hyperparameters) -> int:
    """Examples of the whole run: what the epochs say, unless max_steps ends it before."""
    return min(steps * hyper.batch_size, max(1, round(rows * hyper.epochs)))


def _watched(job: Job, template: ChatTemplate) -> list[tuple[str, tuple[int, ...]]]:
    """The last words of each watched prompt, for the eye, and its ids."""
    prompts = []
    for watched in job.watched:
        messages = [
            Message(one.role, one.content, None, f"/messages/{index}")
            for index, one in enumerate(watched.messages)
        ]
        prompts.append((watched.messages[-1].content, template.prompt(messages).ids))
    return prompts


def _stop_if_asked(control: ControlWatch) -> None:
    if control.stop_is_asked():
        raise Stopping


def _check_space(training: Training) -> None:
    """Refuse before the first step what would fail at a checkpoint. Weights and two moments, float32.

    Checkpoints of earlier attempts have their room already.
    """
    bytes_each = 3 * sum(tensor.nbytes for tensor in adapter_tensors(training.model).values())
    whole = bytes_each * (training.hyper.keep_checkpoints + SPARE_CHECKPOINTS)
    there = sum(path.stat().st_size for path in training.folder.checkpoints_dir.rglob("*"))
    needed, free = max(bytes_each, whole - there), shutil.disk_usage(training.folder.path).free
    if free < needed:
        raise UserError(
            f"The disk of {training.folder.path} has {free / 1e6:,.0f} MB free; the checkpoints of this run "
            f"need {needed / 1e6:,.0f} MB.",
            hint="Free some space, and resume the run; or lower keep_checkpoints in a new one.",
            exit_code=1,
        )
