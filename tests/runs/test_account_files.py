"""accounts.json: what it holds, and what may not stand in it."""

import threading

import msgspec
import pytest

from tunedesk.errors import UserError
from tunedesk.runs.account_files import (
    account_named,
    accounts_file,
    add_account,
    read_accounts,
    remove_account,
    replace_account,
    write_accounts,
)
from tunedesk.runs.accounts import Account, AzureResource

OPENAI = Account(name="Work", provider="openai", base_url="https://api.openai.com/v1")
AZURE = Account(
    name="Azure West",
    provider="azure",
    base_url="https://r.openai.azure.com/openai/v1/",
    auth="entra",
    region="westeurope",
    models=("gpt-4.1-mini",),
    azure=AzureResource("s", "g", "r"),
)


def test_accounts_come_back_as_they_were_written() -> None:
    assert read_accounts() == ()
    write_accounts([OPENAI, AZURE])
    assert read_accounts() == (OPENAI, AZURE)
    assert account_named("Azure West") == AZURE


def test_an_account_is_added_changed_and_removed_in_its_place() -> None:
    add_account(OPENAI)
    add_account(AZURE)
    moved = msgspec.structs.replace(OPENAI, region="eu")
    replace_account("Work", moved)
    assert read_accounts() == (moved, AZURE)
    assert remove_account("Work") == moved
    assert read_accounts() == (AZURE,)


@pytest.mark.parametrize("name", ["", " Work", "a\nb", "x" * 61])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="name"):
        add_account(msgspec.structs.replace(OPENAI, name=name))


def test_two_accounts_cannot_have_the_same_name() -> None:
    add_account(OPENAI)
    with pytest.raises(UserError, match="two accounts"):
        add_account(msgspec.structs.replace(AZURE, name="work"))
    assert read_accounts() == (OPENAI,)


@pytest.mark.parametrize(
    "base_url", ["http://api.openai.com/v1", "https://me:secret@api.openai.com/v1", "api.openai.com", ""]
)
def test_an_address_that_a_key_may_not_go_to_is_refused(base_url: str) -> None:
    with pytest.raises(UserError) as caught:
        add_account(msgspec.structs.replace(OPENAI, base_url=base_url))
    assert "secret" not in caught.value.sentence


def test_only_this_computer_may_be_used_without_a_login() -> None:
    add_account(Account(name="Here", provider="tunedesk", base_url="http://127.0.0.1:8731/v1", auth="none"))
    with pytest.raises(UserError, match="another computer"):
        add_account(msgspec.structs.replace(OPENAI, auth="none"))


def test_unknown_names_are_told_with_the_known_ones() -> None:
    add_account(OPENAI)
    for ask in (account_named, remove_account):
        with pytest.raises(UserError, match="Home"):
            ask("Home")
    with pytest.raises(UserError) as caught:
        account_named("Home")
    assert "Work" in caught.value.hint


@pytest.mark.parametrize("text", ["{", '{"accounts": [{"name": 1}]}', '{"accounts": [], "version": 99}'])
def test_a_damaged_file_is_told_and_left_alone(text: str) -> None:
    accounts_file().write_text(text)
    with pytest.raises(UserError, match=r"accounts\.json"):
        read_accounts()
    with pytest.raises(UserError):
        add_account(OPENAI)
    assert accounts_file().read_text() == text


def test_an_account_that_a_person_wrote_wrongly_is_told_with_the_file() -> None:
    accounts_file().write_text(
        '{"accounts": [{"name": "Work", "provider": "openai", "base_url": "http://example.com"}]}'
    )
    with pytest.raises(UserError, match=r"accounts\.json.*without encryption"):
        read_accounts()


def test_accounts_added_at_the_same_time_are_all_kept() -> None:
    accounts = [msgspec.structs.replace(OPENAI, name=f"Account {number}") for number in range(12)]
    threads = [threading.Thread(target=add_account, args=(account,)) for account in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {account.name for account in read_accounts()} == {account.name for account in accounts}
