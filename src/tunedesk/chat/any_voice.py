"""Whoever is chosen answers: the engine on this computer, or a service; a session need not know which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tunedesk.chat.answering import Answering, Tell
from tunedesk.chat.hosted import HostedModels, Keys, Wanted, no_keys
from tunedesk.runs.generation import AnyMessage, Question, Sampling
from tunedesk.runs.places.generator import Generator

if TYPE_CHECKING:
    from tunedesk.chat.remote import RemoteVoice


class AnyVoice:
    """An engine is started, and a service is asked, only when one is chosen."""

    def __init__(
        self, on_message: Tell, keys: Keys = no_keys, make_local: Callable[[Tell], Answering] = Generator
    ) -> None:
        self._on_message = on_message
        self._keys = keys
        self._local = make_local(self._tell_local)
        self._remote: RemoteVoice | None = None
        self._is_remote = False

    def load(self, request: Wanted) -> None:
        self._is_remote = isinstance(request, HostedModels)
        if isinstance(request, HostedModels):
            self._at_service().load(request)
        else:
            self._local.load(request)

    def generate(self, questions: Sequence[Question], settings: Sampling) -> int:
        who: Answering | RemoteVoice = self._at_service() if self._is_remote else self._local
        return who.generate(questions, settings)

    def cancel(self, request: int) -> None:
        """Requests of a service have numbers below zero."""
        who: Answering | RemoteVoice = self._at_service() if request < 0 else self._local
        who.cancel(request)

    def close(self) -> None:
        if self._remote is not None:
            self._remote.close()
        self._local.close()

    def _at_service(self) -> RemoteVoice:
        """Its imports take a moment, which who talks to this computer need not wait for."""
        from tunedesk.chat.remote import RemoteVoice

        if self._remote is None:
            self._remote = RemoteVoice(self._tell_remote, self._keys)
        return self._remote

    # Who is not spoken to any more, and is late, is not heard: an engine that ends by itself, for example.

    def _tell_local(self, message: AnyMessage) -> None:
        if not self._is_remote:
            self._on_message(message)

    def _tell_remote(self, message: AnyMessage) -> None:
        if self._is_remote:
            self._on_message(message)
