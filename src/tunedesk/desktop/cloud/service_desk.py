"""The services that the user has set up, with their keys; every question and change in the background.

It draws nothing, and a key passes through it only on its way into the key store or to a place that runs jobs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from tunedesk.desktop.background import Background, Job
from tunedesk.errors import UserError

if TYPE_CHECKING:  # msgspec and the system's key store come after the first paint
    from tunedesk.runs.accounts import Account
    from tunedesk.runs.keys import KeyStore
    from tunedesk.runs.places.cloud.models import RemoteModel
    from tunedesk.runs.provider import Provider

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class KnownService:
    """One account. provider: None when nothing is known of its profile any more. has_key: whether it can be
    logged in to. trouble: why it cannot be used as it is; "" when it can.
    """

    account: Account
    provider: Provider | None
    has_key: bool
    trouble: str = ""

    @property
    def name(self) -> str:
        return self.account.name


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that was found out at once. backend: where keys are kept, for people."""

    services: tuple[KnownService, ...] = ()
    profiles: tuple[Provider, ...] = ()
    backend: str = ""
    can_remember: bool = False
    troubles: tuple[UserError, ...] = ()
    """What is wrong with profiles of the user's own, which are left out."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What a test of a connection showed, in a sentence."""

    name: str
    sentence: str
    worked: bool


class ServiceDesk(QObject):
    changed = Signal()
    """Other services, profiles or keys than before."""
    found = Signal(object)
    """With every `changed`: all that is `Known`, for widgets that show it."""
    key_given = Signal(str)
    """The account of this name has a key now; what waited for it may go on."""
    key_kept_in_memory = Signal(str)
    """Why a key that was to be remembered is known until the end of the program only."""
    removed = Signal(object)
    """The `Account` that was taken out."""
    tested = Signal(object)
    """A `Tested`."""
    profile_copied = Signal(object)
    """The `Path` of the user's own copy."""
    save_refused = Signal(str)
    """Why a service cannot be saved as it is."""
    failed = Signal(Exception)

    def __init__(self, background: Background, keys: KeyStore | None = None) -> None:
        super().__init__(background)
        self._background = background
        self._keys = keys
        self._known: Known | None = None
        self._testing: Job | None = None
        self._keyed: set[Account] = set()
        """Accounts whose key was given since the program began."""

    @property
    def known(self) -> Known | None:
        """None: nobody has looked yet."""
        return self._known

    def service(self, name: str) -> KnownService | None:
        services = self._known.services if self._known else ()
        return next((one for one in services if one.name == name), None)

    def key_of(self, account: Account) -> str:
        """For background threads: the system's store may keep us waiting. UserError: it is locked."""
        return self._store().get(account)

    def look(self) -> None:
        """Find out, or find out again, what there is; `changed` follows."""
        self._do(lambda: None, lambda _: None)

    def save(self, old_name: str, account: Account, key: str = "", remember: bool = False) -> None:
        """Add an account, or change the one of that name; a key that was typed is kept with it."""

        def work() -> str:
            _save(self._store(), old_name, account)
            return self._put(account, key, remember) if key else ""

        def then(trouble: str) -> None:
            if key:
                self._tell_kept(account.name, trouble)

        def refused(error: Exception) -> None:
            if isinstance(error, UserError):
                self.save_refused.emit(error.sentence)
            else:
                self.failed.emit(error)

        self._do(work, then, refused, label="Saving the service")

    def give_key(self, name: str, key: str, remember: bool) -> None:
        service = self.service(name)
        if service is None:
            self.failed.emit(UserError(f"There is no service {name!r} any more.", hint="Add it in Settings."))
            return
        self.keep_key(service.account, key, remember)

    def keep_key(self, account: Account, key: str, remember: bool) -> None:
        """Of an account as a run knows it; the user may have removed it since."""
        name = account.name
        self._do(lambda: self._put(account, key, remember), lambda trouble: self._tell_kept(name, trouble))

    def has_key(self, account: Account) -> bool:
        """Whether the account can be logged in to, as far as anyone has looked."""
        known = self.service(account.name)
        return account.auth != "key" or bool(known and known.has_key) or account in self._keyed

    def forget_key(self, name: str) -> None:
        service = self.service(name)
        if service is not None:
            account = service.account
            self._keyed.discard(account)
            self._do(lambda: self._store().forget(account), lambda _: None)

    def remove(self, name: str) -> None:
        """The account and its key go; runs keep what it takes to follow them."""

        def work() -> Account:
            from tunedesk.runs.account_files import remove_account

            account = remove_account(name)
            self._store().forget(account)
            return account

        self._do(work, self.removed.emit)

    def test(self, name: str) -> None:
        """Ask the service for its models: no row is sent."""
        service = self.service(name)
        if service is None or service.provider is None:
            return
        account, provider = service.account, service.provider

        def work(job: Job) -> tuple[RemoteModel, ...]:
            from tunedesk.runs.places.cloud.models import list_models

            return list_models(account, provider, self._store().get(account))

        def then(models: tuple[RemoteModel, ...]) -> None:
            from tunedesk.runs.addresses import host_of

            count = "1 model" if len(models) == 1 else f"{len(models):,} models"
            told = f"{host_of(account.base_url)} answered, and lists {count}."
            self.tested.emit(Tested(name, told, True))

        def trouble(error: Exception) -> None:
            if not isinstance(error, UserError):
                self.failed.emit(error)
            words = error.sentence if isinstance(error, UserError) else "The test did not end."
            self.tested.emit(Tested(name, words, False))

        def stopped() -> None:
            self.tested.emit(Tested(name, "The test was cancelled.", False))

        if self._testing is not None:
            self._background.cancel(self._testing)
        self._testing = self._background.run(
            work, then, trouble, stopped=stopped, owner=self, label=f"Asking {name}"
        )

    def log_in(self, name: str) -> None:
        """Open the browser for Microsoft's login, and say in the end who is logged in; `tested` follows."""
        service = self.service(name)
        if service is None or service.provider is None:
            return
        scope = service.provider.entra_scope

        def work(job: Job) -> str:
            from tunedesk.runs.places.azure.credentials import log_in

            return log_in(scope)

        def then(user: str) -> None:
            self.tested.emit(Tested(name, f"Logged in as {user}.", True))

        def trouble(error: Exception) -> None:
            if not isinstance(error, UserError):
                self.failed.emit(error)
            words = error.sentence if isinstance(error, UserError) else "The login did not end."
            self.tested.emit(Tested(name, words, False))

        def stopped() -> None:
            self.tested.emit(Tested(name, "The login is not waited for any more.", False))

        self._background.run(
            work, then, trouble, stopped=stopped, owner=self, label="Waiting for the login in the browser"
        )

    def copy_profile(self, profile: str, new_id: str) -> None:
        """The user's own copy of a profile, to be edited as a file."""

        def work() -> Path:
            from tunedesk.runs.provider_files import copy_provider

            return copy_provider(profile, new_id)

        self._do(work, self.profile_copied.emit)

    def _put(self, account: Account, key: str, remember: bool) -> str:
        store = self._store()
        store.put(account, key, remember)
        self._keyed.add(account)
        return store.trouble

    def _tell_kept(self, name: str, trouble: str) -> None:
        if trouble:
            self.key_kept_in_memory.emit(trouble)
        self.key_given.emit(name)

    def _store(self) -> KeyStore:
        if self._keys is None:
            from tunedesk.runs.keys import KeyStore

            self._keys = KeyStore()
        return self._keys

    def _do(
        self,
        act: Callable[[], Result],
        then: Callable[[Result], None],
        failed: Callable[[Exception], None] | None = None,
        label: str = "",
    ) -> None:
        """Act, look again, tell what changed, and only then go on: who goes on finds it known."""

        def work(job: Job) -> tuple[Result, Known]:
            done = act()
            return done, _look(self._store())

        def ended(answer: tuple[Result, Known]) -> None:
            told = self._known.troubles if self._known else ()
            done, self._known = answer
            for trouble in self._known.troubles:
                if trouble.message not in [one.message for one in told]:
                    self.failed.emit(trouble)
            self.changed.emit()
            self.found.emit(self._known)
            then(done)

        self._background.run(
            work, ended, failed or self.failed.emit, owner=self, label=label, can_cancel=False
        )


def _look(store: KeyStore) -> Known:
    from tunedesk.runs.account_files import read_accounts
    from tunedesk.runs.provider_files import find_providers

    troubles: list[UserError] = []
    profiles = find_providers(troubles.append)
    by_id = {one.id: one for one in profiles}
    services = tuple(_known(store, account, by_id.get(account.provider)) for account in read_accounts())
    return Known(services, profiles, store.backend, store.can_remember, tuple(troubles))


def _known(store: KeyStore, account: Account, provider: Provider | None) -> KnownService:
    if provider is None:
        trouble = f"There is no profile {account.provider!r} any more. Choose another one."
        return KnownService(account, None, False, trouble)
    try:
        has_key = account.auth != "key" or bool(store.get(account))
    except UserError as locked:
        return KnownService(account, provider, False, locked.sentence)
    return KnownService(account, provider, has_key)


def _save(store: KeyStore, old_name: str, account: Account) -> None:
    """An account that is only renamed takes its key along; one with another address loses it."""
    from tunedesk.runs.account_files import account_named, add_account, replace_account
    from tunedesk.runs.keys import user_of

    if not old_name:
        add_account(account)
        return
    before = account_named(old_name)
    replace_account(old_name, account)
    if before.auth != "key" or user_of(before) == user_of(account):
        return
    key = store.get(before) if _same_host(before, account) else ""
    if key:
        store.put(account, key, remember=store.kept(before) == "system")
    store.forget(before)


def _same_host(one: Account, other: Account) -> bool:
    from tunedesk.runs.addresses import host_of

    return host_of(one.base_url) == host_of(other.base_url)
