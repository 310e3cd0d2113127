"""What a person notes about a row: star, tags, note, reviewed or draft. Never part of the dataset file."""

import hashlib

import msgspec


class RowMarks(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """The marks of one row.

    draft: made by a model and not yet accepted by a person. source: where the row came from, such as the
    name of the model that drafted it, or a URL.
    """

    star: bool = False
    reviewed: bool = False
    draft: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""
    source: str = ""


NO_MARKS = RowMarks()


def digest_of(raw: bytes) -> bytes:
    """What tells the text of a marked row from others, also in another process."""
    return hashlib.blake2b(raw, digest_size=12).digest()
