"""The models that an account's service lists; asked when a person looks for one, or tests an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from tunedesk.runs.accounts import Account
from tunedesk.runs.places.cloud.connection import Key
from tunedesk.runs.places.cloud.refusals import Kind, Refused
from tunedesk.runs.places.cloud.service import Service
from tunedesk.runs.provider import Provider

SECONDS = 20.0
"""A person waits for the answer."""


_ADDRESS = "Check the address: it is that of the API, and usually ends with /v1."
_HINTS = {
    Kind.LINE: "Check the address and this computer's network.",
    Kind.GARBLED: _ADDRESS,
    Kind.MISSING: _ADDRESS,
    Kind.BUSY: "Try again in a while.",
    Kind.KEY: "Give a valid key.",
    Kind.QUOTA: "Raise the limit at the service.",
    Kind.FORBIDDEN: "Check what the key may do at the service.",
}


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """created: unix seconds. shutdown_date: ISO 8601 day on which it stops answering, "" if nobody says."""

    id: str
    created: int
    shutdown_date: str
    owned_by: str


def list_models(account: Account, provider: Provider, key: Key) -> tuple[RemoteModel, ...]:
    """By name. UserError: the service cannot be reached, or does not answer this key."""
    service = Service(account, provider, key, timeout=SECONDS)
    try:
        page = service.models("listing the models")
    except Refused as refused:
        raise refused.with_hint(_HINTS.get(refused.kind, refused.hint)) from refused
    finally:
        service.close()
    found = (
        RemoteModel(one.id, int(one.created or 0), _day(one.shutdown_date), one.owned_by or "")
        for one in page.data
    )
    return tuple(sorted(found, key=lambda model: model.id.lower()))


def _day(value: object) -> str:
    """A day from a date, a time or unix seconds, as services write them; "" for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e11:
        return datetime.fromtimestamp(value, UTC).date().isoformat()
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).date().isoformat()
        except ValueError:
            return ""
    return ""
