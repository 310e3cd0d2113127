"""The whole request for a run, as it stands in job.json; it knows nothing of how a run is executed."""

from typing import Literal

import msgspec
from msgspec import Struct

from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.generation import ChatMessage
from tunedesk.runs.hyperparameters import Hyperparameters, in_plain_words
from tunedesk.runs.provider import Provider

JOB_VERSION = 1
Method = Literal["sft", "dpo", "orpo"]
"""sft: imitate the answers. dpo: prefer the chosen answers, held near the model it started from (Rafailov and
others 2023, arXiv 2305.18290). orpo: imitate and prefer at once, without a reference (arXiv 2403.07691)."""
# Where a job.json of any version keeps its version, so that a newer file gets its own sentence.
_VERSION_ONLY = msgspec.defstruct("VersionOnly", [("version", int)])


class ModelRef(Struct, frozen=True):
    """The base model. digest: see `tunedesk.runs.digests.model_digest`; empty when it was not taken."""

    name: str
    path: str
    digest: str = ""


class AdapterRef(Struct, frozen=True):
    """An adapter that the training goes on from, in peft's format.

    path: relative to the run, once that is made; digest: sha256 of the weights.
    """

    path: str
    digest: str = ""


class DatasetRef(Struct, frozen=True):
    """The user's file the rows came from. modified: the screen held changes that the file did not."""

    path: str
    document_version: int = 0
    modified: bool = False


class DataFile(Struct, frozen=True):
    """Rows of the run, gzip compressed. path: relative to the run; sha256: of the uncompressed bytes.

    mapping: what the rows' keys mean when they are nobody's format.
    """

    path: str
    rows: int
    sha256: str
    source: str = ""
    mapping: ColumnMapping | None = None


class WatchedPrompt(Struct, frozen=True):
    """A prompt answered at each validation. row: its row in the validation (else training) data, from 1."""

    messages: tuple[ChatMessage, ...]
    row: int = 0


class CloudSettings(Struct, frozen=True, kw_only=True):
    """What a provider is asked to do. None, and "" of the texts: the provider decides.

    learning_rate_multiplier: the rate itself where `Provider.learning_rate` is "absolute".
    training_type: one of `Provider.training_types`.
    """

    n_epochs: int | None = None
    batch_size: int | None = None
    learning_rate_multiplier: float | None = None
    beta: float | None = None
    seed: int | None = None
    suffix: str = ""
    training_type: str = ""


class CloudOrder(Struct, frozen=True, kw_only=True):
    """A job at a provider: as much of the account and the profile as it takes to follow it years later.

    model: a base model's name there, or a tuned one's to go on from. target: of the linter and the export,
    for which the rows were written. delete_files: whether the uploaded files are deleted at the job's end.
    expires_seconds: after which the provider deletes them by itself, where it can. price: what was shown
    before, one sentence; low, high: its bounds, decimal text in `currency`, "" where the price is unknown.
    """

    account: Account
    provider: Provider
    model: str
    target: str
    settings: CloudSettings = CloudSettings()
    delete_files: bool = True
    expires_seconds: int | None = None
    price: str = ""
    low: str = ""
    high: str = ""
    currency: str = ""


class Job(Struct, frozen=True, kw_only=True):
    """Everything a run needs, so that it can be repeated from its folder alone.

    created: ISO 8601, UTC. adapter: None to begin a new one. place: "local", or "cloud" with its order; the
    model's path is then empty unless the same model is here, the hyperparameters mean nothing, and the rows
    are those that are sent.
    """

    version: int = JOB_VERSION
    run: str
    created: str
    method: Method = "sft"
    model: ModelRef
    adapter: AdapterRef | None = None
    dataset: DatasetRef
    train: DataFile
    valid: DataFile | None = None
    watched: tuple[WatchedPrompt, ...] = ()
    hyperparameters: Hyperparameters = Hyperparameters()
    place: Literal["local", "cloud"] = "local"
    cloud: CloudOrder | None = None
    template_digest: str = ""
    versions: dict[str, str] = {}


def encode_job(job: Job) -> bytes:
    """job.json's bytes, indented so that people can read and diff it."""
    return msgspec.json.format(msgspec.json.encode(job), indent=2) + b"\n"


def decode_job(data: bytes, where: str = "job.json") -> Job:
    """Read job.json; UserError names the key that is wrong."""
    try:
        version = msgspec.json.decode(data, type=_VERSION_ONLY).version  # type: ignore[attr-defined]
        if version > JOB_VERSION:
            raise UserError(
                f"{where} was written by a newer TuneDesk (version {version}, this one reads {JOB_VERSION}).",
                hint="Update TuneDesk, or make a new run.",
            )
        return msgspec.json.decode(data, type=Job)
    except msgspec.MsgspecError as error:
        raise UserError(
            f"{where} is damaged: {in_plain_words(error)}.", hint="Make a new run from the dataset."
        ) from error
