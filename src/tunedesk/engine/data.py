"""The run's rows as token ids and loss masks, checked before any model is loaded."""

from dataclasses import dataclass

from tunedesk.engine.examples import Trainable
from tunedesk.engine.rows import renderer, verified_rows
from tunedesk.errors import UserError
from tunedesk.plan.audit import AuditRow, audit
from tunedesk.plan.audit_rows import audited, refused
from tunedesk.runs.job import DataFile, Job
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate


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
    """Read, verify, render, cut and audit all rows. UserError names the rows that cannot be trained on."""
    train, train_facts = _split(folder, job, job.train, template)
    valid, valid_facts = _split(folder, job, job.valid, template) if job.valid else ((), ())
    found = audit(
        train_facts,
        valid_facts,
        job.hyperparameters.max_length,
        skip_wholly_cut=job.hyperparameters.wholly_cut_rows == "skip",
    )
    if refusal := found.refusal():
        raise refusal
    warnings = tuple(DataWarning(finding.code, finding.sentence) for finding in found.findings)
    return Data(train, valid, warnings)


def _split(
    folder: RunFolder, job: Job, file: DataFile, template: ChatTemplate
) -> tuple[tuple[Trainable, ...], tuple[AuditRow, ...]]:
    """The examples that teach something, and facts of all rows."""
    render = renderer(job.method, template, job.hyperparameters, file.mapping)
    examples: list[Trainable] = []
    facts: list[AuditRow] = []
    for number, raw in enumerate(verified_rows(folder, file), 1):
        try:
            row = render(number, raw)
        except UserError as error:
            facts.append(refused(number, error))
            continue
        facts.append(audited(number, row.source, row.renderings, template))
        if row.example.trained:
            examples.append(row.example)
    return tuple(examples), tuple(facts)
