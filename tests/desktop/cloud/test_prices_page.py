"""Settings, Prices: typed over, added, found and reset; what ships is never changed."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QTableView

from tests.desktop.finding import buttons, named, words_on
from tunedesk.desktop.cloud.price_model import AGE, AMOUNT, DAY, PriceModel, amount_of
from tunedesk.plan.price_table import own_file, read_prices
from tunedesk.plan.prices import Price

Role = Qt.ItemDataRole
PRICE = Price(
    provider="openai",
    model="gpt",
    unit="per_1M_in",
    amount=Decimal("1.50"),
    as_of=date.today(),
    source="a page",
)


@pytest.fixture
def page(qtbot, clouds, settle):
    made = clouds.make_prices_page()
    qtbot.addWidget(made)
    made.resize(1100, 800)
    made.show()
    settle()
    return made


def model_of(page):
    return named(page, "Prices", QTableView).model()


def find(page, qtbot, text):
    qtbot.keyClicks(named(page, "Find a price", QLineEdit), text)


def click(qtbot, page, text):
    (button,) = [one for one in buttons(page, text) if isinstance(one, QPushButton)]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_every_shipped_price_is_shown_with_its_day_and_source(page):
    assert model_of(page).rowCount() == len(read_prices().rows)
    assert any("older than 180 days" in words for words in words_on(page))


def test_a_price_that_is_typed_over_is_of_today_and_ones_own(qtbot, page, settle):
    find(page, qtbot, "openai gpt-4.1-mini trained")
    model = model_of(page)
    assert model.rowCount() == 1
    model.setData(model.index(0, AMOUNT), "6.25")
    settle()
    (row,) = model.rows
    assert (row.amount, row.as_of, row.entered_by) == (Decimal("6.25"), date.today(), "user")
    assert row.source == "entered by hand", "nobody else said it"
    assert read_prices().find("openai", row.model, "per_1M_train_tokens")[0].amount == Decimal("6.25")


def test_reset_lets_what_ships_hold_again(qtbot, page, settle):
    find(page, qtbot, "openai gpt-4.1-mini trained")
    model = model_of(page)
    before = model.rows[0]
    model.setData(model.index(0, AMOUNT), "6.25")
    settle()
    named(page, "Prices", QTableView).selectRow(0)
    click(qtbot, page, "Reset the selected")
    settle()
    assert model.rows[0] == before
    assert not any(row.entered_by == "user" for row in read_prices().rows)


def test_an_empty_price_is_unknown_and_not_nothing(qtbot, page, settle):
    find(page, qtbot, "openai gpt-4.1-mini trained")
    model = model_of(page)
    model.setData(model.index(0, AMOUNT), "")
    settle()
    assert model.rows[0].amount is None
    assert model.index(0, AMOUNT).data() == "unknown"


@pytest.mark.parametrize("text", ["cheap", "-1", "NaN", "inf"])
def test_what_is_no_amount_is_refused_in_words(qtbot, page, text):
    model = model_of(page)
    assert not model.setData(model.index(0, AMOUNT), text)
    assert any("is no amount" in words for words in words_on(page))
    assert not own_file().exists()


def test_a_day_is_written_year_first(qtbot, page):
    model = model_of(page)
    assert not model.setData(model.index(0, DAY), "21.11.2026")
    assert any("Write it like" in words for words in words_on(page))


def test_a_price_is_added(qtbot, page, settle):
    click(qtbot, page, "Add a price")
    named(page, "Service of the new price", QComboBox).setEditText("our-gateway")
    qtbot.keyClicks(named(page, "Model of the new price"), "llama")
    qtbot.keyClicks(named(page, "Price of the new price"), "0.75")
    click(qtbot, page, "Keep the price")
    settle()
    (found,) = read_prices().find("our-gateway", "llama", "per_1M_train_tokens")
    assert (found.amount, found.source) == (Decimal("0.75"), "entered by hand")


def test_a_price_without_a_model_is_refused(qtbot, page, settle):
    click(qtbot, page, "Add a price")
    click(qtbot, page, "Keep the price")
    settle()
    assert any("needs a provider and a model" in words for words in words_on(page))


def test_what_this_computers_current_costs_is_kept(qtbot, page, settle):
    qtbot.keyClicks(named(page, "Watts while it trains"), "300")
    qtbot.keyClicks(named(page, "A kilowatt-hour costs"), "0.30")
    click(qtbot, page, "Keep")
    settle()
    known = read_prices().electricity
    assert (known.watts, known.tariff) == (Decimal(300), Decimal("0.30"))


@pytest.mark.parametrize(("days", "word"), [(1, "fresh"), (91, "old"), (181, "stale")])
def test_an_old_price_says_so_in_a_word(days, word):
    model = PriceModel()
    model.show_rows([msgspec.structs.replace(PRICE, as_of=date.today() - timedelta(days=days))])
    assert word in model.index(0, AGE).data()


def test_amounts_may_have_thousands():
    assert amount_of("1,224.00") == Decimal("1224.00")
    assert amount_of(" ") is None


def test_the_model_keeps_qts_rules(qtmodeltester):
    model = PriceModel()
    model.show_rows([PRICE, msgspec.structs.replace(PRICE, model="other")])
    qtmodeltester.check(model)
