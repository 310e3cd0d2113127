"""The user's accounts as a file: what may stand in it, and how it is changed. No key is ever in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from filelock import FileLock
from msgspec import Struct

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.addresses import checked_address, is_this_computer

VERSION = 1
LONGEST_NAME = 60
_Change = Callable[[tuple[Account, ...]], Sequence[Account]]


class _Accounts(Struct, frozen=True):
    accounts: tuple[Account, ...] = ()
    version: int = VERSION


def accounts_file() -> Path:
    return paths.home() / "accounts.json"


def read_accounts() -> tuple[Account, ...]:
    """All accounts in the user's order; none where there is no file. UserError: the file is damaged."""
    path = accounts_file()
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Accounts)
    except FileNotFoundError:
        return ()
    except msgspec.MsgspecError as error:
        raise UserError(
            f"{path} cannot be read: {error}.", hint="Mend it, or move it away and set up the accounts again."
        ) from error
    if found.version > VERSION:
        raise UserError(f"{path} was written by a newer TuneDesk.", hint="Update TuneDesk.")
    try:
        _check(found.accounts)  # a person may have edited the file
    except UserError as error:
        raise UserError(f"{path}: {error.message}", hint=error.hint) from error
    return found.accounts


def account_named(name: str) -> Account:
    """UserError names the accounts that there are."""
    accounts = read_accounts()
    for account in accounts:
        if account.name == name:
            return account
    known = ", ".join(account.name for account in accounts)
    hint = f"There are: {known}." if known else "Add one with: tunedesk accounts add."
    raise UserError(f"There is no account {name!r}.", hint=hint)


def write_accounts(accounts: Sequence[Account]) -> None:
    """Replace all. UserError: one of them is wrong, or two have the same name."""
    _change(lambda _: accounts)


def add_account(account: Account) -> None:
    """Behind the others. UserError: it is wrong, or the name is taken."""
    _change(lambda known: (*known, account))


def replace_account(name: str, account: Account) -> None:
    """The account of that name becomes this one, in its place. UserError: there is none of that name."""

    def change(known: tuple[Account, ...]) -> Sequence[Account]:
        _find(known, name)
        return [account if each.name == name else each for each in known]

    _change(change)


def remove_account(name: str) -> Account:
    """Take it out, and return it, so that its key can be forgotten. UserError: there is none."""
    gone: list[Account] = []

    def change(known: tuple[Account, ...]) -> Sequence[Account]:
        gone.append(_find(known, name))
        return [each for each in known if each.name != name]

    _change(change)
    return gone[0]


def check_account(account: Account) -> None:
    """UserError: a name that cannot be shown, an address no key may go to, no login where one is due."""
    name = account.name
    if not name or name != name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise UserError(
            f"{name!r} cannot be the name of an account.",
            hint=f"Choose up to {LONGEST_NAME} characters, without blanks at its ends.",
        )
    url = checked_address(account.base_url)
    if account.auth == "none" and not is_this_computer(url.hostname or ""):
        raise UserError(
            f"The account {name} has no login, but {url.hostname} is another computer.",
            hint="Only a server on this computer may be used without a key.",
        )


def check_names(accounts: Sequence[Account]) -> None:
    """UserError: two accounts have the same name, whatever their capitals."""
    seen: set[str] = set()
    for account in accounts:
        if account.name.casefold() in seen:
            raise UserError(f"There are two accounts {account.name!r}.", hint="Give one another name.")
        seen.add(account.name.casefold())


def _check(accounts: Sequence[Account]) -> None:
    for account in accounts:
        check_account(account)
    check_names(accounts)


def _find(accounts: Sequence[Account], name: str) -> Account:
    for account in accounts:
        if account.name == name:
            return account
    raise UserError(f"There is no account {name!r}.", hint="See: tunedesk accounts list.")


def _change(change: _Change) -> None:
    """Read, change, check and write, while no other window or command does."""
    path = accounts_file()
    with FileLock(path.with_suffix(".lock")):
        accounts = tuple(change(read_accounts()))
        _check(accounts)
        data = msgspec.json.format(msgspec.json.encode(_Accounts(accounts)), indent=2)
        paths.write_atomically(path, data + b"\n")
