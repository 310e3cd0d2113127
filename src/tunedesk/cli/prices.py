"""`tunedesk prices`: what services charge, as far as it is known, and prices of one's own over that."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import msgspec

from tunedesk import paths
from tunedesk.cli.output import print_json, print_table
from tunedesk.errors import UserError
from tunedesk.plan.estimates import Seller, break_even, rates_of
from tunedesk.plan.price_table import (
    Electricity,
    as_text,
    enter,
    own_file,
    read_file,
    read_prices,
    reset,
    set_electricity,
)
from tunedesk.plan.prices import Age, Price, money, same_model, same_provider
from tunedesk.plan.retirement import calendar

AGES = {Age.FRESH: "", Age.OLD: "old", Age.STALE: "very old"}


def prices(arguments: argparse.Namespace) -> int:
    """0, or UserError: a wrong amount, a damaged file."""
    match arguments.action:
        case None | "list":
            return show(arguments)
        case "set":
            return change(arguments)
        case "reset":
            return take_back(arguments)
        case "import":
            return take_over(arguments)
        case "export":
            paths.write_atomically(arguments.file.absolute(), as_text(read_prices().rows).encode())
            print(f"Written: {arguments.file}")
            return 0
        case "power":
            return power(arguments)
        case "calendar":
            return show_calendar(arguments)
        case _:
            return even(arguments)


def show(arguments: argparse.Namespace) -> int:
    wanted, model = given(arguments, "provider"), given(arguments, "model")
    table = read_prices()
    rows = [
        row
        for row in table.rows
        if (not wanted or same_provider(row.provider, wanted)) and (not model or same_model(row.model, model))
    ]
    if given(arguments, "json"):
        print_json({"prices": [msgspec.to_builtins(row) for row in rows]})
        return 0
    show_rows(rows, today())
    show_power(table.electricity)
    return 0


def given(arguments: argparse.Namespace, name: str) -> str:
    """What an option says that stands before or behind the action, "" where it is not given."""
    found: str = vars(arguments).get(name) or ""
    return found


def show_rows(rows: Sequence[Price], day: date) -> None:
    if not rows:
        print("No price is known for that: it is unknown, not 0.")
        return
    lines = [("provider", "tier", "model", "price", "read on", "", "until", "by")]
    lines += [
        (
            row.provider,
            row.tier,
            row.model,
            row.text,
            str(row.as_of),
            AGES[row.age(day)],
            str(row.retires_on or ""),
            "" if row.entered_by == "shipped" else row.entered_by,
        )
        for row in rows
    ]
    print_table(lines, numbers=False)
    print()
    for source in dict.fromkeys((row.provider, row.source, row.as_of) for row in rows):
        print(f"{source[0]}: {source[1]} ({source[2]})")
    print("No provider was asked while TuneDesk was built: look at its own page before you rely on a price.")


def show_power(power: Electricity) -> None:
    if power.tariff is not None:
        drawn = f", this computer draws {power.watts:f} W" if power.watts is not None else ""
        print(f"Current: {money(power.tariff, power.currency)} a kWh{drawn}.")


def show_calendar(arguments: argparse.Namespace) -> int:
    days = calendar(read_prices(), today())
    if arguments.json:
        print_json({"retirements": [msgspec.to_builtins(each) for each in days]})
        return 0
    lines = [("day", "", "provider", "model", "says")]
    for each in days:
        left = (each.day - today()).days
        when = f"in {left} days" if left >= 0 else "gone"
        lines.append((str(each.day), when, each.provider, each.model, f"{each.source}, read on {each.as_of}"))
    print_table(lines, numbers=False)
    return 0


def change(arguments: argparse.Namespace) -> int:
    row = Price(
        provider=arguments.provider,
        model=arguments.model,
        unit=arguments.unit,
        amount=None if arguments.amount == "unknown" else amount_of(arguments.amount),
        tier=arguments.tier,
        currency=arguments.currency.upper(),
        source=arguments.source,
        as_of=day_of(arguments.as_of) or today(),
        retires_on=day_of(arguments.retires_on),
    )
    enter([row])
    print(f"{row.model} at {row.provider}: {row.text}, as of {row.as_of}.")
    return 0


def take_back(arguments: argparse.Namespace) -> int:
    if arguments.all:
        reset()
        print("All prices are those that ship with TuneDesk again.")
        return 0
    if not arguments.unit:
        raise UserError(
            "Nothing says which price.", hint="Write: prices reset PROVIDER MODEL UNIT, or --all."
        )
    key = (arguments.provider, arguments.tier, arguments.model, arguments.unit)
    own = read_file(own_file()).rows if own_file().exists() else ()
    found = [row for row in own if row.key == key]
    if not found:
        raise UserError("There is no price of your own for that.", hint="See: tunedesk prices list.")
    reset(found)
    show_rows([row for row in read_prices().rows if row.key == key], today())
    return 0


def take_over(arguments: argparse.Namespace) -> int:
    known = {row.key: row for row in read_prices().rows}
    rows = read_file(arguments.file).rows
    new = [row for row in rows if not _says_the_same(row, known.get(row.key))]
    if not new:
        print("That file has nothing new.")
        return 0
    for row in new:
        before = known[row.key].text if row.key in known else "not known"
        print(f"{row.provider} {row.tier} {row.model}: {before} -> {row.text} ({row.as_of}, {row.source})")
    if not arguments.yes and not agreed(f"Take over {len(new)} of {len(rows)} prices?"):
        print("Nothing was changed.")
        return 1
    enter(new, "imported")
    print(f"Taken over: {len(new)}.")
    return 0


def _says_the_same(row: Price, known: Price | None) -> bool:
    if known is None:
        return False
    told = (row.amount, row.currency, row.as_of, row.source, row.note)
    return told == (known.amount, known.currency, known.as_of, known.source, known.note)


def agreed(question: str) -> bool:
    """A person's yes; no where nobody can be asked."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def power(arguments: argparse.Namespace) -> int:
    table = read_prices()
    new = table.electricity
    if arguments.watts is not None:
        new = msgspec.structs.replace(new, watts=amount_of(arguments.watts))
    if arguments.tariff is not None:
        new = msgspec.structs.replace(new, tariff=amount_of(arguments.tariff))
    if arguments.currency is not None:
        new = msgspec.structs.replace(new, currency=arguments.currency.upper())
    if new != table.electricity:
        set_electricity(new)
    if new.tariff is None:
        print("What a kWh costs is not known. Say it with: tunedesk prices power --tariff AMOUNT.")
    show_power(new)
    return 0


def even(arguments: argparse.Namespace) -> int:
    share = amount_of(arguments.written)
    if share > 1:
        raise UserError(f"A share is at most 1, not {share}.", hint="A quarter is 0.25.")
    table = read_prices()
    hosted, per_token = (seller_named(text) for text in (arguments.hosted, arguments.per_token))
    by_hour, by_token = rates_of(table, hosted, True), rates_of(table, per_token, False)
    if by_hour is None or by_token is None:
        missing = hosted if by_hour is None else per_token
        raise UserError(
            f"Not all prices of {missing.model} at {missing.provider} are known.",
            hint="See tunedesk prices list, name a tier, or enter them with: tunedesk prices set.",
        )
    if by_hour.currency != by_token.currency:
        raise UserError("The prices are in different currencies.", hint="Enter one of them in the other's.")
    found = break_even(by_hour, by_token, share)
    if found is None:
        print("Hosting never pays: its tokens are not cheaper.")
        return 0
    an_hour = money(by_hour.host_hour, by_hour.currency)
    print(
        f"Hosting at {an_hour} an hour pays from {found:,.0f} tokens an hour on"
        f" ({found * 720 / 1_000_000:,.0f} million a month), with {share:.0%} of them written."
    )
    return 0


def seller_named(text: str) -> Seller:
    """PROVIDER:MODEL or PROVIDER/TIER:MODEL. UserError: another form."""
    where, colon, model = text.partition(":")
    provider, _, tier = where.partition("/")
    if not (colon and provider and model):
        raise UserError(f"{text!r} names no model.", hint="Write azure/global:gpt-4.1-mini, for instance.")
    return Seller(provider, model, tier)


def amount_of(text: str) -> Decimal:
    """UserError: no amount, or one below 0."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise UserError(f"{text!r} is no amount.", hint="Write digits and a point, such as 4.50.")
    return amount


def day_of(text: str | None) -> date | None:
    """UserError: not a day such as 2026-11-21."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UserError(f"{text!r} is no day.", hint="Write it like 2026-11-21.") from error


def today() -> date:
    return datetime.now().astimezone().date()
