"""What will soon be gone is said before anything is trained."""

from datetime import date

import pytest

from tunedesk.plan.price_table import PriceTable, read_prices
from tunedesk.plan.retirement import calendar, day_of, ends, last_day

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def table() -> PriceTable:
    return read_prices()


def test_openais_models_end_soon_and_its_jobs_sooner(table: PriceTable) -> None:
    found = ends(
        table, "openai", "gpt-4.1-mini-2025-04-14", TODAY, title="OpenAI", no_jobs_after="2027-01-06"
    )
    assert [(each.what, str(each.day), each.urgency) for each in found] == [
        ("jobs", "2027-01-06", "soon"),
        ("model", "2027-01-14", "soon"),
    ]
    assert "46 more days" in found[0].sentence
    assert "deprecations" in found[1].sentence
    assert last_day(found) == date(2027, 1, 14)


def test_a_model_that_is_gone_is_said_to_be(table: PriceTable) -> None:
    found = ends(table, "openai", "gpt-4.1-nano", TODAY)
    assert [each.urgency for each in found] == ["gone"]
    assert "was shut down on 2026-10-23" in found[0].sentence


def test_a_tuned_model_ends_with_its_base(table: PriceTable) -> None:
    assert last_day(ends(table, "openai", "ft:gpt-4o-mini-2024-07-18:acme::1", TODAY)) == date(2027, 1, 14)


def test_a_day_that_is_far_away_is_told_without_alarm(table: PriceTable) -> None:
    assert [each.urgency for each in ends(table, "azure", "gpt-4.1-mini", TODAY)] == ["later"]


def test_the_services_own_day_counts_before_the_table(table: PriceTable) -> None:
    found = ends(table, "openai", "gpt-4.1-mini", TODAY, shutdown_date="2028-01-01", title="OpenAI")
    assert last_day(found) == date(2028, 1, 1)
    assert "own list" in found[0].sentence


def test_nothing_is_known_of_most_models(table: PriceTable) -> None:
    assert ends(table, "nebius", "meta-llama/Llama-3.1-8B-Instruct", TODAY) == ()
    assert last_day(()) is None


def test_the_last_day_itself_still_counts(table: PriceTable) -> None:
    assert ends(table, "openai", "gpt-4.1-mini", date(2027, 1, 14))[0].urgency == "soon"
    assert ends(table, "openai", "gpt-4.1-mini", date(2027, 1, 15))[0].urgency == "gone"


def test_the_calendar_tells_the_next_day_first_and_forgets_what_is_long_gone(table: PriceTable) -> None:
    days = [each.day for each in calendar(table, TODAY)]
    assert days == sorted(days)
    assert date(2026, 10, 23) in days and date(2027, 10, 16) in days
    assert date(2026, 10, 23) not in [each.day for each in calendar(table, date(2027, 10, 1))]


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2027-01-14", date(2027, 1, 14)),
        ("2027-01-14T00:00:00Z", date(2027, 1, 14)),
        (1799884800, date(2027, 1, 14)),
        ("1799884800", date(2027, 1, 14)),
        (None, None),
        ("", None),
        ("next year", None),
    ],
)
def test_a_day_is_read_in_every_form_that_was_seen(said: str | int | None, day: date | None) -> None:
    assert day_of(said) == day
