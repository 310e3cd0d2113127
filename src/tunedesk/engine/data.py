"""The run's rows as token ids and loss masks, checked before any model is loaded."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tunedesk.dataset.example import example_of
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError
from tunedesk.runs.job import DataFile, Job
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.rendered import Rendered

ROWS_NAMED = 8


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One example as it is trained: cut to the run's length. row: from 1; mask: 1 where a token gets a loss.

    The loss of token i is that of predicting it from the tokens before it, so mask[0] never counts.
    """

    row: int
    ids: tuple[int, ...]
    mask: tuple[int, ...]

    @property
    def trained(self) -> int:
        return sum(self.mask[1:])

    @property
    def prompt(self) -> tuple[int, ...]:
        """The ids before the last trained stretch: what the model gets when it shall answer as this
        example.
        """
        end = len(self.mask)
        while end and not self.mask[end - 1]:
            end -= 1
        while end and self.mask[end - 1]:
            end -= 1
        return self.ids[:end]


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

    train: tuple[TrainingExample, ...]
    valid: tuple[TrainingExample, ...]
    warnings: tuple[DataWarning, ...]

    @property
    def tokens(self) -> int:
        return sum(len(example.ids) for example in self.train)

    @property
    def trained(self) -> int:
        return sum(example.trained for example in self.train)

    @property
    def longest_answer(self) -> int:
        return max((example.trained for example in (*self.train, *self.valid)), default=0)


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
) -> tuple[tuple[TrainingExample, ...], tuple[DataWarning, ...]]:
    rows = _verified_rows(folder, file)
    max_length = job.hyperparameters.max_length
    rendered = [_render(number, raw, name, file.mapping, template, max_length) for number, raw in rows]
    examples = [
        TrainingExample(row, one.ids[: one.cut_at], one.mask[: one.cut_at])
        for row, one in enumerate(rendered, 1)
    ]
    untrained = [row for row, one in enumerate(rendered, 1) if not one.trained]
    cut = [row for row, one in enumerate(rendered, 1) if one.cut_at is not None]
    wholly = [
        example.row for example in examples if not example.trained and example.row not in set(untrained)
    ]
    if wholly and job.hyperparameters.wholly_cut_rows == "fail":
        raise UserError(
            f"In {_rows(wholly)} of the {name} data everything that would be learned lies behind the cut at "
            f"{max_length} tokens.",
            hint="Raise max_length, shorten these examples, or set wholly_cut_rows=skip to leave them out.",
        )
    warnings = []
    if cut:
        message = f"{_rows(cut)} of the {name} data: cut at {max_length} tokens."
        warnings.append(DataWarning("cut", message[0].upper() + message[1:]))
    if untrained or wholly:
        left_out = sorted({*untrained, *wholly})
        message = f"{_rows(left_out)} of the {name} data: left out, nothing in it would be learned."
        warnings.append(DataWarning("left-out", message[0].upper() + message[1:]))
    return tuple(example for example in examples if example.trained), tuple(warnings)


def _verified_rows(folder: RunFolder, file: DataFile) -> list[tuple[int, bytes]]:
    digest = hashlib.sha256()
    rows = []
    for number, raw in read_rows(folder.path / file.path):
        digest.update(raw + b"\n")
        rows.append((number, raw))
    if digest.hexdigest() != file.sha256 or len(rows) != file.rows:
        raise UserError(
            f"{folder.path / file.path} is not what the job was made with: it changed or is damaged.",
            hint="Make a new run from the dataset.",
        )
    return rows


def _render(
    number: int,
    raw: bytes,
    name: str,
    mapping: ColumnMapping | None,
    template: ChatTemplate,
    max_length: int,
) -> Rendered:
    parsed = parse_row(raw)
    if parsed.value is None:
        reason = parsed.problems[0].message if parsed.problems else "it is not a JSON object"
        raise UserError(
            f"Row {number} of the {name} data cannot be used: {reason}",
            hint="Mend it in the dataset and start a new run.",
        )
    try:
        return template.render(example_of(parsed.value, mapping), max_length)
    except UserError as error:
        raise UserError(f"Row {number} of the {name} data: {error.message}", hint=error.hint) from error


def _rows(rows: Sequence[int]) -> str:
    """Like "row 3" or "rows 1, 2, 3 and 12 more"."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    named = ", ".join(str(row) for row in rows[:ROWS_NAMED])
    return f"rows {named}" + (f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else "")
