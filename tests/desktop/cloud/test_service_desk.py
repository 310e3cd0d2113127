"""The desk of services on a computer that has a safe store."""

import msgspec

from tests.runs.test_keys import KEY, Store
from tunedesk.desktop.cloud.service_desk import ServiceDesk
from tunedesk.runs.account_files import add_account
from tunedesk.runs.accounts import Account
from tunedesk.runs.keys import KeyStore, SystemVault

WORK = Account(name="Work", provider="openai", base_url="https://api.openai.com/v1")


def test_a_key_for_this_session_stays_one_when_its_service_is_renamed(
    background, settle, tmp_path, monkeypatch
):
    monkeypatch.setenv("TUNEDESK_HOME", str(tmp_path))
    store = Store()
    keys = KeyStore(SystemVault(store, "a store"))
    desk = ServiceDesk(background, keys)
    add_account(WORK)
    keys.put(WORK, KEY, remember=False)
    renamed = msgspec.structs.replace(WORK, name="Play")
    desk.save("Work", renamed)
    settle()
    assert keys.kept(renamed) == "session"
    assert not store.kept, "what was not to be remembered is in no store"


def test_a_remembered_key_goes_along_in_the_store(background, settle, tmp_path, monkeypatch):
    monkeypatch.setenv("TUNEDESK_HOME", str(tmp_path))
    store = Store()
    keys = KeyStore(SystemVault(store, "a store"))
    desk = ServiceDesk(background, keys)
    add_account(WORK)
    keys.put(WORK, KEY, remember=True)
    renamed = msgspec.structs.replace(WORK, name="Play")
    desk.save("Work", renamed)
    settle()
    assert keys.kept(renamed) == "system"
    assert [user for _, user in store.kept] == ["Play @ api.openai.com"]
