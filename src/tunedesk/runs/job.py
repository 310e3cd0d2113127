"""The whole request for a run, as it stands in job.json; it knows nothing of how a run is executed."""

from typing import Literal

import msgspec
from msgspec import Struct

from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.errors import UserError
from tunedesk.runs.generation import ChatMessage
from tunedesk.runs.hyperparameters import Hyperparameters, in_plain_words

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


class Job(Struct, frozen=True, kw_only=True):
    """Everything a run needs, so that it can be repeated from its folder alone.

    created: ISO 8601, UTC. adapter: None to begin a new one.
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
    place: str = "local"
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
