"""Telling stored values that are whole from damaged ones."""

import zlib

from tunedesk.errors import UserError

_SEAL = b"\xc1"
"""No value in MessagePack begins with this byte, so values of old journals, which have no checksum, are
told apart.
"""


class DamagedJournal(UserError):
    """Something that was stored cannot be read any more."""


def sealed(value: bytes) -> bytes:
    """The value with a checksum before it."""
    return _SEAL + zlib.crc32(value).to_bytes(4, "little") + value


def unsealed(stored: bytes) -> bytes:
    """ValueError when it is not what was stored. A value of an old journal is given back as it is."""
    if not stored.startswith(_SEAL):
        return stored
    value = stored[5:]
    if zlib.crc32(value).to_bytes(4, "little") != stored[1:5]:
        raise ValueError("the checksum is wrong")
    return value
