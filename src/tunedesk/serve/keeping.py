"""What a server keeps of runs and what it deletes: rows with their files, models when asked to."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from pathlib import Path

from tunedesk.runs.run_folder import RunFolder
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.bases import Models
from tunedesk.serve.checkpoints import Checkpoints
from tunedesk.serve.files import Files
from tunedesk.serve.jobs import TERMINAL, JobRecord, Jobs

LOG = logging.getLogger("tunedesk.serve")
TRAIN_ROWS, VALID_ROWS = "train.jsonl.gz", "valid.jsonl.gz"
"""Names that a run folder gives its copies."""


class Keeping:
    """Deletes from run folders. Methods are for any thread."""

    def __init__(
        self, jobs: Jobs, files: Files, models: Models, checkpoints: Checkpoints, runs_dir: Path
    ) -> None:
        self._jobs = jobs
        self._files = files
        self._models = models
        self._checkpoints = checkpoints
        self._runs_dir = runs_dir

    def sweep(self) -> None:
        """Of jobs that are over: what only a resume needs, and the rows once their files are deleted."""
        for job in self._jobs.with_status("succeeded", "failed", "cancelled"):
            run = RunFolder(self._runs_dir / job.id)
            if not run.path.is_dir() or run.is_alive():
                continue
            for state in run.checkpoints_dir.glob("step-*/optimizer.safetensors"):
                state.unlink(missing_ok=True)
            if (run.path / "data").is_dir():
                self._forget_rows(job, run.path / "data")

    def _forget_rows(self, job: JobRecord, data: Path) -> None:
        """Each copy of rows goes with the file that it came from, whatever becomes of the other one."""
        sources = {TRAIN_ROWS: job.request.training_file, VALID_ROWS: job.request.validation_file}
        kept = {name for name, file in sources.items() if file and self._files.find(job.user, file)}
        gone = [path for path in data.iterdir() if path.name not in kept]
        if not kept:
            shutil.rmtree(data, ignore_errors=True)
        else:
            for path in gone:
                path.unlink(missing_ok=True)
        if gone:
            LOG.info("Rows of %s are deleted, as the file is that they came from", job.id)

    def delete_model(self, user: str, name: str) -> None:
        """Delete a tuned model: with the result of a job go its checkpoints and its run folder.

        ApiError: 404, no such tuned model of this user; 400, its job may still need it.
        """
        tuned = self._models.tuned(user, name)
        if tuned is None:
            message = f"The model '{name[:256]}' does not exist or is not yours to delete."
            raise ApiError(404, message, param="model", code="model_not_found")
        job = self._jobs.anyones(tuned.job)
        if job.status not in TERMINAL:
            message = f"{name} is a checkpoint of a job that is {job.status}; cancel the job first."
            raise ApiError(400, message, param="model", code="invalid_job_state")
        if name == job.tuned:
            remove_folder(self._runs_dir / tuned.job)
        else:
            remove_folder(self._runs_dir.parent / tuned.adapter)
        self._checkpoints.forget_gone(tuned.job)


def remove_folder(folder: Path) -> None:
    """Renamed first, so that nobody finds half of it."""
    doomed = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        os.rename(folder, doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed, ignore_errors=True)
