"""The table that ships, and what a user enters over it."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk import paths
from tunedesk.errors import UserError
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
from tunedesk.plan.prices import UNITS, Age, Price, Unit


def amounts(provider: str, model: str, unit: Unit, tier: str = "") -> list[str]:
    return [str(row.amount) for row in read_prices().find(provider, model, unit, tier)]


def own(amount: str | None, **changes: object) -> Price:
    given = Decimal(amount) if amount is not None else None
    row = Price(
        provider="azure",
        model="gpt-4.1-mini",
        unit="per_1M_train_tokens",
        tier="global",
        amount=given,
        source='the "contract", page 3 \\ appendix',
        as_of=date(2026, 11, 20),
    )
    return msgspec.structs.replace(row, **changes)


def test_every_shipped_price_is_dated_and_has_a_source() -> None:
    table = read_file(paths.resources() / "prices.toml")
    assert len(table.rows) > 50
    assert all(row.source and row.as_of <= date(2026, 11, 21) for row in table.rows)
    assert len({row.key for row in table.rows}) == len(table.rows)


def test_the_figures_of_the_research_are_in_the_table() -> None:
    assert amounts("azure", "gpt-4.1-mini-2025-04-14", "per_1M_train_tokens", "global") == ["5.00"]
    assert amounts("azure-classic", "gpt-4.1-mini", "per_1M_train_tokens", "developer") == ["2.50"]
    assert amounts("azure", "gpt-4.1-mini", "per_host_hour", "regional") == ["1.70"]
    assert amounts("azure", "gpt-4.1-mini", "per_host_hour", "developer") == ["0.00"]
    assert amounts("openai", "gpt-4.1", "per_1M_train_tokens") == ["25.00"]
    assert amounts("nebius", "meta-llama/Llama-3.1-8B-Instruct", "per_1M_train_tokens") == ["0.40"]


def test_what_is_not_in_the_table_is_unknown() -> None:
    assert amounts("nebius", "meta-llama/Llama-3.3-70B-Instruct", "per_1M_train_tokens") == []
    assert amounts("custom", "anything", "per_1M_train_tokens") == []


def test_a_row_says_when_its_model_retires() -> None:
    row = read_prices().find("openai", "gpt-4o-mini", "per_1M_train_tokens")[0]
    assert row.retires_on == date(2027, 1, 14)


def test_a_users_row_stands_in_place_of_the_shipped_one_and_can_be_reset() -> None:
    enter([own("3.21")])
    found = read_prices().find("azure", "gpt-4.1-mini", "per_1M_train_tokens", "global")
    assert [(row.amount, row.entered_by, row.source) for row in found] == [
        (Decimal("3.21"), "user", 'the "contract", page 3 \\ appendix')
    ]
    enter([own("3.00")])
    assert amounts("azure", "gpt-4.1-mini", "per_1M_train_tokens", "global") == ["3.00"]
    reset([own(None)])
    assert amounts("azure", "gpt-4.1-mini", "per_1M_train_tokens", "global") == ["5.00"]


def test_a_user_can_say_that_a_price_is_unknown() -> None:
    enter([own(None)])
    assert amounts("azure", "gpt-4.1-mini", "per_1M_train_tokens", "global") == ["None"]


def test_a_users_day_of_retirement_counts_before_the_shipped_one() -> None:
    enter([own("3", model="gpt-4.1-mini-2025-04-14", retires_on=date(2027, 6, 1))])
    found = read_prices().retirement("azure", "gpt-4.1-mini-2025-04-14")
    assert found is not None and found.day == date(2027, 6, 1)


def test_that_ones_own_server_sends_no_bill_does_not_grow_old_but_a_price_for_it_does() -> None:
    later = date(2030, 1, 1)
    shipped = read_prices().find("tunedesk", "starter", "per_1M_train_tokens")[0]
    assert shipped.age(later) is Age.FRESH
    enter([msgspec.structs.replace(shipped, amount=Decimal("0.10"))])
    assert read_prices().find("tunedesk", "starter", "per_1M_train_tokens")[0].age(later) is Age.STALE
    assert read_prices().find("azure", "gpt-4.1", "per_host_hour")[0].age(later) is Age.STALE


def test_only_the_users_rows_are_in_the_users_file() -> None:
    enter([own("3.21")])
    assert len(read_file(own_file()).rows) == 1


def test_an_exported_table_is_read_again_and_can_be_imported() -> None:
    rows = read_prices().rows
    path = paths.home() / "mine.toml"
    path.write_text(as_text(rows), encoding="utf-8")
    assert sorted(read_file(path).rows, key=lambda row: row.key) == sorted(rows, key=lambda row: row.key)
    enter(read_file(path).rows[:1], "imported")
    assert read_file(own_file()).rows[0].entered_by == "imported"


def test_current_is_what_the_user_says_and_unknown_before() -> None:
    assert read_prices().electricity.tariff is None
    set_electricity(Electricity(watts=Decimal(350), tariff=Decimal("0.31"), currency="EUR"))
    enter([own("3")])
    assert read_prices().electricity == Electricity(
        watts=Decimal(350), tariff=Decimal("0.31"), currency="EUR"
    )
    with pytest.raises(UserError):
        set_electricity(Electricity(tariff=Decimal(-1)))


@pytest.mark.parametrize(
    "text",
    [
        "not toml at all [",
        '[[prices]]\nprovider = "a"\nsource = "s"\nas_of = "today"\nrows = []',
        '[[prices]]\nprovider = "a"\nsource = "s"\nas_of = 2026-01-01\n'
        'rows = [{ model = "m", unit = "each" }]',
        "[[prices]]\nprovider = 'a'\nsource = 's'\nas_of = 2026-01-01\n"
        "rows = [{ model = 'm', unit = 'per_1M_in', amount = -1 }]",
        "colour = 'red'",
    ],
)
def test_a_damaged_file_is_told_and_a_reset_gets_rid_of_it(text: str) -> None:
    own_file().write_text(text)
    with pytest.raises(UserError, match=r"prices\.toml"):
        read_prices()
    reset()
    assert read_prices().rows


def test_amounts_keep_every_digit() -> None:
    own_file().write_text(
        "[[prices]]\nprovider = 'a'\nsource = 's'\nas_of = 2026-01-01\n"
        "rows = [{ model = 'm', unit = 'per_1M_in', amount = 0.1 },"
        " { model = 'n', unit = 'per_1M_in', amount = 3 }]"
    )
    assert amounts("a", "m", "per_1M_in") == ["0.1"]
    assert amounts("a", "n", "per_1M_in") == ["3"]


TEXT = st.text(
    st.sampled_from("aZ0-_.:/*\\\"'#[]{}=, \u00a0üЖ中😀\u2028").filter(str.isprintable), max_size=12
)
NAME = st.builds(lambda text: f"n{text}", TEXT)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Price,
            provider=NAME,
            model=NAME,
            unit=st.sampled_from(list(UNITS)),
            amount=st.none() | st.decimals(0, 10**6, places=6),
            tier=TEXT,
            currency=st.sampled_from(["USD", "EUR", "JPY"]),
            source=TEXT,
            as_of=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
            retires_on=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
            entered_by=st.sampled_from(["shipped", "user", "imported"]),
            note=TEXT,
            ages=st.booleans(),
        ),
        max_size=6,
    )
)
def test_whatever_a_person_enters_is_read_as_it_was_written(rows: list[Price]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "prices.toml"
        path.write_text(as_text(rows), encoding="utf-8")
        found = read_file(path).rows
    assert sorted(map(repr, found)) == sorted(map(repr, rows))
