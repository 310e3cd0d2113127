"""What a price is: for what, from whom, of which day; and which price holds for a model. It knows no file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from tunedesk.errors import UserError

Unit = Literal["per_1M_train_tokens", "per_train_hour", "per_host_hour", "per_1M_in", "per_1M_out"]
UNITS: dict[Unit, str] = {
    "per_1M_train_tokens": "a million trained tokens",
    "per_train_hour": "an hour of training",
    "per_host_hour": "an hour of hosting",
    "per_1M_in": "a million tokens read",
    "per_1M_out": "a million tokens written",
}
"""Each with its words for people."""
EnteredBy = Literal["shipped", "user", "imported"]
ANY_MODEL = "*"
OLD_DAYS, STALE_DAYS = 90, 180
_DAY = re.compile(r"-(\d{4}-\d{2}-\d{2})$")
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


class Age(StrEnum):
    """Fresh; old (more than 90 days: look again); stale (more than 180: a person must confirm it)."""

    FRESH = "fresh"
    OLD = "old"
    STALE = "stale"


class Price(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One price. provider: a profile's id, or the name of an account; model: as the provider names it.

    tier: global, regional, datazone or developer, "" for any. amount: None is unknown, never 0. currency: as
    in ISO 4217. source: where it was read; as_of: on which day. retires_on: the model's last day, where one
    is known. note: for people. ages: false for what no provider can change: that one's own hardware sends no
    bill.
    """

    provider: str
    model: str
    unit: Unit
    amount: Decimal | None = None
    tier: str = ""
    currency: str = "USD"
    source: str = ""
    as_of: date
    retires_on: date | None = None
    entered_by: EnteredBy = "shipped"
    note: str = ""
    ages: bool = True

    def age(self, today: date) -> Age:
        """How far it may be trusted on that day."""
        return age_of(self.as_of, today) if self.ages else Age.FRESH

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is the price of; a table has one row of each."""
        return (self.provider, self.tier, self.model, self.unit)

    @property
    def text(self) -> str:
        """Like "$25.00 a million trained tokens"."""
        amount = "unknown" if self.amount is None else money(self.amount, self.currency)
        return f"{amount} {UNITS[self.unit]}"


def check_price(price: Price) -> None:
    """UserError: no name, an amount that is none, a currency or text that cannot be shown."""
    where = f"The price of {price.model} at {price.provider}"
    if not price.provider.strip() or not price.model.strip():
        raise UserError("A price needs a provider and a model.", hint="The model * is any model.")
    if price.amount is not None and not (price.amount.is_finite() and price.amount >= 0):
        raise UserError(f"{where} is no amount: {price.amount}.", hint="Leave it empty where it is unknown.")
    if not re.fullmatch(r"[A-Z]{3}", price.currency):
        raise UserError(f"{where} has the currency {price.currency!r}.", hint="Write three letters: USD.")
    texts = (price.provider, price.model, price.tier, price.source, price.note)
    if not all(text.isprintable() for text in texts):
        raise UserError(f"{where} holds characters that cannot be shown.", hint="Write it on one line.")


def age_of(as_of: date, today: date) -> Age:
    """How far a price of that day may be trusted."""
    days = (today - as_of).days
    return Age.STALE if days > STALE_DAYS else Age.OLD if days > OLD_DAYS else Age.FRESH


def money(amount: Decimal, currency: str) -> str:
    """Like "$1,224.00", "12.50 CHF"; less than a cent keeps two digits that say something."""
    digits = 2
    if 0 < abs(amount) < Decimal("0.01"):
        digits = 1 - amount.adjusted()
    elif amount != round(amount, 2) and abs(amount) < 1:
        digits = 4
    text = f"{amount:,.{digits}f}"
    return f"{_SYMBOLS[currency]}{text}" if currency in _SYMBOLS else f"{text} {currency}"


def tier_of(training_type: str) -> str:
    """The tier that a provider's own word means: GlobalStandard and globalstandard are "global", Standard is
    "regional", developerTier is "developer". Azure spells them in several ways.
    """
    word = re.sub(r"[^a-z]", "", training_type.lower())
    for begin, tier in (("global", "global"), ("data", "datazone"), ("developer", "developer")):
        if word.startswith(begin):
            return tier
    return "regional" if word in ("standard", "regional") else word


def base_model(name: str) -> str:
    """The base of a tuned model's name: "ft:BASE:organisation::id" at OpenAI, "BASE.ft-hex" at Azure."""
    return name.removeprefix("ft:").partition(":")[0].partition(".ft-")[0].strip()


def same_model(listed: str, asked: str) -> bool:
    """Whether a list's model is the one that is asked for; a name without a day is that of any day."""
    if listed == ANY_MODEL:
        return True
    first, second = base_model(listed).lower(), base_model(asked).lower()
    days = [_DAY.search(name) for name in (first, second)]
    return first == second or (None in days and _DAY.sub("", first) == _DAY.sub("", second))


def same_provider(listed: str, asked: str) -> bool:
    """A profile that continues another one's id with a dash, as azure-classic does, has its prices."""
    return asked == listed or asked.startswith(f"{listed}-")


def matching(
    prices: Iterable[Price], sellers: Iterable[str], model: str, unit: Unit, tier: str = ""
) -> tuple[Price, ...]:
    """The prices that hold, all equally fitting. sellers: names in order: the first with a row counts, so an
    account's own prices stand before its provider's.

    Several are returned only where nothing says which tier it is. Empty: unknown.
    """
    rows = [row for row in prices if row.unit == unit and same_model(row.model, model)]
    for seller in sellers:
        found = [row for row in rows if same_provider(row.provider, seller)]
        if found := [row for row in found if not tier or row.tier in (tier, "")]:
            return _closest(found, seller, base_model(model).lower(), tier)
    return ()


def _closest(rows: list[Price], seller: str, model: str, tier: str) -> tuple[Price, ...]:
    """Those that mean it most exactly: by the tier that was said, then the model, then the provider."""

    def distance(row: Price) -> tuple[bool, int, bool]:
        listed = base_model(row.model).lower()
        of_model = 0 if listed == model else 2 if row.model == ANY_MODEL else 1
        return bool(tier) and row.tier != tier, of_model, row.provider != seller

    nearest = min(map(distance, rows))
    found = [row for row in rows if distance(row) == nearest]
    return tuple([row for row in found if row.tier == tier] or found)
