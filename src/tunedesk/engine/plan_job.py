"""`python -m tunedesk.engine plan JOB_OR_RUN`: what a job will need, counted before it is started."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

import msgspec

from tunedesk.engine.data import prepare_data
from tunedesk.engine.dry_run import dry_run
from tunedesk.engine.load_model import choose_device, compute_dtype
from tunedesk.engine.memory import free_bytes, memory_plan
from tunedesk.engine.start_up import light_imports
from tunedesk.errors import UserError
from tunedesk.plan.fitting import choose_activations, smallest_change
from tunedesk.plan.memory import MemoryPlan, estimate_memory
from tunedesk.runs.dry_run_report import DryRunReport, ReportedChange
from tunedesk.runs.job import Job, decode_job
from tunedesk.runs.planning import share_with_a_loss
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import ModelFolder, read_model_folder

with light_imports():
    import torch
    import transformers

FINE, WRONG_USE = 0, 2


def plan_job(path: Path, trained_share: float = 1.0) -> int:
    """Print one line, a `DryRunReport`; 2 with a sentence on standard error when the job cannot be read."""
    transformers.logging.set_verbosity_error()
    try:
        report = report_of(path, trained_share)
    except UserError as error:
        print(error.sentence, file=sys.stderr)
        return WRONG_USE
    print(msgspec.json.encode(report).decode(), flush=True)
    return FINE


def report_of(path: Path, trained_share: float = 1.0) -> DryRunReport:
    """path: a run folder, or a job.json; one that lies alone is planned for its largest possible row, with
    this share of trained tokens.
    """
    started = time.perf_counter()
    job, folder = _read(path)
    base = read_model_folder(Path(job.model.path))
    free = free_bytes(choose_device())
    plan = _plan(job, folder, base, free, trained_share)
    counted, block = dry_run(base, plan, job.hyperparameters)
    formula = estimate_memory(base, plan).total
    # What was counted beyond the formula is needed by the formula's answers too.
    changes = smallest_change(base, plan, free - (counted.total - formula)) if counted.total > free else ()
    return DryRunReport(
        model=base.name,
        device=plan.device,
        tokens=plan.micro_batch_tokens,
        activation_policy=plan.activations,
        block=block,
        weights=counted.weights,
        adapter=counted.adapter,
        activations=counted.activations,
        loss=counted.loss,
        overhead=counted.overhead,
        offloaded=counted.offloaded,
        total=counted.total,
        formula=formula,
        free=free,
        fits=counted.total <= free,
        can_fit=changes[-1].fits if changes else True,
        changes=tuple(ReportedChange(one.setting, one.value, one.sentence, one.needed) for one in changes),
        seconds=round(time.perf_counter() - started, 3),
    )


def _read(path: Path) -> tuple[Job, RunFolder | None]:
    if path.is_dir():
        return RunFolder(path).job(), RunFolder(path)
    try:
        job = decode_job(path.read_bytes(), str(path))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from error
    has_rows = bool(job.train.path) and (path.parent / job.train.path).is_file()
    return job, RunFolder(path.parent) if has_rows else None


def _plan(
    job: Job, folder: RunFolder | None, base: ModelFolder, free: int, trained_share: float
) -> MemoryPlan:
    """The plan for the rows of the run; without any, for rows as long as the settings let them be."""
    device = choose_device()
    if folder is not None:
        plan = memory_plan(job, prepare_data(folder, job, ChatTemplate.load(base.path)), device)
    else:
        plan = replace(
            _without_rows(job, "gpu" if device.type == "cuda" else "cpu"),
            trained_share=share_with_a_loss(job.hyperparameters, trained_share, job.method),
            has_bfloat16=compute_dtype(device) == torch.bfloat16,
        )
    if job.hyperparameters.activations != "auto":
        return plan
    return replace(plan, activations=choose_activations(base, plan, free))


def _without_rows(job: Job, device: Literal["gpu", "cpu"]) -> MemoryPlan:
    hyper = job.hyperparameters
    pairs = job.method != "sft"
    longest = hyper.max_length * (2 if pairs else 1)
    return MemoryPlan(
        quantization=hyper.quantization,
        lora_rank=hyper.lora_rank,
        micro_batch_tokens=max(longest, hyper.micro_batch_tokens if hyper.packing else 0),
        activations="keep" if hyper.activations == "auto" else hyper.activations,
        fused_loss=hyper.fused_loss,
        fused_lora=hyper.fused_lora and not hyper.dora and not hyper.lora_dropout,
        optimizer=hyper.optimizer,
        pairs=pairs,
        longest=hyper.max_length,
        device=device,
    )
