"""From what a person chose for a service to a run folder that waits to be sent; the last look before that."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from tunedesk.dataset.parsing import BOM
from tunedesk.dataset.target_profiles import MB, TargetProfile, profile_named
from tunedesk.errors import UserError
from tunedesk.runs.addresses import checked_address
from tunedesk.runs.job import CloudOrder, CloudSettings, DataFile, DatasetRef, Job, ModelRef
from tunedesk.runs.provider import CloudMethod
from tunedesk.runs.requests import Problem, installed_versions
from tunedesk.runs.run_folder import RunFolder, new_run_id, rows_digest

# OpenAI's specification of POST /fine_tuning/jobs, version 2.3.0.
EPOCHS, BATCH = (1, 50), (1, 256)
EXPIRES = (3_600, 2_592_000)
"""Seconds: files.create's expires_after, in the same specification."""


@dataclass(frozen=True, slots=True)
class CloudRequest:
    """Everything a job at a service is made of.

    train, valid: rows without line ends, exactly as they will be sent. dataset: the file they came from;
    document_version and modified: how it stood. name: of the run's folder; empty for one made from the time.
    local_model: the folder of the same base model on this computer, where there is one: an adapter that
    comes back can then be tried here.
    """

    runs_dir: Path
    dataset: Path
    train: Sequence[bytes]
    order: CloudOrder
    method: CloudMethod = "sft"
    valid: Sequence[bytes] = ()
    valid_source: str = ""
    document_version: int = 0
    modified: bool = False
    name: str = ""
    local_model: Path | None = None


def sent_bytes(rows: Iterable[bytes], target: str) -> Iterator[bytes]:
    """The file as the service gets it, in pieces: rows with line feeds, a byte order mark where wanted."""
    if profile_named(target).bom:
        yield BOM
    for row in rows:
        yield row + b"\n"


@dataclass(frozen=True, slots=True)
class SentFile:
    """What a service gets: its size in bytes, and the sha256 of all of them."""

    bytes: int
    sha256: str


def sent_file(rows: Iterable[bytes], target: str) -> SentFile:
    """Size and digest of `sent_bytes`, for a consent and its receipt."""
    digest, size = hashlib.sha256(), 0
    for piece in sent_bytes(rows, target):
        digest.update(piece)
        size += len(piece)
    return SentFile(size, digest.hexdigest())


def check_cloud(request: CloudRequest, today: date | None = None) -> list[Problem]:
    """What the service would refuse, found before anything is sent. Empty: nothing found."""
    order = request.order
    problems = check_order(order, request.method, today)
    try:
        profile = profile_named(order.target)
    except UserError as error:
        return [*problems, Problem(error.message, error.hint)]
    for rows, what in ((request.train, request.dataset.name), (request.valid, request.valid_source)):
        problems += _file_problems(rows, what, profile, order, is_training=rows is request.train)
    return problems


def check_order(order: CloudOrder, method: str, today: date | None = None) -> list[Problem]:
    """The part of `check_cloud` that needs no rows."""
    provider, settings = order.provider, order.settings
    found = []
    try:
        checked_address(order.account.base_url)
    except UserError as error:
        found.append(Problem(error.message, error.hint))
    if method not in provider.methods:
        found.append(Problem(f"{provider.title} does not train with the method {method}.", "Choose another."))
    if not order.model.strip():
        found.append(Problem("No model is chosen.", "Choose one that the service can tune."))
    if provider.ends_on and (today or datetime.now(UTC).date()) > date.fromisoformat(provider.ends_on):
        last = f"{provider.ends_on} was the last day, says its profile"
        message = f"{provider.title} takes no new jobs any more; {last}."
        found.append(Problem(message, "Choose another service; if this has changed, edit the profile."))
    found += [Problem(sentence, "Correct the setting.") for sentence in _setting_problems(settings, order)]
    if order.expires_seconds is not None and not EXPIRES[0] <= order.expires_seconds <= EXPIRES[1]:
        found.append(Problem("Files may expire after 1 hour to 30 days.", "Correct the setting."))
    return found


def prepare_cloud_run(request: CloudRequest) -> RunFolder:
    """Write the run folder. UserError with the first problem that `check_cloud` finds, or why it cannot be
    written.
    """
    if problems := check_cloud(request):
        raise UserError(problems[0].message, hint=problems[0].hint)
    request.runs_dir.mkdir(parents=True, exist_ok=True)
    return RunFolder.create(request.runs_dir, cloud_job_of(request), request.train, request.valid)


def cloud_job_of(request: CloudRequest) -> Job:
    """The job of the run, with digests of its rows, before there is a folder."""
    now = datetime.now(UTC)
    train, valid = request.train, request.valid
    local = str(request.local_model.resolve()) if request.local_model else ""
    return Job(
        run=request.name or _free_name(request.runs_dir, now),
        created=now.isoformat(timespec="seconds"),
        method=request.method,
        model=ModelRef(request.order.model, local),
        dataset=DatasetRef(str(request.dataset), request.document_version, request.modified),
        train=DataFile("", len(train), rows_digest(train), request.dataset.name),
        valid=DataFile("", len(valid), rows_digest(valid), request.valid_source) if valid else None,
        place="cloud",
        cloud=request.order,
        versions={name: version for name, version in installed_versions().items() if name == "tunedesk"},
    )


def _free_name(runs_dir: Path, now: datetime) -> str:
    local = now.astimezone()
    while (runs_dir / (name := new_run_id(local))).exists():
        pass
    return name


def _file_problems(
    rows: Sequence[bytes], what: str, profile: TargetProfile, order: CloudOrder, *, is_training: bool
) -> list[Problem]:
    found = []
    if is_training and len(rows) < max(profile.min_rows, 1):
        message = (
            f"{what} has {len(rows):,} examples; {profile.title} wants {max(profile.min_rows, 1)} or more."
        )
        found.append(Problem(message, "Add examples."))
    size = sum(len(row) + 1 for row in rows)
    most = profile.total_bytes if order.provider.parts_from and profile.total_bytes else profile.file_bytes
    if most and size > most:
        message = f"{what} has {size / MB:,.0f} MB; {profile.title} takes {most / MB:,.0f} MB at most."
        found.append(Problem(message, "Leave out rows."))
    if broken := next((number for number, row in enumerate(rows, 1) if b"\n" in row or not row.strip()), 0):
        found.append(Problem(f"{what}, row {broken} is not one line of JSON.", "Mend or delete the row."))
    return found


def _setting_problems(settings: CloudSettings, order: CloudOrder) -> Iterator[str]:
    provider = order.provider
    given = {
        "n_epochs": settings.n_epochs,
        "batch_size": settings.batch_size,
        "learning_rate_multiplier": settings.learning_rate_multiplier,
        "beta": settings.beta,
    }
    for name, value in given.items():
        if value is not None and name not in provider.hyperparameters:
            yield f"{provider.title} takes no {name}."
        elif value is not None and not value > 0:
            yield f"{name} must be above 0; it is {value:g}."
    for name, value, (low, high) in (
        ("n_epochs", settings.n_epochs, EPOCHS),
        ("batch_size", settings.batch_size, BATCH),
    ):
        if value is not None and not low <= value <= high:
            yield f"{name} must be from {low} to {high}; it is {value}."
    if provider.learning_rate == "absolute" and (settings.learning_rate_multiplier or 0) > 0.1:
        rate = settings.learning_rate_multiplier
        yield f"{provider.title} takes the learning rate itself, such as 0.00002; {rate:g} is far too high."
    yield from _suffix_problems(settings.suffix, order)
    if settings.training_type and settings.training_type not in provider.training_types:
        yield f"{provider.title} has no training type {settings.training_type}."


def _suffix_problems(suffix: str, order: CloudOrder) -> Iterator[str]:
    provider = order.provider
    if not suffix:
        return
    if not provider.suffix_length:
        yield f"{provider.title} takes no suffix."
    elif len(suffix) > provider.suffix_length:
        yield f"The suffix has {len(suffix)} characters; {provider.title} takes {provider.suffix_length}."
    elif provider.suffix_pattern and not re.fullmatch(provider.suffix_pattern, suffix):
        yield f"The suffix {suffix!r} has characters that {provider.title} does not take."
