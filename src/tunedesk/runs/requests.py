"""From what a person chose to a run folder that waits to be started; the last look before the first
minute.
"""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tunedesk.dataset.example import Example, RowFormat, example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError
from tunedesk.runs.adapters import read_adapter_folder
from tunedesk.runs.digests import model_digest
from tunedesk.runs.generation import ChatMessage
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import AdapterRef, DataFile, DatasetRef, Job, Method, ModelRef, WatchedPrompt
from tunedesk.runs.run_folder import RunFolder, new_run_id, rows_digest
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.counting import TemplateCounter, count_all
from tunedesk.template.encoding import RowTokens
from tunedesk.template.model_folder import read_model_folder
from tunedesk.template.pair_counting import PairCounter

WATCHED_PROMPTS = 3
LIBRARIES = ("tunedesk", "torch", "transformers", "peft", "bitsandbytes")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Everything a run is made of.

    train, valid: raw rows without line ends, as they stand on the screen. dataset: the file they came from,
    document_version and modified: how it stood. name: of the run's folder; empty for one made from the time.
    watched: prompts to answer at each validation; None chooses three of the rows.
    mapping, valid_mapping: what the keys of the rows mean when they are nobody's format.
    adapter: the folder of one to go on from, whose rank and alpha then count; None begins a new one.
    """

    runs_dir: Path
    dataset: Path
    train: Sequence[bytes]
    model: Path
    valid: Sequence[bytes] = ()
    valid_source: str = ""
    hyperparameters: Hyperparameters = field(default_factory=Hyperparameters)
    document_version: int = 0
    modified: bool = False
    watched: tuple[WatchedPrompt, ...] | None = None
    name: str = ""
    mapping: ColumnMapping | None = None
    valid_mapping: ColumnMapping | None = None
    method: Method = "sft"
    adapter: Path | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that stands in the way of a run, and what the user can do."""

    message: str
    hint: str = ""


def check(request: RunRequest) -> list[Problem]:
    """What would fail after Start, found before it: model, template, settings, rows. Empty: nothing found.

    Rows are rendered until the first one that the template refuses or that cannot be used.
    """
    problems = [Problem(sentence, "Correct the setting.") for sentence in request.hyperparameters.problems()]
    try:
        model = read_model_folder(request.model)
        template = ChatTemplate.load(request.model)
        if request.adapter is not None:
            read_adapter_folder(request.adapter)
    except UserError as error:
        return [*problems, Problem(error.message, error.hint)]
    if request.hyperparameters.max_length > model.context:
        message = (
            f"max_length is {request.hyperparameters.max_length}; {model.name} reads {model.context} tokens."
        )
        problems.append(Problem(message, f"Set max_length to {model.context} or less."))
    splits = (
        (request.train, request.dataset.name, request.mapping),
        (request.valid, request.valid_source or "the validation data", request.valid_mapping),
    )
    for rows, file, mapping in splits:
        counter = row_counter(request.method, template, mapping)
        looked_at = _look_at(rows, file, counter, request.hyperparameters)
        if looked_at.problem:
            problems.append(looked_at.problem)
        elif rows is request.train and not looked_at.teaches:
            problems.append(_nothing_to_learn(request))
    return problems


def row_counter(
    method: Method, template: ChatTemplate, mapping: ColumnMapping | None = None
) -> TemplateCounter | PairCounter:
    """Counts rows as the method trains them."""
    return TemplateCounter(template, mapping) if method == "sft" else PairCounter(template, mapping)


def _nothing_to_learn(request: RunRequest) -> Problem:
    file = request.dataset.name
    if not request.train:
        return Problem(f"There is no example to train on in {file}.", "Add rows to the dataset.")
    if request.method != "sft":
        message = f"Nothing in {file} would be learned: no row has two answers that are trained."
        return Problem(message, "Give each row a preferred and a rejected answer.")
    message = f"Nothing in {file} would be learned: no row has an answer that is trained."
    return Problem(message, "Give each row an assistant turn whose weight is not 0.")


def prepare_run(request: RunRequest) -> RunFolder:
    """Write the run folder. UserError with the first problem that `check` finds, or why it cannot be
    written.
    """
    if problems := check(request):
        raise UserError(problems[0].message, hint=problems[0].hint)
    job = job_of(request)
    request.runs_dir.mkdir(parents=True, exist_ok=True)
    return RunFolder.create(request.runs_dir, job, request.train, request.valid)


def job_of(request: RunRequest) -> Job:
    """The job of the run, with digests of its rows, before there is a folder. UserError: no such model."""
    now = datetime.now(UTC)
    model = read_model_folder(request.model)
    adapter = read_adapter_folder(request.adapter) if request.adapter else None
    train, valid = request.train, request.valid
    return Job(
        run=request.name or _free_name(request.runs_dir, now),
        created=now.isoformat(timespec="seconds"),
        model=ModelRef(model.name, str(request.model.resolve()), model_digest(request.model)),
        dataset=DatasetRef(str(request.dataset), request.document_version, request.modified),
        train=DataFile("", len(train), rows_digest(train), request.dataset.name, request.mapping),
        valid=DataFile("", len(valid), rows_digest(valid), request.valid_source, request.valid_mapping)
        if valid
        else None,
        watched=_watched(request) if request.watched is None else request.watched,
        method=request.method,
        adapter=AdapterRef(str(adapter.path), adapter.digest) if adapter else None,
        hyperparameters=adapter.settings(request.hyperparameters) if adapter else request.hyperparameters,
        template_digest=ChatTemplate.load(request.model).digest,
        versions=installed_versions(),
    )


def named_from(dataset: Path, other: Path) -> str:
    """How a job names the validation file: by its name alone where it lies beside the training data."""
    return other.name if other.absolute().parent == dataset.absolute().parent else str(other.absolute())


def watched_prompts(rows: Sequence[bytes], mapping: ColumnMapping | None = None) -> tuple[WatchedPrompt, ...]:
    """Three prompts, spread evenly over the rows: each row's turns before its last answer."""
    found = [
        WatchedPrompt(prompt, number)
        for number, raw in enumerate(rows, 1)
        if (prompt := _prompt(example_of(parse_row(raw).value, mapping)))
    ]
    if len(found) <= WATCHED_PROMPTS:
        return tuple(found)
    return tuple(found[index * (len(found) - 1) // (WATCHED_PROMPTS - 1)] for index in range(WATCHED_PROMPTS))


def _watched(request: RunRequest) -> tuple[WatchedPrompt, ...]:
    if request.valid:
        return watched_prompts(request.valid, request.valid_mapping)
    return watched_prompts(request.train, request.mapping)


def installed_versions() -> dict[str, str]:
    """Of the libraries that decide a run's numbers; read from their metadata, nothing is imported."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


@dataclass(frozen=True, slots=True)
class _LookedAt:
    """The first row that stands in the way, and whether any row before it teaches something."""

    problem: Problem | None
    teaches: bool


def _look_at(
    rows: Sequence[bytes],
    file: str,
    counter: TemplateCounter | PairCounter,
    settings: Hyperparameters,
) -> _LookedAt:
    teaches = False
    for stretch in count_all(enumerate(rows, 1), counter):
        for number, raw, tokens in zip(*stretch, strict=True):
            if tokens is None:
                problem = _refusal(f"{file}, row {number}", raw, counter)
            else:
                problem = _wholly_cut(f"{file}, row {number}", tokens, settings)
                teaches = teaches or 0 <= tokens.start < settings.max_length
            if problem:
                return _LookedAt(problem, teaches)
    return _LookedAt(None, teaches)


def _refusal(place: str, raw: bytes, counter: TemplateCounter | PairCounter) -> Problem | None:
    """Why a row cannot be counted."""
    parsed = parse_row(raw)
    if parsed.value is None:
        reason = parsed.problems[0].message if parsed.problems else "it is not a JSON object."
        return Problem(f"{place}: {reason}", "Mend or delete the row.")
    if example_of(parsed.value, counter.mapping).format is RowFormat.UNKNOWN:
        hint = "Say what the columns mean, or turn the rows into conversations."
        return Problem(f"{place}: its keys are nobody's format.", hint)
    try:
        counter.render(raw)
    except UserError as error:
        return Problem(f"{place}: {error.message}", error.hint)
    return None


def _wholly_cut(place: str, tokens: RowTokens, settings: Hyperparameters) -> Problem | None:
    if tokens.start < settings.max_length or settings.wholly_cut_rows != "fail":
        return None
    message = f"{place}: its whole answer lies behind the cut at {settings.max_length} tokens."
    hint = "Raise max_length, shorten the row, or set wholly_cut_rows=skip to leave such rows out."
    return Problem(message, hint)


def _prompt(example: Example) -> tuple[ChatMessage, ...]:
    """The turns before the last answer; empty when there is none or when one of them has no text."""
    answers = [index for index, turn in enumerate(example.messages) if turn.role == "assistant"]
    turns = example.messages[: answers[-1]] if answers else ()
    if any(turn.content is None for turn in turns):
        return ()
    return tuple(ChatMessage(turn.role, turn.content or "") for turn in turns)


def _free_name(runs_dir: Path, now: datetime) -> str:
    local = now.astimezone()
    while (runs_dir / (name := new_run_id(local))).exists():
        pass
    return name
