"""The table of places where a job can be trained: each row's time, money, memory, and where the data goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from tunedesk.plan.billed_tokens import BilledTokens
from tunedesk.plan.estimates import (
    Estimate,
    Seller,
    Traffic,
    electricity_cost,
    monthly_cost,
    training_cost,
)
from tunedesk.plan.hardware import Hardware
from tunedesk.plan.price_table import PriceTable
from tunedesk.plan.prices import Age, tier_of
from tunedesk.plan.readiness import gigabytes
from tunedesk.plan.retirement import ends, last_day
from tunedesk.plan.time import TimeEstimate

ASSUMED_WATTS = {"gpu": Decimal(350), "cpu": Decimal(120)}
"""What a computer draws while it trains, where nobody has said: about a desktop card at its limit with the
computer around it, and a desktop processor at its own. A guess of ours, and called one."""
NOT_HERE = "trained there, not here"
NO_TRAFFIC = Traffic(0, 0)


class Profile(Protocol):
    """What of a provider's profile is looked at; `runs.provider.Provider` has all of it."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def methods(self) -> Sequence[str]: ...
    @property
    def training_types(self) -> Sequence[str]: ...
    @property
    def residency(self) -> dict[str, str]: ...
    @property
    def gives_weights(self) -> bool: ...
    @property
    def deploys(self) -> str: ...
    @property
    def ends_on(self) -> str: ...
    @property
    def verified(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be trained. method: sft, dpo or orpo. epochs: None lets a provider decide. today: the day
    against which prices and retirements are held. traffic: tokens a month of the tuned model.
    """

    method: str
    tokens: BilledTokens
    epochs: int | None
    today: date
    traffic: Traffic = NO_TRAFFIC


@dataclass(frozen=True, slots=True)
class CloudChoice:
    """An account as it would be used. host: where rows go; region: as the account says, "" for not said.

    shutdown_date: what the service's own list says of the model. has_login: whether a key or a login is
    there. training_type: as the provider spells it, "" for its own choice.
    """

    account: str
    host: str
    model: str
    region: str = ""
    training_type: str = ""
    shutdown_date: str | int | None = None
    has_login: bool = True


@dataclass(frozen=True, slots=True)
class PlaceOption:
    """One row. place: "local", or "cloud" with the account's name. available: whether it can be chosen, else
    `reason` says why not and what to do.

    time, memory_fit, data_goes, lives_until: for people; "" is never used, what is unknown is said.
    """

    place: Literal["local", "cloud"]
    account: str
    title: str
    time: str
    money_now: Estimate
    money_month: Estimate
    memory_fit: str
    data_goes: str
    lives_until: str
    warnings: tuple[str, ...] = ()
    available: bool = True
    reason: str = ""


def local_option(
    table: PriceTable,
    wanted: Wanted,
    time: TimeEstimate,
    hardware: Hardware,
    needed: int,
    free: int,
    reason: str = "",
) -> PlaceOption:
    """This computer. needed, free: bytes of memory; reason: why it cannot be chosen, "" when it can.

    What does not fit can be chosen all the same: settings can make it fit.
    """
    watts = ASSUMED_WATTS["gpu" if hardware.gpus else "cpu"]
    current = electricity_cost(table.electricity, time.seconds, wanted.today, watts)
    fits = needed <= free
    size = f"{gigabytes(needed)} of {gigabytes(free)}"
    return PlaceOption(
        place="local",
        account="",
        title="This computer",
        time=_duration(time.seconds) if time.seconds is not None else f"not known. {time.source}",
        money_now=current,
        money_month=Estimate(why="what it draws while it answers is not counted; nobody sends a bill."),
        memory_fit=f"fits: {size}" if fits else f"does not fit: {size}",
        data_goes="nowhere: the rows stay on this computer",
        lives_until="as long as you keep its files",
        warnings=() if fits else ("It does not fit into the memory with these settings.",),
        available=not reason,
        reason=reason,
    )


def cloud_option(table: PriceTable, wanted: Wanted, profile: Profile, choice: CloudChoice) -> PlaceOption:
    """A service or a server of one's own, by its account."""
    seller = seller_of(profile, choice)
    money = training_cost(table, seller, wanted.tokens, wanted.epochs, wanted.today)
    month = monthly_cost(table, hosted(seller), wanted.traffic, bool(profile.deploys), wanted.today)
    found = ends(
        table,
        profile.id,
        choice.model,
        wanted.today,
        title=profile.title,
        shutdown_date=choice.shutdown_date,
        no_jobs_after=profile.ends_on,
    )
    warnings = [each.sentence for each in found if each.urgency != "later"]
    warnings += _about_money(money)
    if profile.verified == "never":
        warnings.append(f"Nobody has tried this profile against the real {profile.title} yet.")
    reason = _in_the_way(wanted, profile, choice)
    if not reason:
        reason = next((each.sentence for each in found if each.urgency == "gone"), "")
    return PlaceOption(
        place="cloud",
        account=choice.account,
        title=f"{choice.account} ({profile.title})",
        time="not known: the service queues jobs and tells no time before",
        money_now=money,
        money_month=month,
        memory_fit=NOT_HERE,
        data_goes=data_goes(profile, choice),
        lives_until=_lives_until(profile, last_day(found)),
        warnings=tuple(dict.fromkeys(warnings)),
        available=not reason,
        reason=reason,
    )


def seller_of(profile: Profile, choice: CloudChoice) -> Seller:
    """Whose prices hold; the first training type is the usual one where none is chosen."""
    used = choice.training_type or next(iter(profile.training_types), "")
    return Seller(profile.id, choice.model, tier_of(used), choice.account)


def hosted(seller: Seller) -> Seller:
    """What is trained cheaply is not therefore hosted so: a developer's deployment is gone after a day."""
    return replace(seller, tier="global") if seller.tier == "developer" else seller


def data_goes(profile: Profile, choice: CloudChoice) -> str:
    """Host, region and what the profile says of the training type's residency."""
    used = choice.training_type or next(iter(profile.training_types), "")
    residency = profile.residency.get(used) or profile.residency.get("", "")
    region = f", region {choice.region}" if choice.region else ""
    return f"to {choice.host}{region}. {residency}".strip()


def _in_the_way(wanted: Wanted, profile: Profile, choice: CloudChoice) -> str:
    if wanted.method not in profile.methods:
        return f"{profile.title} does not train with the method {wanted.method}."
    if not choice.model:
        return "No model is named. Choose one that the service can tune."
    if not choice.has_login:
        return "It has no key yet. Add one in Settings, Services."
    return ""


def _about_money(money: Estimate) -> list[str]:
    if money.is_known and money.age is Age.STALE:
        return [f"Its price is of {money.as_of}, more than half a year ago: look at the provider's page."]
    if money.is_known and money.age is Age.OLD:
        return [f"Its price is of {money.as_of}, more than 90 days ago."]
    return []


def _lives_until(profile: Profile, day: date | None) -> str:
    if profile.gives_weights:
        return "as long as you keep its files; its weights can be fetched"
    return str(day) if day else "no day is known; the service decides"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"about {max(1, round(seconds))} s"
    if minutes < 120:
        return f"about {minutes} min"
    return f"about {round(seconds / 3600)} h"
