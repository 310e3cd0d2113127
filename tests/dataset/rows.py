"""Helpers to look at a document's rows."""

from tunedesk.dataset.document import Document
from tunedesk.dataset.snapshot import Snapshot


def raws(document: Document | Snapshot) -> list[bytes]:
    """All rows in order, read one by one."""
    return [document.raw_at(position) for position in range(len(document))]


def text(document: Document) -> str:
    """Rows of a letter each, as one word."""
    return b"".join(raws(document)).decode()


def lines(word: str) -> bytes:
    """A file with a row for each letter."""
    return b"".join(letter.encode() + b"\n" for letter in word)
