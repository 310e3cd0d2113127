"""What each place would cost and take with the wizard's choices: the rows of its table. Knows no Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor

from tunedesk.desktop.train import cloud_choices
from tunedesk.desktop.train.cloud_choices import CloudChoices, Service
from tunedesk.desktop.train.wizard import Choices
from tunedesk.plan.billed_tokens import SPREAD, BilledTokens
from tunedesk.plan.estimates import Estimate, Traffic, monthly_cost, training_cost
from tunedesk.plan.place_options import (
    CloudChoice,
    PlaceOption,
    Wanted,
    cloud_option,
    hosted,
    local_option,
    seller_of,
)
from tunedesk.runs.addresses import host_of

READ_SHARE = 0.75
"""Of the tokens of a month: three are read for each that is written, as chats with a long prompt have it."""
NONE = BilledTokens(0, 0, 0, 0, 0, "nothing is counted yet")
WORKING = "being worked out"
HEADERS = ("Place", "Time", "Money now", "Money a month", "Memory", "Data goes to", "Model lives until")


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place. name: the account's, "" for this computer. cells: as HEADERS, without the first.

    tips: to the cells, "" for none. reason: why it cannot be chosen; "" when it can.
    """

    name: str
    title: str
    cells: tuple[str, ...]
    tips: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    reason: str = ""


def traffic_of(tokens: int) -> Traffic:
    read = round(tokens * READ_SHARE)
    return Traffic(read, tokens - read)


def cost_of(choices: Choices, today: date) -> Estimate | None:
    """Of the training at the chosen service; None while rows, prices or model are not known."""
    cloud, table = choices.cloud, choices.prices
    settings = cloud_choices.settings_of(cloud, choices.method) if cloud else None
    if cloud is None or table is None or cloud.tokens is None or settings is None:
        return None
    seller = seller_of(cloud.service.provider, chosen_of(cloud))
    return training_cost(table, seller, cloud.tokens, settings.n_epochs, today)


def month_of(choices: Choices, today: date) -> Estimate | None:
    """Of a month of using what is tuned at the chosen service."""
    cloud, table = choices.cloud, choices.prices
    if cloud is None or table is None or not cloud.model:
        return None
    provider = cloud.service.provider
    traffic = traffic_of(choices.monthly_tokens)
    seller = hosted(seller_of(provider, chosen_of(cloud)))
    return monthly_cost(table, seller, traffic, bool(provider.deploys), today)


def warnings_of(choices: Choices, today: date) -> tuple[str, ...]:
    """What to know of the chosen service: what ends soon, old prices; the most urgent first."""
    cloud = choices.cloud
    if cloud is None or choices.prices is None:
        return ()
    wanted = _wanted(choices, cloud, today)
    return cloud_option(choices.prices, wanted, cloud.service.provider, chosen_of(cloud)).warnings


def chosen_of(cloud: CloudChoices) -> CloudChoice:
    account = cloud.service.account
    listed = next((one for one in cloud.models or () if one.id == cloud.model), None)
    return CloudChoice(
        account=account.name,
        host=host_of(account.base_url),
        model=cloud.model,
        region=account.region,
        training_type=cloud.own.get("training_type", ""),
        shutdown_date=listed.shutdown_date if listed else None,
        has_login=account.auth != "key" or bool(cloud.has_key),
    )


def place_lines(choices: Choices, today: date) -> tuple[PlaceLine, ...]:
    """This computer first, then the services in the user's order."""
    lines = [_here(choices, today)]
    for service in choices.services or ():
        lines.append(_there(choices, service, today))
    return tuple(lines)


def _here(choices: Choices, today: date) -> PlaceLine:
    ahead, hardware, table = choices.forecast, choices.hardware, choices.prices
    if ahead is None or hardware is None or table is None:
        money = (WORKING, WORKING) if choices.prices is None else ("electricity", "nothing")
        cells = (WORKING, *money, WORKING, "nowhere", "you delete it")
        return PlaceLine("", "This computer", cells)
    wanted = _wanted(choices, None, today)
    reason = choices.reading.first_refusal if choices.reading and choices.reading.refused_rows else ""
    free = hardware.free_for_training
    option = local_option(table, wanted, ahead.time, hardware, ahead.memory.total, free, reason)
    cells = (
        option.time,
        option.money_now.text if option.money_now.is_known else "electricity",
        "electricity",
        option.memory_fit,
        "nowhere",
        "you delete it",
    )
    tips = (ahead.time.source, _tip(option.money_now), _tip(option.money_month), "", option.data_goes, "")
    return PlaceLine("", option.title, cells, tips, option.warnings, option.reason)


def _there(choices: Choices, service: Service, today: date) -> PlaceLine:
    account, provider = service.account, service.provider
    cloud = choices.cloud if choices.cloud is not None and choices.cloud.service == service else None
    usual = choices.last_models.get(account.name, cloud_choices.usual_model(service))
    model = cloud.model if cloud else usual
    chosen = CloudChoice(account.name, host_of(account.base_url), model, account.region)
    if cloud is not None:
        chosen = chosen_of(cloud)
    host = chosen.host
    if choices.prices is None:
        return PlaceLine(account.name, account.name, (WORKING,) * 3 + ("none here", host, WORKING))
    option = cloud_option(choices.prices, _wanted(choices, cloud, today), provider, chosen)
    cells = (
        "unknown",
        option.money_now.text if model else "choose a model",
        option.money_month.text if model else "choose a model",
        "none here",
        host if not account.region else f"{host}, {account.region}",
        _until(option),
    )
    model_tip = f"With the model {model}. " if model else ""
    tips = (
        option.time,
        model_tip + _tip(option.money_now),
        model_tip + _tip(option.money_month),
        option.memory_fit,
        option.data_goes,
        option.lives_until,
    )
    warnings = () if cloud else _shortened(option.warnings)
    blocked = _blocked(choices, service, today)
    return PlaceLine(account.name, account.name, cells, tips, warnings, blocked)


def _shortened(warnings: Sequence[str]) -> tuple[str, ...]:
    """The most urgent one; the others are told with the service, once it is chosen."""
    more = f" And {len(warnings) - 1} more to know." if len(warnings) > 1 else ""
    return tuple(f"{first}{more}" for first in warnings[:1])


def _until(option: PlaceOption) -> str:
    first = option.lives_until.partition(",")[0].partition(";")[0]
    return "not known" if first.startswith("no day") else "you delete it" if first.startswith("as") else first


def _blocked(choices: Choices, service: Service, today: date) -> str:
    """What no model and no key can mend; those are asked for below the table."""
    provider = service.provider
    if cloud_choices.target_of(provider, choices.method) is None:
        return f"{provider.title} does not learn by {cloud_choices.method_of(choices.method)}."
    if provider.ends_on and today > date.fromisoformat(provider.ends_on):
        return f"{provider.title} takes no new trainings any more; {provider.ends_on} was the last day."
    return ""


def _wanted(choices: Choices, cloud: CloudChoices | None, today: date) -> Wanted:
    settings = cloud_choices.settings_of(cloud, choices.method) if cloud else None
    tokens = cloud.tokens if cloud and cloud.tokens else _about(choices)
    epochs = settings.n_epochs if settings else None
    return Wanted(choices.method, tokens, epochs, today, traffic_of(choices.monthly_tokens))


def _about(choices: Choices) -> BilledTokens:
    """What the model of this computer reads of the rows: another one reads about as much."""
    if choices.reading is None:
        return NONE
    facts = choices.reading.facts
    total = facts.total_tokens
    how = "guessed from the model of this computer, give or take 30 %"
    low, high = floor(total * (1 - SPREAD)), ceil(total * (1 + SPREAD))
    return BilledTokens(low, high, facts.trained_tokens, facts.rows, 0, how)


def _tip(estimate: Estimate) -> str:
    return estimate.sentence
