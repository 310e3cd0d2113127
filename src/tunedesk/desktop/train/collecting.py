"""From the wizard's choices and the rows it has looked at to a request for a run. Knows no Qt."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.train import wizard
from tunedesk.desktop.train.survey import SplitSource
from tunedesk.desktop.train.wizard import Choices
from tunedesk.runs.requests import RunRequest, named_from


def request_of(
    choices: Choices, sources: Sequence[SplitSource], snapshots: Mapping[str, Snapshot], runs_dir: Path
) -> RunRequest:
    """Of a wizard that may start: the very rows that were looked at, with the settings as they stand."""
    settings = wizard.settings(choices)
    assert choices.model is not None and settings is not None, "the wizard may not start yet"
    train = next(source for source in sources if source.role == "train")
    valid = next((source for source in sources if source.role == "valid"), None)
    measured = snapshots.get("valid") if valid else None
    return RunRequest(
        runs_dir=runs_dir,
        dataset=train.path,
        train=_rows(snapshots["train"]),
        model=choices.model.path,
        valid=_rows(measured) if measured else (),
        valid_source=named_from(train.path, valid.path) if valid else "",
        hyperparameters=settings,
        document_version=snapshots["train"].version,
        modified=train.is_modified,
        mapping=snapshots["train"].mapping,
        valid_mapping=measured.mapping if measured else None,
        method=choices.method,
        adapter=choices.adapter.path if choices.adapter else None,
    )


def _rows(snapshot: Snapshot) -> tuple[bytes, ...]:
    return tuple(raw for _, raw in snapshot.rows())
