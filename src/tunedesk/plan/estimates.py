"""What a job, a hosted model and a month of questions will cost, and from when hosting pays: pure arithmetic.

Every amount is a Decimal and carries the day and the source of its prices. Without a price it is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from tunedesk.plan.billed_tokens import BilledTokens
from tunedesk.plan.price_table import Electricity, PriceTable
from tunedesk.plan.prices import Age, Price, Unit, money

MILLION = Decimal(1_000_000)
HOURS_A_MONTH = Decimal(24 * 30)
AUTO_EPOCHS = (1, 10)
"""What a provider that decides by itself may choose: OpenAI's and Azure's own choices lie in it for all but
the smallest files."""


@dataclass(frozen=True, slots=True)
class Seller:
    """Whose price is asked for. provider: the profile's id; account: the account's name; model: as the
    provider names it; tier: global, regional, datazone or developer, "" where nothing is said.
    """

    provider: str
    model: str
    tier: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bounds in `currency`; None: unknown, and `why` says what is missing.

    as_of: the day of the oldest price in it, None without any; source: where they were read. basis: how it
    was reckoned. age: of the oldest price.
    """

    low: Decimal | None = None
    high: Decimal | None = None
    currency: str = ""
    as_of: date | None = None
    source: str = ""
    basis: str = ""
    why: str = ""
    age: Age = Age.FRESH

    @property
    def is_known(self) -> bool:
        return self.low is not None and self.high is not None

    @property
    def must_be_confirmed(self) -> bool:
        """Whether a person has to say that these prices may be used: they are half a year old."""
        return self.is_known and self.age is Age.STALE

    @property
    def text(self) -> str:
        """Like "$15.00", "$1.00 to $10.00" or "unknown"."""
        if self.low is None or self.high is None:
            return "unknown"
        low, high = (money(_to_cents(amount), self.currency) for amount in (self.low, self.high))
        return low if low == high else f"{low} to {high}"

    @property
    def sentence(self) -> str:
        """With how it was reckoned, the day and the source, or with what is missing."""
        if not self.is_known:
            return f"Unknown: {self.why}"
        dated = f" Prices of {self.as_of} ({self.source})." if self.as_of else ""
        return f"{self.text}: {self.basis}.{dated}"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Tokens a month that a tuned model reads and writes."""

    read: int
    written: int


@dataclass(frozen=True, slots=True)
class Rates:
    """What a model that answers costs: an hour of hosting, a million tokens read, a million written."""

    host_hour: Decimal
    read: Decimal
    written: Decimal
    currency: str = "USD"

    def per_token(self, written_share: Decimal) -> Decimal:
        """Of a token, where that share of all tokens is written; without hosting."""
        return (self.read * (1 - written_share) + self.written * written_share) / MILLION


def training_cost(
    table: PriceTable,
    seller: Seller,
    tokens: BilledTokens,
    epochs: int | None,
    today: date,
    hours: Decimal | None = None,
) -> Estimate:
    """Tokens times epochs times price; epochs None: the provider decides. Validation rows are not counted.

    Where only an hour has a price, `hours` is how long it will take, None where nobody knows.
    """
    rows = _find(table, seller, "per_1M_train_tokens")
    if not rows or _has_own_rate(table, seller, rows):
        return _by_the_hour(table, seller, hours, today)
    fewest, most = AUTO_EPOCHS if epochs is None else (epochs, epochs)
    times = f"{fewest} to {most} epochs, as the provider decides" if epochs is None else _times(epochs)
    basis = f"{tokens.text} tokens, {times}"
    return _range(rows, tokens.low * fewest / MILLION, tokens.high * most / MILLION, basis, today)


def actual_cost(table: PriceTable, seller: Seller, trained_tokens: int, today: date) -> Estimate:
    """What the provider's own count, which holds all epochs, comes to."""
    rows = _find(table, seller, "per_1M_train_tokens")
    if not rows:
        return _unknown(seller, "training")
    amount = trained_tokens / MILLION
    return _range(rows, amount, amount, f"the provider counted {trained_tokens:,} trained tokens", today)


def hosting_cost(table: PriceTable, seller: Seller, today: date, hours: Decimal = HOURS_A_MONTH) -> Estimate:
    """Of a deployment, whether it is asked or not; a month unless `hours` says otherwise."""
    rows = _find(table, seller, "per_host_hour")
    if not rows:
        return _unknown(seller, "hosting")
    return _range(
        rows, hours, hours, "an hour of hosting" if hours == 1 else f"{hours:,f} hours of hosting", today
    )


def monthly_cost(table: PriceTable, seller: Seller, traffic: Traffic, hosted: bool, today: date) -> Estimate:
    """A month of hosting, where there is such, and of the tokens that are read and written."""
    parts = [hosting_cost(table, seller, today)] if hosted else []
    for tokens, unit, verb in (
        (traffic.read, "per_1M_in", "read"),
        (traffic.written, "per_1M_out", "written"),
    ):
        if tokens:
            rows = _find(table, seller, unit)  # type: ignore[arg-type]
            amount = tokens / MILLION
            part = _range(rows, amount, amount, f"{tokens:,} tokens {verb}", today) if rows else None
            parts.append(part or _unknown(seller, f"tokens that are {verb}"))
    if not parts and not (_find(table, seller, "per_1M_in") or _find(table, seller, "per_1M_out")):
        return _unknown(seller, "a month of questions")
    if not parts:
        return Estimate(Decimal(0), Decimal(0), "USD", basis="nothing is hosted, and nothing is asked")
    return _sum(parts)


def electricity_cost(
    electricity: Electricity, seconds: float | None, today: date, watts: Decimal | None = None
) -> Estimate:
    """Of training here. watts: what is assumed where the user has not said what the computer draws."""
    drawn = electricity.watts if electricity.watts is not None else watts
    if seconds is None or drawn is None:
        return Estimate(why="it is not known how long this computer will take, or what it draws.")
    hours = Decimal(repr(float(seconds))) / 3600
    kwh = drawn * hours / 1000
    assumed = "" if electricity.watts is not None else " (assumed)"
    basis = f"{_short(hours)} hours at {drawn:f} W{assumed} are {_short(kwh)} kWh"
    if electricity.tariff is None:
        return Estimate(
            basis=basis, why=f"{basis}; nobody has said what a kWh costs (tunedesk prices power)."
        )
    cost = kwh * electricity.tariff
    return Estimate(cost, cost, electricity.currency, today, "your own tariff", basis)


def rates_of(table: PriceTable, seller: Seller, hosted: bool) -> Rates | None:
    """None where one of the prices is unknown, or there are several that differ."""
    found: dict[Unit, Decimal] = {"per_host_hour": Decimal(0)}
    currencies = set()
    units: tuple[Unit, ...] = ("per_host_hour", "per_1M_in", "per_1M_out")
    for unit in units if hosted else units[1:]:
        rows = _find(table, seller, unit)
        amounts = {row.amount for row in rows if row.amount is not None}
        currencies |= {row.currency for row in rows}
        if len(amounts) != 1:
            return None
        found[unit] = amounts.pop()
    if len(currencies) != 1:
        return None
    return Rates(found["per_host_hour"], found["per_1M_in"], found["per_1M_out"], currencies.pop())


def break_even(hosted: Rates, per_token: Rates, written_share: Decimal) -> Decimal | None:
    """Tokens an hour from which hosting is cheaper than paying for each token; None: it never is. Both in the
    same currency.

    An hour of hosting is paid by what each token is cheaper. With hosting at $1.70, $0.40 and $1.60 a
    million against $0.80 and $3.20, three tokens read for each one written, it is 2.43 million an hour.
    """
    saved = per_token.per_token(written_share) - hosted.per_token(written_share)
    return hosted.host_hour / saved if saved > 0 else None


def against_actual(low: str, high: str, currency: str, actual: Estimate) -> str:
    """One sentence with both, from the bounds of a job's order ("" where they were unknown)."""
    try:
        expected = Estimate(Decimal(low), Decimal(high), currency) if low and high else Estimate()
    except InvalidOperation:
        expected = Estimate()
    if not actual.is_known:
        return f"Expected: {expected.text}. Actual: unknown, because {actual.why}"
    verdict = ""
    if expected.low is not None and expected.high is not None and actual.low is not None:
        above, below = actual.low > expected.high, actual.low < expected.low
        verdict = " That is more than expected." if above else " That is less than expected." if below else ""
    return f"Expected: {expected.text}. Actual: {actual.text}: {actual.basis}.{verdict}"


def _find(table: PriceTable, seller: Seller, unit: Unit) -> tuple[Price, ...]:
    """Prices with an amount; () when one of those that hold has none."""
    rows = table.find(seller.provider, seller.model, unit, seller.tier, seller.account)
    return rows if all(row.amount is not None for row in rows) else ()


def _has_own_rate(table: PriceTable, seller: Seller, rows: Sequence[Price]) -> bool:
    """Whether somebody entered an hour's price for this very account, and no price of its tokens."""
    hourly = _find(table, seller, "per_train_hour")
    return (
        bool(seller.account)
        and any(row.provider == seller.account for row in hourly)
        and all(row.provider != seller.account for row in rows)
    )


def _by_the_hour(table: PriceTable, seller: Seller, hours: Decimal | None, today: date) -> Estimate:
    rows = _find(table, seller, "per_train_hour")
    if not rows:
        return _unknown(seller, "training")
    if hours is None:
        each = _range(rows, Decimal(1), Decimal(1), "an hour", today).text
        return Estimate(why=f"an hour of training costs {each}, but not how many it will take is known.")
    return _range(rows, hours, hours, f"{_short(hours)} hours of training", today)


def _range(rows: Sequence[Price], least: Decimal, most: Decimal, basis: str, today: date) -> Estimate:
    """The cheapest price times the least, and the dearest times the most."""
    currencies = sorted({row.currency for row in rows})
    if len(currencies) > 1:
        return Estimate(why=f"its prices are in several currencies ({', '.join(currencies)}).")
    amounts = [row.amount for row in rows if row.amount is not None]
    oldest = min(row.as_of for row in rows)
    source = "; ".join(dict.fromkeys(row.source for row in rows if row.source))
    tiers = sorted({row.tier for row in rows}) if min(amounts) != max(amounts) else []
    basis += f" ({' or '.join(tier or 'any tier' for tier in tiers)})" if tiers else ""
    return Estimate(
        min(amounts) * least, max(amounts) * most, currencies[0], oldest, source, basis,
        age=_oldest(row.age(today) for row in rows),
    )  # fmt: skip


def _sum(parts: Sequence[Estimate]) -> Estimate:
    missing = [part.why for part in parts if not part.is_known]
    known = [part for part in parts if part.is_known]
    if missing:
        besides = "".join(f" Known is: {part.text} for {part.basis}." for part in known)
        return Estimate(why=f"{' '.join(missing)}{besides}")
    if len({part.currency for part in known}) > 1:
        return Estimate(why="its prices are in several currencies.")
    days = [part.as_of for part in known if part.as_of]
    return Estimate(
        sum((part.low for part in known if part.low is not None), Decimal(0)),
        sum((part.high for part in known if part.high is not None), Decimal(0)),
        known[0].currency,
        min(days, default=None),
        "; ".join(dict.fromkeys(part.source for part in known if part.source)),
        ", ".join(part.basis for part in known),
        age=_oldest(part.age for part in known),
    )


def _oldest(ages: Iterable[Age]) -> Age:
    return max(ages, key=list(Age).index)


def _unknown(seller: Seller, what: str) -> Estimate:
    tier = f" ({seller.tier})" if seller.tier else ""
    return Estimate(why=f"there is no price for {what} of {seller.model}{tier} at {seller.provider}.")


def _times(epochs: int) -> str:
    return "1 epoch" if epochs == 1 else f"{epochs} epochs"


def _to_cents(amount: Decimal) -> Decimal:
    """More digits are kept of less than ten cents only: an estimate is no bill."""
    return round(amount, 2) if amount >= Decimal("0.1") else amount


def _short(amount: Decimal) -> str:
    """Two digits that say something."""
    return f"{float(amount):,.2g}" if amount < 10 else f"{float(amount):,.0f}"
