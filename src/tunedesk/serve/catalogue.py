"""Which models a user of the server can talk to: what the chat asks of the rest; it knows no HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tunedesk.runs.generation import Load, Voice


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as `GET /v1/models` tells it. id: its name in requests; created: unix seconds.

    load: what the engine needs; with an adapter the tuned voice answers, without one the base voice.
    """

    id: str
    created: int
    owned_by: str
    load: Load

    @property
    def voice(self) -> Voice:
        return "tuned" if self.load.adapter else "base"


class Catalogue(Protocol):
    """Asked at each request, on a thread of its own: models come and go while the server runs."""

    def models(self, user: str) -> Sequence[ServedModel]:
        """What `user` may talk to: the starter model, folders that were given, and the user's tuned ones."""


def find_model(catalogue: Catalogue, user: str, name: str) -> ServedModel | None:
    """None for a model that does not exist or is another user's, which look alike from outside."""
    return next((model for model in catalogue.models(user) if model.id == name), None)
