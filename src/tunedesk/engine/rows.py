"""The rows of a run's data file, verified and rendered as the run's method trains them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from tunedesk.dataset.example import Example
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.engine.examples import PairExample, Trainable, TrainingExample
from tunedesk.errors import UserError
from tunedesk.plan.audit_rows import readable_example
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import DataFile, Method
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.rendered import Rendered


@dataclass(frozen=True, slots=True)
class RenderedRow:
    """A row as it is trained, as it was before the cut (once, or for each of two answers), and as read."""

    example: Trainable
    renderings: tuple[Rendered, ...]
    source: Example


def verified_rows(folder: RunFolder, file: DataFile) -> list[bytes]:
    """The rows that the job was made with. UserError: they are others by now."""
    digest = hashlib.sha256()
    rows = []
    for _, raw in read_rows(folder.path / file.path):
        digest.update(raw + b"\n")
        rows.append(raw)
    if digest.hexdigest() != file.sha256 or len(rows) != file.rows:
        raise UserError(
            f"{folder.path / file.path} is not what the job was made with: it changed or is damaged.",
            hint="Make a new run from the dataset.",
        )
    return rows


def renderer(
    method: Method, template: ChatTemplate, hyper: Hyperparameters, mapping: ColumnMapping | None
) -> Callable[[int, bytes], RenderedRow]:
    """Renders a row, given its number from 1. UserError (without the number): it cannot be trained so."""

    def supervised(number: int, raw: bytes) -> RenderedRow:
        example = readable_example(raw, mapping)
        rendered = template.render(example, hyper.max_length)
        weights = token_weights(template, example, rendered, hyper.prompt_loss_weight)
        return RenderedRow(_cut(number, rendered, weights), (rendered,), example)

    def pair(number: int, raw: bytes) -> RenderedRow:
        example = readable_example(raw, mapping)
        answers = template.render_preference(example, hyper.max_length)
        chosen, rejected = (_cut(number, one, None) for one in answers)
        return RenderedRow(PairExample(chosen, rejected), answers, example)

    return supervised if method == "sft" else pair


def token_weights(
    template: ChatTemplate, example: Example, rendered: Rendered, prompt_weight: float
) -> tuple[float, ...] | None:
    """1 for a token of an answer, `prompt_weight` for one of a prompt, 0 for one of an answer of weight 0.

    None where that is the mask itself. What an answer of weight 0 became is found by rendering the example
    once more with that weight taken away.
    """
    if not prompt_weight or not rendered.trained:
        return None
    weights = [1.0 if trained else prompt_weight for trained in rendered.mask]
    silent = [turn for turn in example.messages if turn.role == "assistant" and turn.weight == 0]
    if silent:
        spoken = tuple(replace(turn, weight=None) if turn in silent else turn for turn in example.messages)
        every = template.render(replace(example, messages=spoken))
        for index, trained in enumerate(every.mask):
            if trained and not rendered.mask[index]:
                weights[index] = 0.0
    return tuple(weights)


def _cut(number: int, rendered: Rendered, weights: tuple[float, ...] | None) -> TrainingExample:
    end = rendered.cut_at
    return TrainingExample(
        number, rendered.ids[:end], rendered.mask[:end], weights[:end] if weights is not None else None
    )
