"""Which price holds for what, and how old it may be."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest

from tunedesk.errors import UserError
from tunedesk.plan.prices import (
    Age,
    Price,
    age_of,
    base_model,
    check_price,
    matching,
    money,
    same_model,
    tier_of,
)

DAY = date(2026, 8, 11)
TRAIN = "per_1M_train_tokens"


def price(amount: str, model: str = "m", tier: str = "", provider: str = "azure") -> Price:
    return Price(
        provider=provider,
        model=model,
        unit=TRAIN,
        amount=Decimal(amount),
        tier=tier,
        as_of=DAY,
        source="list",
    )


def found(rows: list[Price], model: str = "m", tier: str = "", *sellers: str) -> list[str]:
    return [str(row.amount) for row in matching(rows, sellers or ("azure",), model, TRAIN, tier)]


@pytest.mark.parametrize(
    ("days", "age"), [(0, Age.FRESH), (90, Age.FRESH), (91, Age.OLD), (180, Age.OLD), (181, Age.STALE)]
)
def test_a_price_ages(days: int, age: Age) -> None:
    assert age_of(DAY, DAY + timedelta(days)) is age


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1224", "USD", "$1,224.00"),
        ("12.5", "CHF", "12.50 CHF"),
        ("0.4", "USD", "$0.40"),
        ("0.0055", "USD", "$0.0055"),
        ("0.00004", "EUR", "€0.000040"),
        ("0.125", "USD", "$0.1250"),
        ("0", "USD", "$0.00"),
    ],
)
def test_money_is_shown_without_losing_small_amounts(amount: str, currency: str, text: str) -> None:
    assert money(Decimal(amount), currency) == text


@pytest.mark.parametrize(
    ("word", "tier"),
    [
        ("GlobalStandard", "global"),
        ("globalstandard", "global"),
        ("Standard", "regional"),
        ("DataZoneStandard", "datazone"),
        ("developerTier", "developer"),
        ("Developer", "developer"),
        ("", ""),
    ],
)
def test_each_spelling_of_a_training_type_means_its_tier(word: str, tier: str) -> None:
    assert tier_of(word) == tier


def test_a_tuned_model_has_its_bases_price() -> None:
    assert base_model("ft:gpt-4.1-mini-2025-04-14:acme::a1b2") == "gpt-4.1-mini-2025-04-14"
    assert base_model("gpt-4.1-mini-2025-04-14.ft-0f") == "gpt-4.1-mini-2025-04-14"


@pytest.mark.parametrize(
    ("listed", "asked", "same"),
    [
        ("gpt-4.1", "gpt-4.1-2025-04-14", True),
        ("gpt-4.1-2025-04-14", "gpt-4.1", True),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-11-20", False),
        ("gpt-4.1", "gpt-4.1-mini", False),
        ("gpt-4.1", "gpt-4.1-mini-2025-04-14", False),
        ("Ministral-3B", "ministral-3b", True),
        ("*", "anything", True),
    ],
)
def test_a_name_without_a_day_is_that_of_any_day(listed: str, asked: str, same: bool) -> None:
    assert same_model(listed, asked) is same


def test_the_tier_that_is_said_counts() -> None:
    rows = [
        price("5", tier="global"),
        price("2.5", tier="developer"),
        price("9", model="other", tier="global"),
    ]
    assert found(rows, tier="developer") == ["2.5"]
    assert found(rows, tier="datazone") == []
    assert found(rows) == ["5", "2.5"]


def test_a_row_of_any_tier_stands_in_where_the_tier_has_none() -> None:
    rows = [price("1.70"), price("0", model="*", tier="developer")]
    assert found(rows, tier="global") == ["1.70"]
    assert found(rows, tier="developer") == ["0"]
    assert found(rows) == ["1.70"]


def test_the_models_own_row_stands_before_any_models() -> None:
    assert found([price("1", model="*"), price("2", model="m-2025-01-01"), price("3")]) == ["3"]
    assert found([price("1", model="*"), price("2", model="m-2025-01-01")]) == ["2"]
    assert found([price("1", model="*")]) == ["1"]


def test_an_accounts_own_prices_stand_before_its_providers() -> None:
    rows = [price("5"), price("4", provider="Work")]
    assert found(rows, "m", "", "Work", "azure") == ["4"]
    assert found(rows, "m", "", "Home", "azure") == ["5"]


def test_a_profile_that_continues_anothers_name_has_its_prices() -> None:
    rows = [price("5"), price("6", provider="azure-classic")]
    assert found(rows, "m", "", "azure-mine") == ["5"]
    assert found(rows, "m", "", "azure-classic") == ["6"]
    assert found(rows, "m", "", "azurite") == []


def test_a_price_says_what_it_is_for() -> None:
    assert price("25").text == "$25.00 a million trained tokens"
    assert msgspec.structs.replace(price("1"), amount=None).text == "unknown a million trained tokens"


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": Decimal(-1)},
        {"amount": Decimal("NaN")},
        {"currency": "usd"},
        {"model": " "},
        {"note": "a\nb"},
    ],
)
def test_a_wrong_price_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError):
        check_price(msgspec.structs.replace(price("1"), **wrong))
