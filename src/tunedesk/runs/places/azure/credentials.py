"""Tokens of Microsoft Entra ID: from the Azure CLI's login, or from a login in the browser that was kept.

Tokens live in memory; what outlives the program is azure-identity's own cache, which it encrypts or refuses.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential
    from azure.identity import AuthenticationRecord

AUTHORITY = "login.microsoftonline.com"
"""Said each time: azure-identity would else take it from the environment. Other clouds log in with `az`."""
CACHE = "tunedesk"
EARLY = 300.0
"""Seconds before its end from which a token is replaced."""
CLI_SECONDS = 30
Token = Callable[[], str]


def token_provider(account: Account, scope: str) -> Token:
    """A function that gives a valid token for a scope such as https://ai.azure.com/.default, on any thread.

    UserError, here or when it is called: azure-identity is missing, or nobody is logged in.
    """
    return _Cached(_credential(), scope, account.name)


def log_in(scope: str) -> str:
    """Open the browser, wait for the login there, and keep it for later; the user's name.

    Takes as long as the person does. UserError: it failed, or this computer cannot encrypt what is kept.
    """
    identity = _identity()
    try:
        credential = identity.InteractiveBrowserCredential(
            authority=AUTHORITY, cache_persistence_options=_cache()
        )
        record = credential.authenticate(scopes=[scope])
    except Exception as error:  # azure-identity, msal and its cache each have errors of their own
        raise UserError(
            f"The login did not work ({type(error).__name__}).",
            hint="Try again, or log in with the Azure CLI: az login.",
        ) from None
    paths.write_atomically(_record_file(), record.serialize().encode())
    return str(record.username)


def log_out() -> None:
    """Forget the browser's login; that of the Azure CLI is its own."""
    _record_file().unlink(missing_ok=True)


def logged_in_as() -> str:
    """Who logged in in the browser; "" where the Azure CLI's login is used."""
    record = _record()
    return str(record.username) if record else ""


def _identity():  # type: ignore[no-untyped-def]  # a module that may be missing
    try:
        import azure.identity
    except ImportError as error:
        raise UserError(
            "Logging in with Microsoft Entra ID needs the package azure-identity.",
            hint="Install it with: pip install 'tunedesk[azure]', or use the resource's key.",
        ) from error
    return azure.identity


def _record_file() -> Path:
    """Who logged in, without any secret: azure-identity's AuthenticationRecord."""
    return paths.home() / "entra.json"


def _record() -> AuthenticationRecord | None:
    try:
        text = _record_file().read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        record: AuthenticationRecord = _identity().AuthenticationRecord.deserialize(text)
    except (ValueError, KeyError) as error:
        raise UserError(f"{_record_file()} is damaged.", hint="Delete it, and log in again.") from error
    return record


def _cache():  # type: ignore[no-untyped-def]
    return _identity().TokenCachePersistenceOptions(name=CACHE, allow_unencrypted_storage=False)


def _credential() -> TokenCredential:
    identity, record = _identity(), _record()
    if record is None:
        credential: TokenCredential = identity.AzureCliCredential(process_timeout=CLI_SECONDS)
        return credential
    credential = identity.InteractiveBrowserCredential(
        authority=AUTHORITY,
        authentication_record=record,
        cache_persistence_options=_cache(),
        disable_automatic_authentication=True,  # a process in the background opens no browser
    )
    return credential


class _Cached:
    """Asks for a new token shortly before the old one ends; the Azure CLI takes a second each time."""

    def __init__(self, credential: TokenCredential, scope: str, account: str) -> None:
        self._credential, self._scope, self._account = credential, scope, account
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def __call__(self) -> str:
        with self._lock:
            if self._token is None or self._token.expires_on - time.time() < EARLY:
                self._token = self._ask()
            return self._token.token

    def _ask(self) -> AccessToken:
        try:
            return self._credential.get_token(self._scope)
        except Exception as error:  # as in log_in; its words may hold parts of tokens
            raise UserError(
                f"Nobody is logged in to Microsoft Entra ID for {self._account} ({type(error).__name__}).",
                hint="Log in with the Azure CLI (az login), or: tunedesk accounts login.",
            ) from None
