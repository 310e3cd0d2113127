"""What jobs and months cost, worked through with the figures of the shipped table."""

from datetime import date
from decimal import Decimal

import pytest

from tunedesk.plan.billed_tokens import BilledTokens
from tunedesk.plan.estimates import (
    Estimate,
    Rates,
    Seller,
    Traffic,
    actual_cost,
    against_actual,
    break_even,
    electricity_cost,
    hosting_cost,
    monthly_cost,
    rates_of,
    training_cost,
)
from tunedesk.plan.price_table import Electricity, PriceTable, read_prices
from tunedesk.plan.prices import Age, Price

TODAY = date(2026, 11, 21)
MILLION = BilledTokens(1_000_000, 1_000_000, 400_000, 100, 0, "counted")
MINI = "gpt-4.1-mini-2025-04-14"


@pytest.fixture(scope="module")
def table() -> PriceTable:
    return read_prices()


def cost(table: PriceTable, provider: str, model: str, tier: str = "", epochs: int | None = 3) -> str:
    return training_cost(table, Seller(provider, model, tier), MILLION, epochs, TODAY).text


def test_a_million_tokens_three_times_cost_what_the_research_worked_out(table: PriceTable) -> None:
    assert cost(table, "openai", MINI) == "$15.00"
    assert cost(table, "azure", MINI, "global") == "$15.00"
    assert cost(table, "azure", MINI, "developer") == "$7.50"
    assert cost(table, "azure", MINI, "regional") == "$16.50"
    assert cost(table, "nebius", "meta-llama/Llama-3.1-8B-Instruct") == "$1.20"


def test_epochs_that_the_provider_chooses_give_a_range(table: PriceTable) -> None:
    assert cost(table, "azure", MINI, "global", None) == "$5.00 to $50.00"


def test_a_tier_that_nobody_said_gives_a_range_and_names_them(table: PriceTable) -> None:
    found = training_cost(table, Seller("azure", MINI), MILLION, 1, TODAY)
    assert found.text == "$2.50 to $5.50"
    assert "developer" in found.basis and "regional" in found.basis


def test_tokens_that_are_not_known_exactly_give_a_range(table: PriceTable) -> None:
    rough = BilledTokens(700_000, 1_300_000, 0, 100, 0, "about")
    assert training_cost(table, Seller("openai", MINI), rough, 2, TODAY).text == "$7.00 to $13.00"


def test_every_estimate_carries_the_day_and_the_source_of_its_prices(table: PriceTable) -> None:
    found = training_cost(table, Seller("azure", MINI, "global"), MILLION, 1, TODAY)
    assert found.as_of == date(2026, 8, 11)
    assert "Azure Retail Prices API" in found.source
    assert "2026-08-11" in found.sentence and "Azure Retail Prices API" in found.sentence


def test_a_sum_is_told_in_cents_and_a_small_one_more_exactly() -> None:
    assert Estimate(Decimal("0.20812"), Decimal("2.0812"), "USD").text == "$0.21 to $2.08"
    assert Estimate(Decimal("0.00123"), Decimal("0.0123"), "USD").text == "$0.0012 to $0.0123"


def test_prices_of_half_a_year_ago_must_be_confirmed(table: PriceTable) -> None:
    azure = training_cost(table, Seller("azure", MINI, "global"), MILLION, 1, TODAY)
    openai = training_cost(table, Seller("openai", MINI), MILLION, 1, TODAY)
    assert (azure.age, azure.must_be_confirmed) == (Age.OLD, False)
    assert (openai.age, openai.must_be_confirmed) == (Age.STALE, True)


def test_a_job_on_ones_own_server_needs_no_confirmation_years_later(table: PriceTable) -> None:
    found = training_cost(table, Seller("tunedesk", "starter"), MILLION, 1, date(2030, 1, 1))
    assert (found.text, found.must_be_confirmed) == ("$0.00", False)


def test_a_missing_price_is_unknown_and_never_nothing(table: PriceTable) -> None:
    found = training_cost(table, Seller("custom", "some-model"), MILLION, 1, TODAY)
    assert (found.low, found.high, found.text) == (None, None, "unknown")
    assert "some-model" in found.sentence
    assert not found.must_be_confirmed
    assert actual_cost(table, Seller("custom", "some-model"), 5, TODAY).text == "unknown"
    assert hosting_cost(table, Seller("custom", "some-model"), TODAY).text == "unknown"


def test_a_row_without_an_amount_is_unknown_too() -> None:
    row = Price(provider="p", model="m", unit="per_1M_train_tokens", as_of=TODAY)
    assert training_cost(PriceTable((row,)), Seller("p", "m"), MILLION, 1, TODAY).text == "unknown"


def test_prices_in_several_currencies_are_not_added_up() -> None:
    rows = tuple(
        Price(provider="p", model="m", unit="per_1M_train_tokens", tier=tier, amount=Decimal(1),
              currency=currency, as_of=TODAY)
        for tier, currency in (("a", "USD"), ("b", "EUR"))
    )  # fmt: skip
    found = training_cost(PriceTable(rows), Seller("p", "m"), MILLION, 1, TODAY)
    assert "several currencies" in found.sentence


def test_hours_of_training_have_a_price_where_the_provider_sells_hours(table: PriceTable) -> None:
    seller = Seller("azure", "o4-mini", "global")
    assert training_cost(table, seller, MILLION, 1, TODAY, Decimal("2.5")).text == "$250.00"
    unknown = training_cost(table, seller, MILLION, 1, TODAY)
    assert not unknown.is_known
    assert "$100.00" in unknown.sentence


def test_a_month_of_hosting_costs_what_the_research_says(table: PriceTable) -> None:
    assert hosting_cost(table, Seller("azure", MINI, "global"), TODAY).text == "$1,224.00"
    assert hosting_cost(table, Seller("azure", MINI, "developer"), TODAY).text == "$0.00"


def test_a_month_is_hosting_and_what_is_read_and_written(table: PriceTable) -> None:
    traffic = Traffic(read=10_000_000, written=1_000_000)
    hosted = monthly_cost(table, Seller("azure", MINI, "global"), traffic, True, TODAY)
    assert hosted.text == "$1,229.60"  # 1224 + 10 x 0.40 + 1 x 1.60
    per_token = monthly_cost(table, Seller("openai", MINI), traffic, False, TODAY)
    assert per_token.text == "$11.20"  # 10 x 0.80 + 1 x 3.20


def test_a_month_without_hosting_and_questions_costs_nothing_and_says_why(table: PriceTable) -> None:
    found = monthly_cost(table, Seller("openai", MINI), Traffic(0, 0), False, TODAY)
    assert found.sentence == "$0.00: nothing is hosted, and nothing is asked."


def test_a_month_where_no_price_is_known_is_unknown_even_if_nothing_is_asked(table: PriceTable) -> None:
    for traffic in (Traffic(0, 0), Traffic(1, 0)):
        assert not monthly_cost(table, Seller("custom", "m"), traffic, False, TODAY).is_known


def test_an_hours_price_of_ones_own_goes_before_a_servers_free_tokens(table: PriceTable) -> None:
    own = Price(provider="box", model="*", unit="per_train_hour", amount=Decimal("2.50"), as_of=TODAY)
    mine = PriceTable((own, *table.rows), table.retirements, table.electricity)
    found = training_cost(mine, Seller("tunedesk", "starter", account="box"), MILLION, 3, TODAY)
    assert not found.is_known and "an hour of training costs $2.50" in found.why
    timed = training_cost(mine, Seller("tunedesk", "starter", account="box"), MILLION, 3, TODAY, Decimal(4))
    assert timed.text == "$10.00"
    assert training_cost(mine, Seller("tunedesk", "starter"), MILLION, 3, TODAY).text == "$0.00"


def test_a_month_with_a_missing_part_is_unknown_and_tells_the_known_part(table: PriceTable) -> None:
    found = monthly_cost(table, Seller("azure", MINI, "regional"), Traffic(1_000_000, 0), True, TODAY)
    assert not found.is_known
    assert "$1,224.00" in found.sentence


def test_hosting_pays_from_about_two_and_a_half_million_tokens_an_hour(table: PriceTable) -> None:
    """A model tuned on Azure and hosted there, against the same one paid by the token at OpenAI."""
    hosted = rates_of(table, Seller("azure", MINI, "global"), hosted=True)
    per_token = rates_of(table, Seller("openai", MINI), hosted=False)
    assert hosted == Rates(Decimal("1.70"), Decimal("0.40"), Decimal("1.60"))
    assert per_token == Rates(Decimal(0), Decimal("0.80"), Decimal("3.20"))
    found = break_even(hosted, per_token, written_share=Decimal("0.25"))
    assert found is not None
    assert round(found / 1_000_000, 2) == Decimal("2.43")
    # The same figure where one's own card costs as much an hour, and the base model is paid by the token.
    own_card = Rates(Decimal("1.70"), Decimal(0), Decimal(0))
    by_token = Rates(Decimal(0), Decimal("0.40"), Decimal("1.60"))
    assert break_even(own_card, by_token, Decimal("0.25")) == found


def test_the_base_model_read_alone_breaks_even_where_the_research_says() -> None:
    month = break_even(
        Rates(Decimal("1.70"), Decimal(0), Decimal(0)),
        Rates(Decimal(0), Decimal("0.40"), Decimal("1.60")),
        written_share=Decimal(0),
    )
    assert month is not None
    assert month * 720 == Decimal("3060000000")  # 3.06 billion a month


def test_hosting_never_pays_where_its_tokens_are_not_cheaper() -> None:
    same = Rates(Decimal(0), Decimal("0.40"), Decimal("1.60"))
    assert break_even(Rates(Decimal("1.70"), Decimal("0.40"), Decimal("1.60")), same, Decimal("0.5")) is None


def test_rates_are_unknown_where_a_price_is(table: PriceTable) -> None:
    assert rates_of(table, Seller("nebius", "meta-llama/Llama-3.1-8B-Instruct"), hosted=False) is None


def test_current_costs_what_the_user_says_a_kwh_costs() -> None:
    known = Electricity(watts=Decimal(500), tariff=Decimal("0.30"), currency="EUR")
    found = electricity_cost(known, 7200, TODAY)
    assert found.text == "€0.30"
    assert "1 kWh" in found.basis
    unsaid = electricity_cost(Electricity(), 7200, TODAY, watts=Decimal(400))
    assert not unsaid.is_known and "0.8 kWh" in unsaid.sentence
    assert not electricity_cost(known, None, TODAY).is_known


@pytest.mark.parametrize(
    ("low", "high", "tokens", "ends"),
    [
        ("5", "50", 2_000_000, "the provider counted 2,000,000 trained tokens."),
        ("1", "2", 2_000_000, "That is more than expected."),
        ("20", "30", 2_000_000, "That is less than expected."),
        ("", "", 2_000_000, "the provider counted 2,000,000 trained tokens."),
    ],
)
def test_the_estimate_is_held_against_the_providers_count(
    table: PriceTable, low: str, high: str, tokens: int, ends: str
) -> None:
    actual = actual_cost(table, Seller("azure", MINI, "global"), tokens, TODAY)
    said = against_actual(low, high, "USD", actual)
    assert "Actual: $10.00" in said
    assert said.endswith(ends)
    assert ("Expected: unknown" in said) is (not low)


def test_what_a_job_really_cost_can_be_unknown() -> None:
    assert "unknown" in against_actual("5", "50", "USD", Estimate(why="nobody knows."))
