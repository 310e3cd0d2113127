"""What stands before every route: who asks, how often, and how much; it reads no body.

A request is refused before its body is taken in. ASGI, so that streams pass through untouched.
"""

from __future__ import annotations

import errno
import logging
import math
import secrets
import sqlite3
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tunedesk.runs.addresses import is_this_computer
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.settings import ServeSettings
from tunedesk.serve.tokens import LOCAL_USER, PREFIX, Tokens

LOG = logging.getLogger("tunedesk.serve")
OPEN_PATHS = ("/health", "/openapi.json")
"""Nothing of a user is told there."""
PROXY_HEADERS = ("forwarded", "via", "x-real-ip")
"""And all that begin with x-forwarded-: what a proxy adds to requests that it passes on."""
SLACK = 100_000
"""Bytes of a form around the file that it carries."""


@dataclass(slots=True)
class _Bucket:
    """Requests that a user may still make; it fills as time passes."""

    left: float
    at: float


class Access:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, tokens: Tokens, settings: ServeSettings) -> None:
        self._app = app
        self._tokens = tokens
        self._limits = settings.limits
        self._tokens_only = settings.require_token
        self._origins = settings.origins
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req_{secrets.token_hex(12)}"
        scope.setdefault("state", {})["request_id"] = request_id
        named = _with_header(send, request_id)
        try:
            if scope["path"] not in OPEN_PATHS:
                await run_in_threadpool(self._admit, Request(scope))
            receive = self._counted(scope, receive)
        except ApiError as refusal:
            await JSONResponse(refusal.body, refusal.status, headers=refusal.headers)(scope, receive, named)
            return
        await self._answer(scope, receive, named)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The edge: what no route expected is an answer too, and stands in the log with the request's id."""
        begun = False

        async def noticed(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noticed)
        except Exception as error:
            request_id = scope["state"]["request_id"]
            LOG.exception("%s %s failed (%s)", scope["method"], scope["path"], request_id)
            if begun:
                raise
            told = explained(error, request_id)
            await JSONResponse(told.body, told.status)(scope, receive, send)

    def _admit(self, request: Request) -> None:
        user = self._user(request)
        self._take(user)
        request.state.user = user

    def _user(self, request: Request) -> str:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip() if kind.lower() == "bearer" else ""
        user = self._tokens.user_of(token) if token.startswith(PREFIX) else None
        if user is not None:
            return user
        if self._tokens_only or token.startswith(PREFIX):
            raise _unknown(token)
        _refuse_passed_on(request)
        _refuse_other_pages(request, self._origins)
        return LOCAL_USER

    def _take(self, user: str) -> None:
        """A bucket a user, which holds a minute's requests and fills evenly."""
        most = self._limits.requests
        if not most:
            return
        with self._lock:
            now = time.monotonic()
            bucket = self._buckets.setdefault(user, _Bucket(most, now))
            bucket.left = min(float(most), bucket.left + (now - bucket.at) * most / 60)
            bucket.at = now
            lacking = max(0.0, 1 - bucket.left)
            bucket.left -= 0 if lacking else 1
        if lacking:
            wait = lacking * 60 / most
            raise ApiError(
                429,
                f"Rate limit reached: {most} requests a minute. Try again in {wait:.1f} s.",
                code="rate_limit_exceeded",
                headers={"Retry-After": str(max(1, math.ceil(wait)))},
            )

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """The body's stream, which ends with a refusal where it grows too large."""
        most = self._most_bytes(scope["path"])
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if told.isdigit() and int(told) > most:
            raise _too_large(most)
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                refusal = _too_large(most)
                # While it reads a body, FastAPI lets only this kind of exception through.
                raise HTTPException(refusal.status, refusal.message)
            return message

        return counted

    def _most_bytes(self, path: str) -> int:
        if path == "/v1/files":
            return self._limits.file_bytes + SLACK
        if path.startswith("/v1/uploads/") and path.endswith("/parts"):
            return self._limits.part_bytes + SLACK
        return self._limits.body_bytes


def explained(error: Exception, request_id: str) -> ApiError:
    """What a client is told of an error of the server's own."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or (isinstance(error, sqlite3.OperationalError) and "full" in str(error)):
        return ApiError(507, "The server's disk is full; nothing was kept of this request.", code="disk_full")
    return ApiError(500, f"The server met an error it does not know ({request_id}).")


def user_of(request: Request) -> str:
    """Whose request it is, as `Access` found out."""
    user: str = request.state.user
    return user


def _refuse_passed_on(request: Request) -> None:
    """A proxy on this computer asks from this computer's address, whoever asked it: that is not for sure one
    of this computer's own programs.
    """
    if any(name in PROXY_HEADERS or name.startswith("x-forwarded-") for name in request.headers):
        raise ApiError(
            403,
            "This request came through a proxy, so it needs a token. The server gives tokens with: "
            "tunedesk serve token add NAME",
            code="token_needed",
        )


def _refuse_other_pages(request: Request, allowed: Collection[str]) -> None:
    """Without a token only this computer's own programs are served: no page of another site in its browser
    that was not allowed, and no name of another host that was made to point here.
    """
    host = _host(f"//{request.headers.get('host', '')}")
    origin = request.headers.get("origin")
    is_own = origin is None or origin in allowed or is_this_computer(_host(origin))
    if not is_this_computer(host) or not is_own:
        raise ApiError(
            403,
            "This server serves programs of its own computer only, by the name localhost or 127.0.0.1.",
            code="forbidden_origin",
        )


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _unknown(token: str) -> ApiError:
    said = "Incorrect API key provided." if token else "You didn't provide an API key."
    message = f"{said} This server gives tokens with: tunedesk serve token add NAME"
    return ApiError(401, message, code="invalid_api_key", headers={"WWW-Authenticate": "Bearer"})


def _too_large(most: int) -> ApiError:
    return ApiError(413, f"The request is larger than {most:,} bytes.", code="request_too_large")


def _with_header(send: Send, request_id: str) -> Send:
    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: list[Any] = list(message.get("headers", []))
            message = {**message, "headers": [*headers, (b"x-request-id", request_id.encode())]}
        await send(message)

    return named
