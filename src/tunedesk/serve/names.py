"""The ids that the server gives: random, short, and safe as a part of a path."""

from __future__ import annotations

import hashlib
import re
import secrets

FILE, UPLOAD, PART, JOB = "file-", "upload_", "part_", "ftjob-"
_ID = re.compile(r"(file-|upload_|part_|ftjob-)[0-9a-f]{24}\Z")


def new_id(kind: str) -> str:
    """kind: one of FILE, UPLOAD, PART, JOB."""
    return kind + secrets.token_hex(12)


def derived_id(kind: str, *parts: object) -> str:
    """The same parts always give the same id, so that a thing that is noted again is noted once."""
    return kind + hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:24]


def is_id(kind: str, text: str) -> bool:
    """Whether a text from a request can be such an id; only then may it be a part of a path."""
    return text.startswith(kind) and bool(_ID.match(text))
