"""Connections to the server: one that asks nothing is not kept open. It knows no route."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 512
"""At the same time; further requests get the status 503. A process may open 1024 files on most systems."""
SILENCE = 20.0
"""Seconds that a new connection has to ask for something, headers and all."""


class PromptConnection(H11Protocol):
    """Uvicorn's limit refuses requests but lets silent connections stay, so these would use it up."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._silence = self.loop.call_later(SILENCE, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        self._silence.cancel()
        super().connection_lost(exc)

    def _close_if_silent(self) -> None:
        if self.cycle is None:  # no request has come yet
            self.transport.close()
