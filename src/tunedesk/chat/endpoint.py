"""One question to an OpenAI-compatible server over HTTPS: asked, waited for, cancelled, and refused in
sentences.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult

from tunedesk.errors import UserError
from tunedesk.runs.addresses import checked_address, host_of
from tunedesk.runs.generation import ChatMessage, Sampling

TRIES = 4
LONGEST_WAIT = 30.0
"""Seconds that a busy server may make us wait between two tries."""
LARGEST_REPLY = 4 << 20
_POLL = 0.05
_BUSY = (429, 500, 502, 503, 504)


class Cancelled(Exception):
    """The caller no longer wants the answer."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """base_url: what comes before /chat/completions, such as https://api.example.com/v1. timeout: seconds for
    one answer.
    """

    base_url: str
    model: str
    timeout: float = 120.0

    @property
    def host(self) -> str:
        """Where rows go, with the port when it is an unusual one. UserError for what is no address."""
        return host_of(self.base_url)


class EndpointWriter:
    """Answers of a model behind an address. The key is kept in memory only, and never in a message.

    Nothing is followed to another address, so the key and the rows go to `host` and nowhere else. UserError
    when the address is not https (http only to this computer), or the key cannot stand in a header.
    """

    def __init__(self, endpoint: Endpoint, key: str = "") -> None:
        self._endpoint = endpoint
        self._url = checked_address(endpoint.base_url)
        if not (key.isascii() and key.isprintable()):
            raise UserError(
                "The key has characters that no key has.", hint="Copy it again, without line breaks."
            )
        self._key = key.strip()
        self._limit_name = "max_tokens"

    @property
    def host(self) -> str:
        return self._endpoint.host

    @property
    def name(self) -> str:
        return f"{self._endpoint.model} at {self.host}"

    def ask(self, messages: Sequence[ChatMessage], sampling: Sampling, cancelled: Callable[[], bool]) -> str:
        """The answer's text. Cancelled when `cancelled` says so; UserError for everything that goes wrong."""
        for attempt in range(TRIES):
            reply = self._sent(self._body(messages, sampling), cancelled)
            if (
                reply.status == 400
                and b"max_completion_tokens" in reply.body
                and self._limit_name == "max_tokens"
            ):
                self._limit_name = "max_completion_tokens"  # what newer models call it
                continue
            if reply.status in _BUSY and attempt < TRIES - 1:
                _wait(reply.wait(attempt), cancelled)
                continue
            if reply.status != 200:
                raise self._refusal(reply)
            return self._text(reply.body)
        raise UserError(f"{self.host} refused the request {TRIES} times.", hint="Try again later.")

    def close(self) -> None:
        """Nothing is open between two questions."""

    def _body(self, messages: Sequence[ChatMessage], sampling: Sampling) -> bytes:
        body = {
            "model": self._endpoint.model,
            "messages": [{"role": turn.role, "content": turn.content} for turn in messages],
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
            self._limit_name: sampling.max_tokens,
        }
        return json.dumps(body).encode()

    def _sent(self, body: bytes, cancelled: Callable[[], bool]) -> _Reply:
        """One request on a thread of its own, so that a person who cancels need not wait for the server."""
        if cancelled():
            raise Cancelled
        exchange = _Exchange(self._url, self._endpoint.timeout, self._headers(), body)
        deadline = time.monotonic() + self._endpoint.timeout
        while not exchange.done.wait(_POLL):
            if cancelled():
                exchange.end()
                raise Cancelled
            if time.monotonic() > deadline:
                exchange.end()
                message = f"{self.host} did not answer within {self._endpoint.timeout:g} seconds."
                raise UserError(message, hint="Try again, or allow more time.")
        if exchange.reply is None:
            message = f"{self.host} cannot be reached: {self._without_key(exchange.error)}."
            raise UserError(message, hint="Check the address and the connection.")
        return exchange.reply

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "TuneDesk"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
            if (self._url.hostname or "").endswith(".azure.com"):
                headers["api-key"] = self._key
        return headers

    def _refusal(self, reply: _Reply) -> UserError:
        said = self._without_key(_error_text(reply.body))
        hints = {
            401: "Check the key.",
            403: "Check the key, and whether it may use this model.",
            404: "Check the address and the name of the model.",
            429: "The server is busy or the quota is used up. Try again later.",
        }
        if 300 <= reply.status < 400:
            hint = "It points to another address. Give that address if you trust it."
        else:
            hint = hints.get(reply.status, "Try again, or ask whoever runs the server.")
        return UserError(f"{self.host} answered {reply.status}{': ' if said else ''}{said}.", hint=hint)

    def _text(self, body: bytes) -> str:
        try:
            text = json.loads(body)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError):
            text = None
        if not isinstance(text, str):
            message = f"{self.host} answered with something that is no chat completion."
            raise UserError(message, hint="Is the address right? It usually ends in /v1.")
        return text

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "…") if self._key else text


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def wait(self, attempt: int) -> float:
        """Seconds that the server asks for, else 1, 2, 4."""
        with contextlib.suppress(ValueError):
            return min(LONGEST_WAIT, max(0.0, float(self.headers.get("retry-after", ""))))
        return float(2**attempt)


class _Exchange:
    """One request under way. done: set when `reply` or `error` is there."""

    def __init__(self, url: SplitResult, timeout: float, headers: dict[str, str], body: bytes) -> None:
        self.done = threading.Event()
        self.reply: _Reply | None = None
        self.error = ""
        self._connection = _connection(url, timeout)
        self._path = url.path.rstrip("/") + "/chat/completions" + (f"?{url.query}" if url.query else "")
        threading.Thread(target=self._run, args=(headers, body), daemon=True).start()

    def end(self) -> None:
        """Break the connection off; the thread then ends by itself."""
        connected = self._connection.sock
        if connected is not None:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def _run(self, headers: dict[str, str], body: bytes) -> None:
        try:
            self._connection.request("POST", self._path, body, headers)
            response = self._connection.getresponse()
            read = response.read(LARGEST_REPLY + 1)
            if len(read) > LARGEST_REPLY:
                self.error = f"the answer is longer than {LARGEST_REPLY >> 20} MB"
            else:
                named = {name.lower(): value for name, value in response.getheaders()}
                self.reply = _Reply(response.status, named, read)
        except (OSError, http.client.HTTPException) as error:
            self.error = str(error) or type(error).__name__
        finally:
            self._connection.close()
            self.done.set()


def _connection(url: SplitResult, timeout: float) -> http.client.HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "http":
        return http.client.HTTPConnection(host, url.port, timeout=timeout)
    return http.client.HTTPSConnection(host, url.port, timeout=timeout, context=ssl.create_default_context())


def _wait(seconds: float, cancelled: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if cancelled():
            raise Cancelled
        time.sleep(min(_POLL, left))


def _error_text(body: bytes) -> str:
    """What the server says went wrong, at most 300 characters on one line."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        found = found.get("error", found)
        found = found.get("message", found) if isinstance(found, dict) else found
    text = found if isinstance(found, str) else body[:300].decode("utf-8", "replace")
    return " ".join(text.split())[:300].rstrip(".")
