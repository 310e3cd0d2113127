"""Where a command gets a key from: a named environment variable, the system's store, or the person."""

from __future__ import annotations

import getpass
import os
import sys

from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.keys import KeyStore, checked_key
from tunedesk.runs.places.azure.credentials import token_provider
from tunedesk.runs.places.cloud.connection import Key
from tunedesk.runs.provider import Provider


class KeyFinder:
    """For one command. variable: the name that --key-env gave; store: where keys are kept."""

    def __init__(self, variable: str | None, store: KeyStore | None = None) -> None:
        self._variable = variable
        self._store = store or KeyStore()
        self._asked: dict[str, str] = {}

    def __call__(self, account: Account) -> str:
        """The account's key; "" where it needs none. UserError: there is none, and nobody to ask."""
        if account.auth != "key":
            return ""
        if self._variable:
            return _from_environment(self._variable)
        if key := self._store.get(account) or self._asked.get(account.name, ""):
            return key
        if not sys.stdin.isatty():
            raise UserError(
                f"There is no key for {account.name}.",
                hint=f"Keep one with: tunedesk accounts key {account.name!r}, or name a variable: --key-env.",
            )
        self._asked[account.name] = ask_for_key(account)
        return self._asked[account.name]

    def login(self, account: Account, provider: Provider) -> Key:
        """What a client takes: the key, or a function that gives tokens of Entra ID."""
        if account.auth == "entra":
            return token_provider(account, provider.entra_scope)
        return self(account)


def ask_for_key(account: Account) -> str:
    """Typed without being shown, or the first line of standard input where that is no terminal."""
    if sys.stdin.isatty():
        return checked_key(getpass.getpass(f"Key of {account.name}: "))
    return checked_key(sys.stdin.readline())


def _from_environment(variable: str) -> str:
    key = os.environ.get(variable, "")
    if not key:
        raise UserError(f"The environment variable {variable} is not set.", hint="Set it to the key.")
    return checked_key(key)
