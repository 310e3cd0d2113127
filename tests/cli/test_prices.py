"""`tunedesk prices`: dated prices, one's own over them, and never a 0 for what is unknown."""

import json
from pathlib import Path
from typing import Any

import pytest

from tunedesk.__main__ import main
from tunedesk.plan.price_table import read_prices

ROW = ["azure", "gpt-4.1-mini", "per_1M_train_tokens", "--tier", "global"]


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["prices", "list", "--json", *arguments]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["prices"]
    return found


def test_prices_are_told_with_day_source_and_age(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "--provider", "azure", "--model", "gpt-4.1-mini"]) == 0
    told = capsys.readouterr().out
    assert "$5.00 a million trained tokens" in told and "2026-08-11" in told
    assert "Azure Retail Prices API" in told
    assert "openai" not in told


def test_an_unknown_price_is_called_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "list", "--provider", "nebius", "--model", "nobody-knows"]) == 0
    assert "unknown, not 0" in capsys.readouterr().out


def test_a_price_is_entered_and_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "set", *ROW, "4.25", "--source", "our contract", "--as-of", "2026-11-20"]) == 0
    found = [row for row in listed(capsys, "--model", "gpt-4.1-mini") if row["entered_by"] == "user"]
    assert [(row["amount"], row["source"], row["as_of"]) for row in found] == [
        ("4.25", "our contract", "2026-11-20")
    ]
    assert main(["prices", "reset", *ROW]) == 0
    assert "$5.00" in capsys.readouterr().out
    assert main(["prices", "reset", *ROW]) == 2


def test_a_price_can_be_said_to_be_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "set", *ROW, "unknown"]) == 0
    rows = [row for row in listed(capsys, "--model", "gpt-4.1-mini") if row["entered_by"] == "user"]
    assert [row["amount"] for row in rows] == [None]
    assert main(["prices", "reset", "--all"]) == 0
    assert all(row["entered_by"] == "shipped" for row in listed(capsys))


@pytest.mark.parametrize(
    "wrong",
    [
        [*ROW, "much"],
        [*ROW, "-1"],
        [*ROW, "NaN"],
        [*ROW, "1", "--as-of", "today"],
        [*ROW, "1", "--currency", "$"],
    ],
)
def test_a_wrong_price_is_refused(wrong: list[str]) -> None:
    assert main(["prices", "set", *wrong]) == 2
    assert all(row.entered_by == "shipped" for row in read_prices().rows)


def test_an_import_shows_what_changes_and_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.toml"
    assert main(["prices", "export", str(path)]) == 0
    assert main(["prices", "import", str(path)]) == 0
    assert "nothing new" in capsys.readouterr().out
    path.write_text(
        path.read_text().replace('amount = "0.40", tier = "global"', 'amount = "0.45", tier = "global"')
    )
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert main(["prices", "import", str(path)]) == 1
    assert "$0.40 a million tokens read -> $0.45" in capsys.readouterr().out
    assert main(["prices", "import", str(path), "--yes"]) == 0
    assert [row["amount"] for row in listed(capsys) if row["entered_by"] == "imported"] == ["0.45", "0.45"]


def test_the_price_of_current_is_the_users(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "power"]) == 0
    assert "not known" in capsys.readouterr().out
    assert main(["prices", "power", "--watts", "350", "--tariff", "0.31", "--currency", "eur"]) == 0
    assert "€0.31 a kWh, this computer draws 350 W" in capsys.readouterr().out


def test_the_calendar_names_models_days_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "calendar"]) == 0
    told = capsys.readouterr().out
    assert "2027-01-14" in told and "gpt-4.1-mini-2025-04-14" in told and "deprecations" in told
    assert main(["prices", "calendar", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["retirements"]
    assert {"openai", "azure"} <= {each["provider"] for each in found}


def test_hosting_pays_from_about_two_and_a_half_million_tokens_an_hour(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["prices", "break-even", "azure/global:gpt-4.1-mini", "openai:gpt-4.1-mini"]) == 0
    assert "2,428,571 tokens an hour" in capsys.readouterr().out
    assert main(["prices", "break-even", "azure/global:gpt-4.1-mini", "azure/global:gpt-4.1-mini"]) == 0
    assert "never pays" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        ["azure", "openai:gpt-4.1-mini"],
        ["azure/global:gpt-4.1-mini", "nebius:unknown"],
        ["azure/global:gpt-4.1-mini", "openai:gpt-4.1-mini", "--written", "2"],
    ],
)
def test_a_break_even_without_its_prices_is_refused(wrong: list[str]) -> None:
    assert main(["prices", "break-even", *wrong]) == 2
