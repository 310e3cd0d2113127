"""A run's figures as a file for other programs. Knows no Qt."""

import csv
import io
from pathlib import Path

import msgspec

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.runs.events import Step
from tunedesk.runs.follow import RunHistory

_ENVELOPE = ("run", "attempt", "seq", "type")
STEP_COLUMNS = tuple(name for name in Step.__struct_fields__ if name not in _ENVELOPE)
COLUMNS = (*STEP_COLUMNS, "valid_loss", "valid_perplexity")


def csv_table(history: RunHistory) -> str:
    """One line for each step with its event's own values, and the validation that followed it, if any.

    Validations of a step that left no step event (the one before the first step) get a line of their own.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for number in sorted(history.steps.keys() | history.evaluations.keys()):
        table.writerow(_row(history, number))
    return text.getvalue()


def _row(history: RunHistory, number: int) -> list[float | int | str | None]:
    step, evaluation = history.steps.get(number), history.evaluations.get(number)
    values = msgspec.structs.asdict(step) if step else {"step": number}
    row = [values.get(name) for name in STEP_COLUMNS]
    return [*row, evaluation.loss if evaluation else None, evaluation.perplexity if evaluation else None]


def write_file(path: Path, data: bytes) -> Path:
    """UserError: the file cannot be written."""
    try:
        paths.write_atomically(path, data)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror or error}.", hint="Choose another folder."
        ) from error
    return path
