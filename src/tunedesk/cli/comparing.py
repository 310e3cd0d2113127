"""`tunedesk cloud compare`: this computer and every service in one table."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tunedesk.cli.accounts import login_words
from tunedesk.cli.output import print_json
from tunedesk.cli.projects import find_model, surroundings, training_file
from tunedesk.cli.train import recommended, rows_of
from tunedesk.errors import UserError
from tunedesk.plan.billed_tokens import BilledTokens, count_billed
from tunedesk.plan.estimates import Estimate, Traffic
from tunedesk.plan.hardware import find_hardware
from tunedesk.plan.memory import estimate_memory
from tunedesk.plan.place_options import CloudChoice, PlaceOption, Wanted, cloud_option, local_option
from tunedesk.plan.price_table import PriceTable, read_prices
from tunedesk.plan.time import estimate_seconds
from tunedesk.runs.account_files import account_named, read_accounts
from tunedesk.runs.accounts import Account
from tunedesk.runs.addresses import host_of
from tunedesk.runs.keys import KeyStore
from tunedesk.runs.planning import memory_plan, tokens_read
from tunedesk.runs.provider import Provider
from tunedesk.runs.provider_files import provider_named
from tunedesk.template.model_folder import read_model_folder


def compare(arguments: argparse.Namespace) -> int:
    """0; UserError: no such dataset, account or model."""
    options = options_from(arguments)
    if arguments.json:
        print_json({"places": [as_object(option) for option in options]})
    else:
        for option in options:
            show(option)
    return 0


def options_from(arguments: argparse.Namespace) -> list[PlaceOption]:
    path = training_file(arguments.dataset, surroundings(arguments.dataset))
    rows, table, store = rows_of(path), read_prices(), KeyStore()
    accounts = [account_named(name) for name in arguments.account] or list(read_accounts())
    wanted = Wanted(
        arguments.method,
        BilledTokens(0, 0, 0, 0, 0, ""),
        arguments.epochs,
        datetime.now().astimezone().date(),
        Traffic(arguments.read, arguments.written),
    )
    found = [here(arguments, path, rows, table, wanted)]
    for account in accounts:
        provider = provider_named(account.provider)
        model = arguments.model or next(iter((*account.models, *provider.models)), "")
        tokens = count_billed(rows, model)
        assert tokens is not None, "nobody cancels this"
        choice = choice_of(account, provider, model, store)
        found.append(cloud_option(table, replace(wanted, tokens=tokens), provider, choice))
    return found


def choice_of(account: Account, provider: Provider, model: str, store: KeyStore) -> CloudChoice:
    return CloudChoice(
        account=account.name,
        host=host_of(account.base_url),
        model=model,
        region=account.region,
        training_type=next(iter(provider.training_types), ""),
        has_login=login_words(account, store) != "no key",
    )


def here(
    arguments: argparse.Namespace, path: Path, rows: list[bytes], table: PriceTable, wanted: Wanted
) -> PlaceOption:
    """This computer with the advised settings. UserError: no such model."""
    around, method = surroundings(path), arguments.method
    model = find_model(arguments.local_model)
    mapping = around.mapping(path) if around else None
    own = [f"epochs={arguments.epochs}"] if arguments.epochs else []
    settings, facts = recommended(model, rows, 0, own, mapping, method)
    hardware, folder = find_hardware(), read_model_folder(model)
    if not facts.rows:
        raise UserError(f"{path} has no row that {folder.name} could train.", hint="See: tunedesk lint.")
    needs = memory_plan(folder, settings, facts, hardware, method)
    time = estimate_seconds(
        folder,
        tokens_read(facts, settings, method),
        hardware,
        trained_share=needs.trained_share,
        recompute=needs.activations != "keep",
    )
    needed = estimate_memory(folder, needs).total
    return local_option(table, wanted, time, hardware, needed, hardware.free_for_training)


def show(option: PlaceOption) -> None:
    print(option.title if option.available else f"{option.title}: cannot be chosen. {option.reason}")
    for word, text in (
        ("time", option.time),
        ("money now", option.money_now.sentence),
        ("money a month", option.money_month.sentence),
        ("memory", option.memory_fit),
        ("the data goes", option.data_goes),
        ("lives until", option.lives_until),
        *(("careful", warning) for warning in option.warnings),
    ):
        print(f"  {word + ':':<16}{text}")
    print()


def as_object(option: PlaceOption) -> dict[str, Any]:
    """Amounts as decimal text."""
    return {
        "place": option.place,
        "account": option.account,
        "title": option.title,
        "time": option.time,
        "money_now": _amounts(option.money_now),
        "money_month": _amounts(option.money_month),
        "memory_fit": option.memory_fit,
        "data_goes": option.data_goes,
        "lives_until": option.lives_until,
        "warnings": list(option.warnings),
        "available": option.available,
        "reason": option.reason,
    }


def _amounts(money: Estimate) -> dict[str, Any]:
    return {
        "low": None if money.low is None else f"{money.low:f}",
        "high": None if money.high is None else f"{money.high:f}",
        "currency": money.currency or None,
        "as_of": str(money.as_of) if money.as_of else None,
        "source": money.source,
        "sentence": money.sentence,
    }
