"""Keys of services: in the system's own store, or in memory where there is none; never in a file.

Any thread may ask. The system's store is read and written by `keyring`, of which only the stores of Windows,
macOS and the Linux desktops are taken: others may keep keys in the open, or throw them away.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, Protocol

from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.addresses import host_of

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "TuneDesk"
"""Under which the system's store lists the keys."""
Kept = Literal["system", "session"]
"""Where a key is: in the system's store, or in memory until the program ends."""
_TRUSTED = {
    "keyring.backends.Windows": "Windows Credential Manager",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service",
    "keyring.backends.kwallet": "KWallet",
}


class Vault(Protocol):
    """A store that outlives the program. Each method raises UserError when the store refuses.

    name: for people.
    """

    @property
    def name(self) -> str: ...
    def get(self, user: str) -> str: ...
    def put(self, user: str, key: str) -> None: ...
    def forget(self, user: str) -> None: ...


class KeyStore:
    """Keys by account and host: an account whose address changes does not get its old key.

    vault: a store that outlives the program. "find" looks for the system's at the first question, because
    that takes a while; None is none.
    """

    def __init__(self, vault: Vault | Literal["find"] | None = "find") -> None:
        self._vault = vault
        self._session: dict[str, str] = {}
        self._lock = threading.RLock()
        self._trouble = ""

    @property
    def backend(self) -> str:
        """Where keys are kept, for people."""
        vault = self._found()
        return vault.name if vault else "memory, until TuneDesk is closed"

    @property
    def can_remember(self) -> bool:
        """Whether a key can outlive the program."""
        return self._found() is not None

    @property
    def trouble(self) -> str:
        """What the system's store refused of the last `put`; "" when it refused nothing."""
        return self._trouble

    def get(self, account: Account) -> str:
        """The account's key; "" when there is none, and for an account that needs none.

        UserError: the system's store is locked or broken.
        """
        if account.auth != "key":
            return ""
        user = user_of(account)
        with self._lock:
            if user in self._session:
                return self._session[user]
            vault = self._found()
            return vault.get(user) if vault else ""

    def kept(self, account: Account) -> Kept | None:
        """Where the account's key is; None: there is none. UserError as `get`."""
        with self._lock:
            if not self.get(account):
                return None
            return "session" if user_of(account) in self._session else "system"

    def put(self, account: Account, key: str, remember: bool) -> Kept:
        """Keep a key, and say where; one that shall not be remembered is taken out of the system's store.

        UserError: this is no key. A store that refuses is no error: `trouble` then says why, and the key is
        kept in memory.
        """
        user, key = user_of(account), checked_key(key)
        with self._lock:
            self._trouble = ""
            vault = self._found()
            if remember and vault:
                try:
                    vault.put(user, key)
                except UserError as refused:
                    self._trouble = refused.sentence
                else:
                    self._session.pop(user, None)
                    return "system"
            elif remember:
                self._trouble = "This computer has no safe store for keys."
            self._session[user] = key
            if vault and not remember:
                self._forget_older(vault, user)
            return "session"

    def forget(self, account: Account) -> None:
        """Take the key out of everywhere; nothing happens where there is none. UserError as `get`."""
        user = user_of(account)
        with self._lock:
            self._session.pop(user, None)
            if vault := self._found():
                vault.forget(user)

    def _forget_older(self, vault: Vault, user: str) -> None:
        try:
            vault.forget(user)
        except UserError as refused:
            self._trouble = f"An older key may still be there. {refused.sentence}"

    def _found(self) -> Vault | None:
        with self._lock:
            if self._vault == "find":
                self._vault = find_vault()
            return self._vault


def user_of(account: Account) -> str:
    """The name under which the system's store has an account's key."""
    return f"{account.name} @ {host_of(account.base_url)}"


def checked_key(key: str) -> str:
    """The key without the blanks around it. UserError: empty, or with what cannot stand in a header."""
    bare = key.strip()
    if not bare:
        raise UserError("The key is empty.", hint="Copy it once more from the service's page.")
    if not (bare.isascii() and bare.isprintable()) or " " in bare:
        raise UserError(
            "The key has characters that no key has.", hint="Copy it again, without blanks and line breaks."
        )
    return bare


def find_vault() -> Vault | None:
    """The system's store; None where there is none that can be trusted."""
    try:
        import keyring
        from keyring.backends import chainer
    except ImportError:
        return None
    chosen = keyring.get_keyring()
    offered = chosen.backends if isinstance(chosen, chainer.ChainerBackend) else [chosen]
    for backend in offered:
        if name := trusted_name(backend):
            return SystemVault(backend, name)
    return None


def trusted_name(backend: KeyringBackend) -> str:
    """The name of a store that encrypts what it keeps; "" for any other."""
    module = type(backend).__module__
    return next(
        (name for trusted, name in _TRUSTED.items() if module == trusted or module.startswith(f"{trusted}.")),
        "",
    )


class SystemVault:
    """One back end of `keyring`."""

    def __init__(self, backend: KeyringBackend, name: str) -> None:
        self._backend = backend
        self.name = name

    def get(self, user: str) -> str:
        try:
            return self._backend.get_password(SERVICE, user) or ""
        except Exception as error:  # D-Bus, Windows and macOS each have errors of their own
            raise self._refusal("read", error) from None

    def put(self, user: str, key: str) -> None:
        try:
            self._backend.set_password(SERVICE, user, key)
            kept = self._backend.get_password(SERVICE, user) == key
        except Exception as error:
            raise self._refusal("written", error) from None
        if not kept:
            raise UserError(f"{self.name} did not keep the key.", hint="It is kept until TuneDesk is closed.")

    def forget(self, user: str) -> None:
        try:
            if self._backend.get_password(SERVICE, user) is not None:
                self._backend.delete_password(SERVICE, user)
        except Exception as error:
            raise self._refusal("changed", error) from None

    def _refusal(self, what: str, error: Exception) -> UserError:
        """Without the error's own words, in which the key might stand."""
        return UserError(
            f"{self.name} could not be {what} ({type(error).__name__}).",
            hint="Unlock it, or give the key for this session only.",
        )
