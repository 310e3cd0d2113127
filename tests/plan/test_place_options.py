"""One table: this computer, servers of one's own, and each service."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from tunedesk.plan.billed_tokens import BilledTokens
from tunedesk.plan.estimates import Traffic
from tunedesk.plan.hardware import Hardware
from tunedesk.plan.place_options import CloudChoice, Wanted, cloud_option, local_option
from tunedesk.plan.price_table import Electricity, PriceTable, read_prices, set_electricity
from tunedesk.plan.time import TimeEstimate

TODAY = date(2026, 11, 21)
TOKENS = BilledTokens(1_000_000, 1_000_000, 400_000, 100, 0, "counted")
WANTED = Wanted("sft", TOKENS, 3, TODAY)
HERE = Hardware(gpus=(), ram_total=16 * 10**9, ram_free=8 * 10**9, cpu_count=8, cpu_name="a processor")
AZURE = CloudChoice("Work", "r.openai.azure.com", "gpt-4.1-mini-2025-04-14", region="westeurope")


@dataclass(frozen=True)
class FakeProfile:
    id: str = "azure"
    title: str = "Azure"
    methods: tuple[str, ...] = ("sft", "dpo")
    training_types: tuple[str, ...] = ("GlobalStandard", "Standard", "developerTier")
    residency: dict[str, str] = field(
        default_factory=lambda: {
            "GlobalStandard": "Data may leave the region.",
            "Standard": "Data stays there.",
        }
    )
    gives_weights: bool = False
    deploys: str = "azure"
    ends_on: str = ""
    verified: str = "2026-11-01"


@pytest.fixture(scope="module")
def table() -> PriceTable:
    return read_prices()


def test_the_usual_tier_is_taken_where_none_is_chosen(table: PriceTable) -> None:
    found = cloud_option(table, WANTED, FakeProfile(), AZURE)
    assert found.money_now.text == "$15.00"
    assert found.money_month.text == "$1,224.00"
    assert found.data_goes == "to r.openai.azure.com, region westeurope. Data may leave the region."
    assert found.lives_until == "2027-10-14"
    assert found.available and found.reason == ""
    assert found.warnings == ("Its price is of 2026-08-11, more than 90 days ago.",)


def test_another_tier_has_its_own_price_and_residency(table: PriceTable) -> None:
    choice = CloudChoice("Work", "h", "gpt-4.1-mini", training_type="Standard")
    found = cloud_option(table, WANTED, FakeProfile(), choice)
    assert found.money_now.text == "$16.50"
    assert found.data_goes == "to h. Data stays there."


def test_a_model_that_is_trained_cheaply_is_hosted_at_the_usual_price(table: PriceTable) -> None:
    choice = CloudChoice("Work", "h", "gpt-4.1-mini", training_type="developerTier")
    found = cloud_option(table, WANTED, FakeProfile(), choice)
    assert (found.money_now.text, found.money_month.text) == ("$7.50", "$1,224.00")


def test_a_month_grows_with_what_is_asked(table: PriceTable) -> None:
    wanted = Wanted("sft", TOKENS, 3, TODAY, Traffic(10_000_000, 1_000_000))
    assert cloud_option(table, wanted, FakeProfile(), AZURE).money_month.text == "$1,229.60"


def test_what_ends_soon_is_warned_of_and_what_ended_cannot_be_chosen(table: PriceTable) -> None:
    openai = FakeProfile("openai", "OpenAI", training_types=(), deploys="", ends_on="2027-01-06")
    choice = CloudChoice("Mine", "api.openai.com", "gpt-4.1-mini")
    found = cloud_option(table, WANTED, openai, choice)
    assert found.available
    assert any("2027-01-06" in warning for warning in found.warnings)
    assert any("2027-01-14" in warning for warning in found.warnings)
    assert any("half a year" in warning for warning in found.warnings)
    later = Wanted("sft", TOKENS, 3, date(2027, 1, 7))
    gone = cloud_option(table, later, openai, choice)
    assert not gone.available
    assert "2027-01-06 was the last day" in gone.reason


def test_a_profile_that_nobody_tried_says_so(table: PriceTable) -> None:
    found = cloud_option(table, WANTED, FakeProfile(verified="never"), AZURE)
    assert any("Nobody has tried" in warning for warning in found.warnings)


def test_an_unknown_price_is_called_unknown(table: PriceTable) -> None:
    custom = FakeProfile("custom", "A gateway", training_types=(), deploys="")
    found = cloud_option(table, WANTED, custom, CloudChoice("Gate", "gate.example.com", "m"))
    assert found.money_now.text == "unknown"
    assert found.lives_until == "no day is known; the service decides"


@pytest.mark.parametrize(
    ("wanted", "choice", "says"),
    [
        (Wanted("orpo", TOKENS, 3, TODAY), AZURE, "method orpo"),
        (WANTED, CloudChoice("Work", "h", ""), "No model"),
        (WANTED, CloudChoice("Work", "h", "m", has_login=False), "no key"),
    ],
)
def test_what_stands_in_the_way_is_said(
    table: PriceTable, wanted: Wanted, choice: CloudChoice, says: str
) -> None:
    found = cloud_option(table, wanted, FakeProfile(), choice)
    assert not found.available
    assert says in found.reason


def test_weights_that_can_be_fetched_live_as_long_as_their_files(table: PriceTable) -> None:
    nebius = FakeProfile("nebius", "Nebius", training_types=(), deploys="", gives_weights=True)
    found = cloud_option(table, WANTED, nebius, CloudChoice("N", "h", "meta-llama/Llama-3.1-8B-Instruct"))
    assert found.money_now.text == "$1.20"
    assert "as long as you keep" in found.lives_until


def test_a_server_of_ones_own_sends_no_bill(table: PriceTable) -> None:
    server = FakeProfile("tunedesk", "TuneDesk server", training_types=(), deploys="", gives_weights=True)
    found = cloud_option(table, WANTED, server, CloudChoice("Box", "box:8731", "starter"))
    assert found.money_now.text == "$0.00"
    assert "one's own" in found.money_now.sentence


def test_this_computer_costs_current_and_keeps_the_data() -> None:
    found = local_option(PriceTable(), WANTED, TimeEstimate(7200, "from a run"), HERE, 3 * 10**9, 8 * 10**9)
    assert (found.time, found.memory_fit) == ("about 2 h", "fits: 3.0 GB of 8.0 GB")
    assert found.money_now.text == "unknown"
    assert "0.24 kWh" in found.money_now.sentence
    assert found.data_goes.startswith("nowhere")
    set_electricity(Electricity(watts=Decimal(500), tariff=Decimal("0.30"), currency="EUR"))
    told = local_option(read_prices(), WANTED, TimeEstimate(7200, "from a run"), HERE, 1, 2)
    assert told.money_now.text == "€0.30"


def test_what_does_not_fit_is_warned_of_and_can_still_be_made_to_fit() -> None:
    found = local_option(PriceTable(), WANTED, TimeEstimate(None, "No speed is known."), HERE, 9, 8)
    assert found.available
    assert found.memory_fit.startswith("does not fit")
    assert found.warnings
    assert found.time == "not known. No speed is known."
