"""The openai client for one account: nothing in the environment changes where it asks or what it sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.addresses import checked_address, is_this_computer
from tunedesk.runs.provider import Provider

if TYPE_CHECKING:
    import httpx2
    import openai

TIMEOUT, CONNECT_TIMEOUT = 120.0, 15.0
"""Seconds without a byte, and seconds until a service that is up has taken the call."""
# What the client and its transport send by themselves. OPENAI_CUSTOM_HEADERS would add others, even a key.
_USUAL = frozenset(
    {"host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length"}
    | {"transfer-encoding"}
)
_OWN_PREFIX = "x-stainless-"
_NO_KEY = "no-key"
Key = str | Callable[[], str]
"""A key, or what gives a fresh token before each request."""


def connect(account: Account, provider: Provider, key: Key, *, timeout: float = TIMEOUT) -> openai.OpenAI:
    """A client that asks once, never again by itself, and follows no redirect.

    UserError: the address may not be used, there is no key where one is needed, or the client is missing.
    """
    address = checked_address(account.base_url)
    if account.auth == "key" and not key:
        raise UserError(f"There is no key for {account.name}.", hint="Give the key in Settings, Services.")
    if isinstance(key, str) and not (key.isascii() and key.isprintable() and " " not in key):
        # The transport would refuse it with a sentence that shows it.
        message = f"The key for {account.name} has characters that no key has."
        raise UserError(message, hint="Copy the key once more, without blanks and quotation marks.")
    try:
        import httpx2
        import openai
    except ImportError as error:
        message = f"The part for services is missing: {error.name}."
        raise UserError(message, hint="Install it with: pip install tunedesk") from error
    headers = _own_headers(account, provider, key)
    http_client = openai.DefaultHttpxClient(
        follow_redirects=False,  # a key and rows go to the host that was agreed to, and no other
        timeout=httpx2.Timeout(timeout, connect=CONNECT_TIMEOUT),
        event_hooks={"request": [_Cleaner(headers)]},
        # This computer is behind no proxy; one that the environment names would get key and rows in clear.
        trust_env=not is_this_computer(address.hostname or ""),
    )
    # Each empty text keeps the client from asking the environment.
    return openai.OpenAI(
        base_url=_root(account, provider),
        api_key=_NO_KEY,
        admin_api_key="",
        webhook_secret="",
        organization="",
        project="",
        default_query={"api-version": provider.api_version} if provider.api == "azure-classic" else {},
        timeout=httpx2.Timeout(timeout, connect=CONNECT_TIMEOUT),
        max_retries=0,
        http_client=http_client,
    )


def _root(account: Account, provider: Provider) -> str:
    root = account.base_url.strip().rstrip("/")
    if provider.api == "azure-classic" and not root.endswith("/openai"):
        root += "/openai"
    return root + "/"


def _own_headers(account: Account, provider: Provider, key: Key) -> dict[str, Key]:
    """What every request carries; a callable is asked for its token each time."""
    headers: dict[str, Key] = {}
    if account.auth == "key":
        assert isinstance(key, str)
        as_header = provider.api == "azure-classic"
        headers["api-key" if as_header else "authorization"] = key if as_header else f"Bearer {key}"
    elif account.auth == "entra":
        headers["authorization"] = _bearer(key)
    if account.organization:
        headers["openai-organization"] = account.organization
    if account.project:
        headers["openai-project"] = account.project
    return headers


def _bearer(token: Key) -> Callable[[], str]:
    return lambda: f"Bearer {token() if callable(token) else token}"


class _Cleaner:
    """Sees each request before it leaves: takes away what is not ours, and puts in what is."""

    def __init__(self, own: dict[str, Key]) -> None:
        self._own = own

    def __call__(self, request: httpx2.Request) -> None:
        for name in list(request.headers):
            lower = name.lower()
            if lower not in _USUAL and not lower.startswith(_OWN_PREFIX):
                del request.headers[name]
        for name, value in self._own.items():
            request.headers[name] = value() if callable(value) else value
