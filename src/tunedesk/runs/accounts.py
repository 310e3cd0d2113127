"""The services that the user has set up: addresses and names, never a key."""

from __future__ import annotations

from msgspec import Struct

from tunedesk.runs.provider import Auth


class AzureResource(Struct, frozen=True):
    """Where a deployment is made, by the control plane's names."""

    subscription: str = ""
    resource_group: str = ""
    account: str = ""


class Account(Struct, frozen=True, kw_only=True):
    """One address with its provider's profile. name: chosen by the user, unique.

    provider: the profile's id. organization, project: of OpenAI, "" for none. region: as shown to the user.
    models: base models that the user named, besides those that the provider or its list names.
    """

    name: str
    provider: str
    base_url: str
    auth: Auth = "key"
    organization: str = ""
    project: str = ""
    region: str = ""
    models: tuple[str, ...] = ()
    azure: AzureResource | None = None
