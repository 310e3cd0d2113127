"""Keys are kept by the system or in memory, and nowhere else."""

import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringLocked

from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.keys import KeyStore, SystemVault, checked_key, find_vault, trusted_name

KEY = "sk-proj-abcdefgh12345678"
ACCOUNT = Account(name="Work", provider="openai", base_url="https://api.openai.com/v1")


class Store(KeyringBackend):
    """A back end that keeps what it gets, as the system's do."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Locked(Store):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"no access to {username} {KEY}")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(f"no access to {username} {password}")


class Forgetful(Store):
    """As `null` does it: says yes to everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


def system(backend: KeyringBackend) -> KeyStore:
    return KeyStore(SystemVault(backend, "a store"))


def test_a_remembered_key_is_kept_by_the_system_under_name_and_host() -> None:
    backend = Store()
    assert system(backend).put(ACCOUNT, f" {KEY}\n", remember=True) == "system"
    assert backend.kept == {("TuneDesk", "Work @ api.openai.com"): KEY}
    assert system(backend).get(ACCOUNT) == KEY


def test_a_changed_address_does_not_get_the_old_key() -> None:
    store = system(Store())
    store.put(ACCOUNT, KEY, remember=True)
    elsewhere = Account(name="Work", provider="openai", base_url="https://api.example.com/v1")
    assert store.get(elsewhere) == ""


def test_a_key_for_this_session_never_reaches_the_system() -> None:
    backend = Store()
    store = system(backend)
    assert store.put(ACCOUNT, KEY, remember=False) == "session"
    assert store.get(ACCOUNT) == KEY
    assert backend.kept == {}
    assert system(backend).get(ACCOUNT) == ""


def test_a_key_that_shall_no_longer_be_remembered_leaves_the_system() -> None:
    backend = Store()
    store = system(backend)
    store.put(ACCOUNT, "old-key", remember=True)
    store.put(ACCOUNT, KEY, remember=False)
    assert store.get(ACCOUNT) == KEY
    assert backend.kept == {}


def test_without_a_store_a_key_lives_in_memory_and_that_is_said() -> None:
    store = KeyStore(None)
    assert store.put(ACCOUNT, KEY, remember=True) == "session"
    assert "no safe store" in store.trouble
    assert "memory" in store.backend
    assert not store.can_remember
    assert store.get(ACCOUNT) == KEY


def test_a_forgotten_key_is_gone_everywhere() -> None:
    backend = Store()
    store = system(backend)
    store.put(ACCOUNT, KEY, remember=True)
    store.forget(ACCOUNT)
    store.forget(ACCOUNT)
    assert store.get(ACCOUNT) == ""
    assert backend.kept == {}


@pytest.mark.parametrize("auth", ["entra", "none"])
def test_an_account_with_another_login_has_no_key(auth: str) -> None:
    store = system(Store())
    account = Account(name="Local", provider="tunedesk", base_url="http://127.0.0.1:8731/v1", auth=auth)  # type: ignore[arg-type]
    assert store.get(account) == ""


def test_a_store_says_where_a_key_is() -> None:
    store = system(Store())
    assert store.kept(ACCOUNT) is None
    assert store.put(ACCOUNT, KEY, remember=True) == store.kept(ACCOUNT) == "system"
    assert store.put(ACCOUNT, KEY, remember=False) == store.kept(ACCOUNT) == "session"


def test_a_locked_store_is_told_without_the_key() -> None:
    store = system(Locked())
    with pytest.raises(UserError) as caught:
        store.get(ACCOUNT)
    assert "KeyringLocked" in caught.value.message
    assert KEY not in caught.value.sentence
    assert caught.value.__cause__ is None


def test_a_store_that_refuses_leaves_the_key_in_memory_and_says_why() -> None:
    store = system(Locked())
    assert store.put(ACCOUNT, KEY, remember=True) == "session"
    assert "KeyringLocked" in store.trouble
    assert store.get(ACCOUNT) == KEY


def test_a_store_that_keeps_nothing_is_noticed() -> None:
    store = system(Forgetful())
    assert store.put(ACCOUNT, KEY, remember=True) == "session"
    assert "did not keep" in store.trouble


@pytest.mark.parametrize("wrong", ["", "  ", "two words", "line\nbreak", "schlüssel", "tab\there"])
def test_what_cannot_be_a_key_is_refused_without_being_shown(wrong: str) -> None:
    with pytest.raises(UserError) as caught:
        checked_key(wrong)
    assert not wrong.strip() or wrong not in caught.value.sentence


@pytest.mark.parametrize(
    ("module", "trusted"),
    [
        ("keyring.backends.Windows", True),
        ("keyring.backends.macOS", True),
        ("keyring.backends.SecretService", True),
        ("keyring.backends.kwallet", True),
        ("keyring.backends.fail", False),
        ("keyring.backends.null", False),
        ("keyring.backends.macOSlike", False),
        ("keyrings.alt.file", False),
        ("keyrings.cryptfile.cryptfile", False),
    ],
)
def test_only_the_systems_own_stores_are_trusted(module: str, trusted: bool) -> None:
    backend = type("Keyring", (Store,), {"__module__": module})()
    assert bool(trusted_name(backend)) is trusted


def test_a_chosen_plaintext_store_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = type("PlaintextKeyring", (Store,), {"__module__": "keyrings.alt.file"})()
    monkeypatch.setattr(keyring, "get_keyring", lambda: plain)
    assert find_vault() is None


def test_of_several_stores_the_first_trusted_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = type("PlaintextKeyring", (Store,), {"__module__": "keyrings.alt.file"})()
    wallet = type("DBusKeyring", (Store,), {"__module__": "keyring.backends.kwallet"})()
    chain = type("Chain", (ChainerBackend,), {"backends": [plain, wallet]})()
    monkeypatch.setattr(keyring, "get_keyring", lambda: chain)
    vault = find_vault()
    assert vault is not None
    vault.put("Work @ api.openai.com", KEY)
    assert plain.kept == {}
    assert list(wallet.kept.values()) == [KEY]


def test_a_program_without_keyring_still_keeps_keys_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    store = KeyStore()
    assert store.put(ACCOUNT, KEY, remember=True) == "session"
    assert store.get(ACCOUNT) == KEY


def test_no_file_of_the_user_holds_the_key(tunedesk_home: Path) -> None:
    store = KeyStore(None)
    store.put(ACCOUNT, KEY, remember=True)
    assert [path for path in tunedesk_home.rglob("*") if path.is_file()] == []
