"""Who may use the server: bearer tokens, of which only salted hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass

from tunedesk.errors import UserError
from tunedesk.serve.database import Database

PREFIX = "td-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z")


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What may be shown of a token. hint: its last characters; created: unix seconds."""

    name: str
    created: int
    hint: str


class Tokens:
    """One token a user. Methods are for any thread, and see what another process changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str) -> str:
        """A new user's token, which is shown this once. UserError: no such name, or it exists already."""
        if not _NAME.match(name) or name == LOCAL_USER:
            raise UserError(
                f"“{name}” cannot be a user's name.",
                hint=f"Use letters, digits, dots, _ and -, up to 40 characters, and not “{LOCAL_USER}”.",
            )
        token = PREFIX + secrets.token_urlsafe(32)
        salt = secrets.token_bytes(16)
        row = (name, int(time.time()), salt, _hash(salt, token), token[-4:])
        with self._database.transaction():
            if self._database.row("SELECT 1 FROM tokens WHERE name = ?", (name,)):
                raise UserError(f"{name} has a token already.", hint="Remove it first, or choose a new name.")
            self._database.change(
                "INSERT INTO tokens (name, created, salt, hash, hint) VALUES (?, ?, ?, ?, ?)", row
            )
        return token

    def remove(self, name: str) -> None:
        """From the next request on the token is refused. UserError: there is none of this name."""
        if not self._database.change("DELETE FROM tokens WHERE name = ?", (name,)):
            raise UserError(f"There is no token of {name}.", hint="See: tunedesk serve token list")

    def all(self) -> list[TokenInfo]:
        rows = self._database.rows("SELECT name, created, hint FROM tokens ORDER BY name")
        return [TokenInfo(row["name"], row["created"], row["hint"]) for row in rows]

    def user_of(self, token: str) -> str | None:
        """Whose token it is; takes as long for a wrong one as for a right one."""
        found = None
        for row in self._database.rows("SELECT name, salt, hash FROM tokens"):
            if hmac.compare_digest(_hash(row["salt"], token), row["hash"]):
                found = row["name"]
        return found


LOCAL_USER = "local"
"""Who uses a server on this computer without a token."""


def _hash(salt: bytes, token: str) -> bytes:
    """Tokens are 256 random bits, so that no slow hash is needed against guessing."""
    return hashlib.sha256(salt + token.encode("utf-8", "surrogatepass")).digest()
