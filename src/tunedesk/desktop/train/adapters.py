"""The adapters that a new training may go on from. Knows no Qt."""

from pathlib import Path

from tunedesk.errors import UserError
from tunedesk.runs.adapters import Adapter, read_adapter_folder
from tunedesk.runs.run_folder import RunFolder, RunState, list_runs
from tunedesk.template.model_folder import ModelFolder


def finished_adapters(runs_dir: Path, model: ModelFolder) -> list[tuple[str, Adapter]]:
    """Of this project's finished runs of the model, newest first, each with its run's name.

    A run whose adapter was moved away, or is of a kind that is not trained here, is not offered.
    """
    found = []
    for run in list_runs(runs_dir):
        if run.state is not RunState.FINISHED or run.model_path != model.path:
            continue
        try:
            adapter = read_adapter_folder(RunFolder(run.path).adapter_dir)
        except UserError:
            continue
        found.append((run.path.name, adapter))
    return found
