"""Which runs can speak, and what the engine needs to load them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tunedesk.errors import UserError
from tunedesk.runs.generation import Load
from tunedesk.runs.job import WatchedPrompt
from tunedesk.runs.run_folder import RunFolder, RunState, list_runs

SPEAKING = (RunState.FINISHED, RunState.STOPPED)
"""A stopped run leaves the best adapter so far; a failed one's is kept for inspection only."""


@dataclass(frozen=True, slots=True)
class TunedRun:
    """A run whose adapter can be talked to. model_path: the base model's folder, as the run used it.

    system: what the rows of the training say first, "" when they say nothing or not the same. digest: of the
    base model, as the run found it.
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

    def load_request(self) -> Load:
        """Base and adapter with the numbers of the training."""
        return Load(str(self.model_path), str(self.adapter), self.quantization, self.threads, self.digest)


def tunable_runs(runs_dir: Path) -> tuple[TunedRun, ...]:
    """Runs that can speak, newest first."""
    found = list_runs(runs_dir)
    ready = [run for run in found if run.has_adapter and run.state in SPEAKING]
    return tuple(_read(RunFolder(run.path), run.valid_loss) for run in ready)


def tuned_run(path: Path) -> TunedRun:
    """One run by its folder; UserError when it has no adapter yet."""
    folder = RunFolder(path)
    folder.job()
    if not (folder.adapter_dir / "adapter_config.json").is_file():
        state = folder.state()
        hint = (
            f"Resume it with: tunedesk resume {path}"
            if state is not RunState.RUNNING
            else "Wait for its end."
        )
        raise UserError(f"The run {path} has no adapter; it is {state.value}.", hint=hint)
    return _read(folder, None)


def _read(folder: RunFolder, valid_loss: float | None) -> TunedRun:
    job = folder.job()
    return TunedRun(
        path=folder.path,
        run=job.run,
        model=job.model.name,
        model_path=Path(job.model.path),
        adapter=folder.adapter_dir,
        quantization=job.hyperparameters.quantization,
        threads=job.hyperparameters.threads,
        created=job.created,
        valid_loss=valid_loss,
        digest=job.model.digest,
        system=_common_system(job.watched),
    )


def _common_system(watched: Sequence[WatchedPrompt]) -> str:
    """A tuned model answers as it was trained only when it is told what it was told in training."""
    found = {
        next((turn.content for turn in prompt.messages if turn.role == "system"), "") for prompt in watched
    }
    return found.pop() if len(found) == 1 else ""
