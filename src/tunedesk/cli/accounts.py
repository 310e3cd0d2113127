"""`tunedesk accounts`: which services are set up, where their keys are, and whether they answer."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

import msgspec

from tunedesk.cli.cloud_keys import KeyFinder, ask_for_key
from tunedesk.cli.output import print_json, print_table, progress
from tunedesk.errors import UserError
from tunedesk.runs.account_files import account_named, add_account, read_accounts, remove_account
from tunedesk.runs.accounts import Account, AzureResource
from tunedesk.runs.addresses import checked_address, host_of, is_this_computer
from tunedesk.runs.keys import KeyStore
from tunedesk.runs.places.azure import credentials
from tunedesk.runs.places.cloud.models import list_models
from tunedesk.runs.provider import Provider
from tunedesk.runs.provider_files import copy_provider, find_providers, provider_named

MODELS_SHOWN = 20


def accounts(arguments: argparse.Namespace) -> int:
    """0, or UserError: no such account, a wrong address, a service that does not answer."""
    match arguments.action:
        case "list":
            return list_accounts(arguments)
        case "add":
            return add(arguments)
        case "key":
            return keep_key(arguments)
        case "remove":
            return remove(arguments)
        case "test":
            return test(arguments)
        case "login":
            return log_in(arguments)
        case "logout":
            credentials.log_out()
            print("The login in the browser is forgotten. That of the Azure CLI ends with: az logout.")
            return 0
        case _:
            return profiles(arguments)


def list_accounts(arguments: argparse.Namespace) -> int:
    store, known = KeyStore(), read_accounts()
    if arguments.json:
        listed = [{**msgspec.to_builtins(each), "login": login_words(each, store)} for each in known]
        print_json({"accounts": listed})
    elif not known:
        print("No service is set up. Add one with: tunedesk accounts add NAME --provider ID.")
    else:
        table = [("name", "profile", "address", "login", "region")]
        table += [
            (each.name, each.provider, each.base_url, login_words(each, store), each.region) for each in known
        ]
        print_table(table, numbers=False)
    return 0


def login_words(account: Account, store: KeyStore) -> str:
    if account.auth == "none":
        return "none needed"
    if account.auth == "entra":
        return f"Entra ID, {credentials.logged_in_as() or 'the Azure CLI'}"
    kept = store.kept(account)
    return f"key in {store.backend}" if kept else "no key"


def add(arguments: argparse.Namespace) -> int:
    provider = provider_named(arguments.provider)
    account = account_from(arguments, provider)
    add_account(account)
    print(f"Added: {account.name} at {host_of(account.base_url)} ({provider.title}).")
    if provider.notice:
        print(provider.notice)
    if account.auth == "key" and not arguments.no_key and sys.stdin.isatty():
        return _keep(account, ask_for_key(account))
    if account.auth == "key":
        print(f"Its key is still missing: tunedesk accounts key {account.name!r}")
    return 0


def account_from(arguments: argparse.Namespace, provider: Provider) -> Account:
    """UserError: no address is known, or the profile has no such login."""
    if not (arguments.base_url or provider.base_url):
        hint = f"Add --base-url, like {provider.base_url_hint}." if provider.base_url_hint else ""
        raise UserError(f"{provider.title} has another address for each customer.", hint=hint)
    address = arguments.base_url or provider.base_url
    here = is_this_computer(checked_address(address).hostname or "")
    # A server on this computer asks for no key until it is told to.
    auth = arguments.auth or ("none" if here and "none" in provider.auth else provider.auth[0])
    if auth not in provider.auth:
        raise UserError(f"{provider.title} has no login {auth}.", hint=f"It has: {', '.join(provider.auth)}.")
    azure = AzureResource(
        arguments.azure_subscription, arguments.azure_resource_group, arguments.azure_resource
    )
    return Account(
        name=arguments.name,
        provider=provider.id,
        base_url=address,
        auth=auth,
        organization=arguments.organization,
        project=arguments.project,
        region=arguments.region,
        models=tuple(arguments.model),
        azure=azure if azure != AzureResource() else None,
    )


def keep_key(arguments: argparse.Namespace) -> int:
    account = account_named(arguments.name)
    if account.auth != "key":
        raise UserError(f"{account.name} needs no key.", hint="See: tunedesk accounts list.")
    if arguments.forget:
        KeyStore().forget(account)
        print(f"The key of {account.name} is forgotten.")
        return 0
    return _keep(account, ask_for_key(account))


def _keep(account: Account, key: str) -> int:
    """UserError: it cannot outlive this command, so that it would be lost at once."""
    store = KeyStore()
    if store.put(account, key, remember=True) == "session":
        raise UserError(
            f"The key of {account.name} was not kept: {store.trouble}",
            hint="Give it to each command instead: --key-env NAME takes it from an environment variable.",
        )
    print(f"The key of {account.name} is in {store.backend}.")
    return 0


def remove(arguments: argparse.Namespace) -> int:
    account = remove_account(arguments.name)
    KeyStore().forget(account)
    print(f"Removed: {account.name}. Its runs stay, and what lies at the service stays there.")
    return 0


def test(arguments: argparse.Namespace) -> int:
    account = account_named(arguments.name)
    provider = provider_named(account.provider)
    key = KeyFinder(arguments.key_env).login(account, provider)
    progress(f"asking {host_of(account.base_url)} for its models")
    found = list_models(account, provider, key)
    if arguments.json:
        print_json({"models": [asdict(model) for model in found]})
        return 0
    count = "1 model" if len(found) == 1 else f"{len(found):,} models"
    print(f"{account.name} answers: {count}.")
    for model in found[:MODELS_SHOWN]:
        end = f"  until {model.shutdown_date}" if model.shutdown_date else ""
        print(f"  {model.id}{end}")
    if len(found) > MODELS_SHOWN:
        print(f"  and {len(found) - MODELS_SHOWN:,} more")
    return 0


def log_in(arguments: argparse.Namespace) -> int:
    account = account_named(arguments.name)
    if account.auth != "entra":
        raise UserError(f"{account.name} is used with a key.", hint="Add it again with --auth entra.")
    progress("the browser asks for your login; this waits until it is done")
    user = credentials.log_in(provider_named(account.provider).entra_scope)
    print(f"Logged in as {user}.")
    return 0


def profiles(arguments: argparse.Namespace) -> int:
    if arguments.copy:
        if not arguments.id:
            raise UserError("Nothing says which profile to copy.", hint="Write: profiles ID --copy NEW.")
        print(f"Written: {copy_provider(arguments.id, arguments.copy)}")
        return 0
    if arguments.id:
        show_profile(provider_named(arguments.id))
        return 0
    found = find_providers(lambda trouble: progress(f"warning: {trouble.sentence}"))
    table = [("id", "service", "tried live", "logins")]
    table += [(each.id, each.title, each.verified, ", ".join(each.auth)) for each in found]
    print_table(table, numbers=False)
    return 0


def show_profile(provider: Provider) -> None:
    print(f"{provider.title} ({provider.id}), tried live: {provider.verified}")
    for text in (provider.notice, provider.retention, *provider.forbids):
        if text:
            print(text)
    for kind, text in provider.residency.items():
        print(f"{kind}: {text}" if kind else text)
    for name, source in sorted(provider.unverified.items()):
        print(f"unverified: {name}: {source}")
