"""Asks a fresh engine to count what a run will need, on a model without weights."""

from __future__ import annotations

import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tunedesk.errors import UserError
from tunedesk.plan.memory import MemoryPlan
from tunedesk.runs.dry_run_report import DryRunReport
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import DataFile, DatasetRef, Job, Method, ModelRef, encode_job
from tunedesk.runs.places.engine_command import engine_command
from tunedesk.template.model_folder import ModelFolder

LONGEST = 180.0
"""Seconds; a cold disk needs a minute for the libraries."""
SMALLEST_ROW, SHORTEST = 16, 8
"""What a job allows for micro_batch_tokens and max_length."""


def count_memory(
    model: ModelFolder, settings: Hyperparameters, plan: MemoryPlan, method: Method = "sft"
) -> DryRunReport:
    """The report of the engine's dry run for the largest row of `plan`; takes seconds.

    UserError: the engine does not start, or cannot build such a model.
    """
    job = Job(
        run="plan",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        method=method,
        model=ModelRef(model.name, str(model.path)),
        dataset=DatasetRef(""),
        train=DataFile("", 0, ""),
        hyperparameters=msgspec.structs.replace(
            settings,
            micro_batch_tokens=max(SMALLEST_ROW, plan.micro_batch_tokens),
            max_length=max(SHORTEST, plan.longest),
            activations=plan.activations,
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.json"
        path.write_bytes(encode_job(job))
        return ask_engine(path, plan.trained_share)


def ask_engine(job: Path, trained_share: float = 1.0) -> DryRunReport:
    """job: a run folder, or a job.json; trained_share: of its tokens where it lies alone."""
    try:
        ended = subprocess.run(
            [*engine_command(), "plan", str(job), "--trained-share", str(trained_share)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LONGEST,
        )
    except (OSError, subprocess.TimeoutExpired) as trouble:
        raise UserError(f"The engine does not start: {trouble}", hint="Look at: tunedesk doctor") from trouble
    lines = ended.stdout.splitlines()
    try:
        return msgspec.json.decode(lines[-1] if lines else b"", type=DryRunReport)
    except msgspec.MsgspecError:
        words = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = words[-1] if words else f"it ended with exit code {ended.returncode}."
        raise UserError(f"The engine cannot plan this run: {reason}") from None
