"""A tuned model, or a checkpoint of one, that a service keeps: what it takes to talk to it; no socket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tunedesk.runs.accounts import Account
from tunedesk.runs.addresses import host_of
from tunedesk.runs.generation import Load, Voice
from tunedesk.runs.provider import Provider

Keys = Callable[[Account], str]
"""An account's key, "" when there is none; UserError when the store of keys is locked."""


@dataclass(frozen=True, slots=True)
class HostedModels:
    """The names that a service gives to both voices' models. base: "" where only the tuned one is there.

    It holds no key: that is asked for when the service is spoken to.
    """

    account: Account
    provider: Provider
    tuned: str
    base: str = ""

    @property
    def host(self) -> str:
        """Where messages go. UserError: the account's address may not be used."""
        return host_of(self.account.base_url)

    @property
    def voices(self) -> tuple[Voice, ...]:
        return ("base", "tuned") if self.base else ("tuned",)

    def name_of(self, voice: Voice) -> str:
        return self.base if voice == "base" else self.tuned


Wanted = Load | HostedModels
"""What can be talked to: models on this computer, or at a service."""


def no_keys(account: Account) -> str:
    """Where nobody keeps keys."""
    return ""
