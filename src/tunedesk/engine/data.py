"""The run's rows as token ids and loss masks, checked before any model is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from tunedesk.engine.examples import Trainable
from tunedesk.engine.rows import RenderedRow, renderer, verified_rows
from tunedesk.errors import UserError
from tunedesk.runs.job import DataFile, Job
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate

ROWS_NAMED = 8


@dataclass(frozen=True, slots=True)
class DataWarning:
    """Something to tell a person. code: a short word for programs."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Data:
    """What a run trains on and is validated with; tokens: of the training examples, trained: those
    with a loss.
    """

    train: tuple[Trainable, ...]
    valid: tuple[Trainable, ...]
    warnings: tuple[DataWarning, ...]

    @property
    def tokens(self) -> int:
        return sum(example.tokens for example in self.train)

    @property
    def trained(self) -> int:
        return sum(example.trained for example in self.train)

    @property
    def longest_answer(self) -> int:
        return max((example.longest_answer for example in (*self.train, *self.valid)), default=0)


def prepare_data(folder: RunFolder, job: Job, template: ChatTemplate) -> Data:
    """Read, verify, render and cut all rows. UserError names the rows that cannot be trained on."""
    train, train_warnings = _split(folder, job, job.train, "training", template)
    if not train:
        raise UserError(
            "There is nothing to learn: no training example has a token with a loss.",
            hint="Give at least one example an assistant's answer.",
        )
    if job.valid is None:
        return Data(train, (), train_warnings)
    valid, valid_warnings = _split(folder, job, job.valid, "validation", template)
    return Data(train, valid, (*train_warnings, *valid_warnings))


def _split(
    folder: RunFolder, job: Job, file: DataFile, name: str, template: ChatTemplate
) -> tuple[tuple[Trainable, ...], tuple[DataWarning, ...]]:
    rows = _rendered(folder, job, file, name, template)
    length = job.hyperparameters.max_length
    untrained = [one.example.row for one in rows if not one.teaches]
    wholly = [one.example.row for one in rows if one.teaches and not one.example.trained]
    if wholly and job.hyperparameters.wholly_cut_rows == "fail":
        raise UserError(
            f"In {_rows(wholly)} of the {name} data everything that would be learned lies behind the cut at "
            f"{length} tokens.",
            hint="Raise max_length, shorten these examples, or set wholly_cut_rows=skip to leave them out.",
        )
    warnings = []
    if cut := [one.example.row for one in rows if one.is_cut]:
        warnings.append(_warning("cut", f"{_rows(cut)} of the {name} data: cut at {length} tokens."))
    if left_out := sorted({*untrained, *wholly}):
        sentence = f"{_rows(left_out)} of the {name} data: left out, nothing in it would be learned."
        warnings.append(_warning("left-out", sentence))
    return tuple(one.example for one in rows if one.example.trained), tuple(warnings)


def _rendered(
    folder: RunFolder, job: Job, file: DataFile, name: str, template: ChatTemplate
) -> list[RenderedRow]:
    render = renderer(job.method, template, job.hyperparameters, file.mapping)
    rows = []
    for number, raw in enumerate(verified_rows(folder, file), 1):
        try:
            rows.append(render(number, raw))
        except UserError as error:
            raise UserError(f"Row {number} of the {name} data: {error.message}", hint=error.hint) from error
    return rows


def _warning(code: str, sentence: str) -> DataWarning:
    return DataWarning(code, sentence[0].upper() + sentence[1:])


def _rows(rows: Sequence[int]) -> str:
    """Like "row 3" or "rows 1, 2, 3 and 12 more"."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    named = ", ".join(str(row) for row in rows[:ROWS_NAMED])
    return f"rows {named}" + (f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else "")
