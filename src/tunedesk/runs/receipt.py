"""receipt.json in a run's folder: what a person agreed to send, to whom, and what became of it.

Nothing is sent without one, and nothing but the bytes that it names.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from tunedesk import __version__, paths
from tunedesk.errors import UserError
from tunedesk.runs.cloud_requests import sent_file
from tunedesk.runs.consent import Consent, ConsentFile
from tunedesk.runs.job import CloudOrder, DataFile, Job
from tunedesk.runs.run_folder import RunFolder

VERSION = 1
NAME = "receipt.json"


class Found(Struct, frozen=True):
    """Private data that was shown before. rows: the first ones, from 1."""

    what: str
    count: int
    rows: tuple[int, ...]


class ReceiptFile(Struct, frozen=True, kw_only=True):
    """A file that may be sent. sha256: of its bytes as sent. id: the service's, "" before it has one."""

    role: str
    source: str
    rows: int
    bytes: int
    sha256: str
    tokens_low: int
    tokens_high: int
    trained_tokens: int
    private: tuple[Found, ...] = ()
    id: str = ""
    is_deleted: bool = False


class Receipt(Struct, frozen=True, kw_only=True):
    """consented: ISO 8601, UTC. organization, project, expires_seconds (0: never): None in an older receipt.

    low, high: decimal text, "" for unknown; as_of, source: of the price.

    job: the service's id, "" before there is one. ended: an official status, "" until then.
    """

    run: str
    consented: str
    tunedesk: str
    service: str
    account: str
    address: str
    host: str
    region: str
    residency: str
    model: str
    method: str
    training_type: str
    files: tuple[ReceiptFile, ...]
    price: str
    low: str
    high: str
    currency: str
    as_of: str
    source: str
    deletion: str
    retention: str
    job: str = ""
    ended: str = ""
    trained_tokens: int | None = None
    organization: str | None = None
    project: str | None = None
    expires_seconds: int | None = None
    version: int = VERSION


def receipt_path(run: RunFolder) -> Path:
    return run.path / NAME


def give_consent(run: RunFolder, consent: Consent, now: datetime | None = None) -> Receipt:
    """Write down that a person agreed to this, for a run that was prepared and not yet started."""
    job = run.job()
    order, price = consent.order, consent.price
    receipt = Receipt(
        run=job.run,
        consented=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
        tunedesk=__version__,
        service=order.provider.title,
        account=order.account.name,
        address=order.account.base_url,
        host=consent.host,
        region=order.account.region,
        residency=consent.residency,
        model=order.model,
        method=consent.method,
        training_type=order.settings.training_type,
        files=tuple(_file(file) for file in consent.files),
        price=price.sentence,
        low=order.low,
        high=order.high,
        currency=order.currency,
        as_of=str(price.as_of or ""),
        source=price.source,
        deletion=consent.deletion,
        retention=order.provider.retention,
        organization=order.account.organization,
        project=order.account.project,
        expires_seconds=order.expires_seconds or 0,
    )
    _write(run, receipt)
    return receipt


def read_receipt(run: RunFolder) -> Receipt | None:
    """None where nobody has agreed to anything. UserError: the file is damaged."""
    path = receipt_path(run)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Receipt)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, OSError) as error:
        raise UserError(
            f"{path} cannot be read: {error}.", hint="Make a new run from the dataset."
        ) from error


def require_consent(run: RunFolder) -> Receipt:
    """What was agreed to. UserError: nothing, or something else than this run would send now."""
    job, receipt = run.job(), read_receipt(run)
    if job.cloud is None:
        raise UserError(f"The run {job.run} sends nothing to a service.")
    if receipt is None:
        raise UserError(
            f"Nobody has agreed to send the rows of {job.run}.",
            hint="Start it from the wizard, or with: tunedesk cloud train.",
        )
    if (receipt.address, receipt.model) != (job.cloud.account.base_url, job.cloud.model):
        raise _changed(job, f"it goes to {job.cloud.account.base_url}, model {job.cloud.model}")
    if other := _other_terms(receipt, job.cloud):
        raise _changed(job, other)
    agreed = {file.role: file.sha256 for file in receipt.files}
    if agreed != _digests(run, job):
        raise _changed(job, "its rows are others")
    return receipt


def _other_terms(receipt: Receipt, order: CloudOrder) -> str:
    """What the run would do otherwise than was agreed, "" for nothing."""
    expires = order.expires_seconds or 0
    account, training_type = order.account, order.settings.training_type
    if receipt.training_type != training_type:
        return f"it is for the training type {training_type or 'that is usual'}"
    if receipt.organization not in (None, account.organization):
        return f"it goes to the organisation {account.organization or 'that the key belongs to'}"
    if receipt.project not in (None, account.project):
        return f"it goes to the project {account.project or 'that the key belongs to'}"
    if receipt.expires_seconds not in (None, expires):
        return (
            f"it sends files that expire after {expires:,} seconds" if expires else "its files never expire"
        )
    return ""


def note_progress(
    run: RunFolder,
    *,
    file_ids: dict[str, str] | None = None,
    deleted: tuple[str, ...] = (),
    job: str = "",
    ended: str = "",
    trained_tokens: int | None = None,
) -> Receipt | None:
    """Add what became of it; what is not given stays. file_ids: by role. None where there is no receipt.

    Nothing is written where nothing is new.
    """
    known = read_receipt(run)
    if known is None:
        return None
    files = []
    for file in known.files:
        id = (file_ids or {}).get(file.role, "") or file.id
        is_deleted = file.is_deleted or (bool(id) and id in deleted)
        files.append(msgspec.structs.replace(file, id=id, is_deleted=is_deleted))
    new = msgspec.structs.replace(
        known,
        files=tuple(files),
        job=job or known.job,
        ended=ended or known.ended,
        trained_tokens=known.trained_tokens if trained_tokens is None else trained_tokens,
    )
    if new != known:
        _write(run, new)
    return new


def _file(file: ConsentFile) -> ReceiptFile:
    return ReceiptFile(
        role=file.role,
        source=file.source,
        rows=file.rows,
        bytes=file.bytes,
        sha256=file.sha256,
        tokens_low=file.tokens.low,
        tokens_high=file.tokens.high,
        trained_tokens=file.tokens.trained,
        private=tuple(Found(each.what, each.count, each.rows) for each in file.private),
    )


def _write(run: RunFolder, receipt: Receipt) -> None:
    data = msgspec.json.format(msgspec.json.encode(receipt), indent=2)
    paths.write_atomically(receipt_path(run), data + b"\n")


def _digests(run: RunFolder, job: Job) -> dict[str, str]:
    """sha256 of what would be sent now, by role."""
    assert job.cloud is not None
    files = {"training": job.train, "validation": job.valid}
    return {
        role: sent_file(_rows(run, file), job.cloud.target).sha256 for role, file in files.items() if file
    }


def _rows(run: RunFolder, file: DataFile) -> Iterator[bytes]:
    try:
        with gzip.open(run.path / file.path, "rb") as lines:
            for line in lines:
                yield line.removesuffix(b"\n")
    except (OSError, EOFError) as error:
        raise UserError(f"{run.path / file.path} cannot be read: {error}.", hint="Make a new run.") from error


def _changed(job: Job, how: str) -> UserError:
    return UserError(
        f"The run {job.run} is not what was agreed to: {how}.",
        hint="Make a new run, so that the page of consent shows it.",
    )
