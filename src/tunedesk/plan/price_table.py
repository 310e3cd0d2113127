"""The table of prices: what ships with TuneDesk, and over it what the user entered, as readable TOML.

The user's file holds only rows of their own, so that a newer TuneDesk brings newer prices for the rest.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock
from msgspec import Struct

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.plan.prices import EnteredBy, Price, Unit, check_price, matching, same_model, same_provider


class Retirement(Struct, frozen=True, kw_only=True):
    """The last day of a model. source: who says so; as_of: when that was read."""

    provider: str
    model: str
    day: date
    source: str
    as_of: date


class Electricity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this computer's current costs. watts: while it trains; tariff: of a kWh; None: nobody said."""

    watts: Decimal | None = None
    tariff: Decimal | None = None
    currency: str = "USD"


UNSAID = Electricity()


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    model: str
    unit: Unit
    amount: Decimal | None = None
    tier: str = ""
    retires_on: date | None = None
    note: str = ""


class _Sheet(Struct, frozen=True, forbid_unknown_fields=True):
    """Prices that were read in one place on one day."""

    provider: str
    source: str
    as_of: date
    rows: tuple[_Line, ...]
    currency: str = "USD"
    entered_by: EnteredBy = "shipped"
    ages: bool = True


class _Ends(Struct, frozen=True, forbid_unknown_fields=True):
    """models: the last day of each."""

    provider: str
    source: str
    as_of: date
    models: dict[str, date]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    prices: tuple[_Sheet, ...] = ()
    retirements: tuple[_Ends, ...] = ()
    electricity: Electricity = UNSAID


@dataclass(frozen=True, slots=True)
class PriceTable:
    """All that is known of prices. A row that is not there is unknown, never 0."""

    rows: tuple[Price, ...] = ()
    retirements: tuple[Retirement, ...] = ()
    electricity: Electricity = UNSAID

    def find(
        self, provider: str, model: str, unit: Unit, tier: str = "", account: str = ""
    ) -> tuple[Price, ...]:
        """What holds, an account's own rows first; several only where no tier is said; () is unknown."""
        sellers = (account, provider) if account else (provider,)
        return matching(self.rows, sellers, model, unit, tier)

    def retirement(self, provider: str, model: str) -> Retirement | None:
        """A model's last day: the exact name's, else the earliest of its days' versions."""
        found = [
            each
            for each in self.retirements
            if same_provider(each.provider, provider) and same_model(each.model, model)
        ]
        exact = [each for each in found if each.model.lower() == model.lower()]
        return min(exact or found, key=lambda each: each.day, default=None)


def own_file() -> Path:
    return paths.home() / "prices.toml"


def read_prices() -> PriceTable:
    """What ships, with the user's rows in place of shipped ones. UserError: a file is damaged."""
    shipped = read_file(paths.resources() / "prices.toml")
    own = _own()
    rows = {row.key: row for row in (*shipped.rows, *own.rows)}
    electricity = own.electricity if own.electricity != UNSAID else shipped.electricity
    days = (*_days_of(own.rows), *shipped.retirements)
    return PriceTable(_with_days(rows.values(), days), days, electricity)


def read_file(path: Path) -> PriceTable:
    """The prices of a file, for import too. UserError names the file and what is wrong."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_bytes().decode(), parse_float=Decimal), _File)
        table = PriceTable(tuple(_rows(found)), tuple(_retirements(found)), found.electricity)
        for row in table.rows:
            check_price(row)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
        raise UserError(
            f"{path} is not a table of prices: {error}.", hint="Mend it or move it away."
        ) from error
    except UserError as error:
        raise UserError(f"{path}: {error.message}", hint=error.hint) from error
    return table


def enter(rows: Iterable[Price], entered_by: EnteredBy = "user") -> None:
    """Put rows into the user's file, over those of the same key. UserError: one of them is wrong."""
    new = [
        msgspec.structs.replace(row, entered_by=entered_by, ages=row.ages or row.amount != 0) for row in rows
    ]
    for row in new:
        check_price(row)
    with _alone():
        own = _own()
        _write(list({row.key: row for row in (*own.rows, *new)}.values()), own.electricity)


def reset(rows: Iterable[Price] | None = None) -> None:
    """Take rows out of the user's file, so that what ships holds again. None: all, with the price of current,
    also where the file is damaged.
    """
    with _alone():
        if rows is None:
            own_file().unlink(missing_ok=True)
            return
        gone, own = {row.key for row in rows}, _own()
        _write([row for row in own.rows if row.key not in gone], own.electricity)


def set_electricity(electricity: Electricity) -> None:
    """UserError: an amount below 0."""
    for amount in (electricity.watts, electricity.tariff):
        if amount is not None and not (amount.is_finite() and amount >= 0):
            raise UserError(f"{amount} is no amount.", hint="Leave it empty where it is unknown.")
    with _alone():
        _write(list(_own().rows), electricity)


def as_text(rows: Sequence[Price], electricity: Electricity | None = None) -> str:
    """The rows as a file that `read_file` reads, one sheet for each provider, source and day."""
    sheets: dict[tuple[Any, ...], list[Price]] = {}
    for row in rows:
        shared = (row.provider, row.source, row.as_of, row.currency, row.entered_by, row.ages)
        sheets.setdefault(shared, []).append(row)
    parts = [_sheet_text(sheet) for sheet in sheets.values()]
    if electricity is not None and electricity != UNSAID:
        parts.append(_electricity_text(electricity))
    return "\n".join(parts)


def _own() -> PriceTable:
    path = own_file()
    return read_file(path) if path.exists() else PriceTable()


def _alone() -> FileLock:
    """While no other window or command changes the file."""
    return FileLock(own_file().with_suffix(".lock"))


def _write(rows: list[Price], electricity: Electricity) -> None:
    paths.write_atomically(own_file(), as_text(rows, electricity).encode())


def _rows(found: _File) -> Iterator[Price]:
    for sheet in found.prices:
        for line in sheet.rows:
            yield Price(
                provider=sheet.provider,
                model=line.model,
                unit=line.unit,
                amount=line.amount,
                tier=line.tier,
                currency=sheet.currency,
                source=sheet.source,
                as_of=sheet.as_of,
                retires_on=line.retires_on,
                entered_by=sheet.entered_by,
                note=line.note,
                ages=sheet.ages,
            )


def _retirements(found: _File) -> Iterator[Retirement]:
    for ends in found.retirements:
        for model, day in ends.models.items():
            yield Retirement(
                provider=ends.provider, model=model, day=day, source=ends.source, as_of=ends.as_of
            )


def _days_of(rows: Iterable[Price]) -> tuple[Retirement, ...]:
    """What the user's own rows say of a model's end."""
    return tuple(
        Retirement(
            provider=row.provider, model=row.model, day=row.retires_on, source=row.source, as_of=row.as_of
        )
        for row in rows
        if row.retires_on is not None
    )


def _with_days(rows: Iterable[Price], days: Sequence[Retirement]) -> tuple[Price, ...]:
    """Rows that say on which day their model retires, where the table of retirements does."""
    table = PriceTable(retirements=tuple(days))

    def dated(row: Price) -> Price:
        end = None if row.retires_on else table.retirement(row.provider, row.model)
        return msgspec.structs.replace(row, retires_on=end.day) if end else row

    return tuple(dated(row) for row in rows)


def _sheet_text(rows: Sequence[Price]) -> str:
    first = rows[0]
    head = {
        "provider": first.provider,
        "source": first.source,
        "currency": first.currency,
        "entered_by": first.entered_by,
    }
    lines = ["[[prices]]", *(f"{name} = {_text(value)}" for name, value in head.items())]
    lines += [] if first.ages else ["ages = false"]
    lines += [f"as_of = {first.as_of}", "rows = [", *(f"  {_line_text(row)}," for row in rows), "]", ""]
    return "\n".join(lines)


def _line_text(row: Price) -> str:
    parts = [f"model = {_text(row.model)}", f"unit = {_text(row.unit)}"]
    if row.amount is not None:
        parts.append(f"amount = {_text(f'{row.amount:f}')}")
    parts += [f"{name} = {_text(value)}" for name, value in (("tier", row.tier), ("note", row.note)) if value]
    if row.retires_on is not None:
        parts.append(f"retires_on = {row.retires_on}")
    return f"{{ {', '.join(parts)} }}"


def _electricity_text(electricity: Electricity) -> str:
    lines = ["[electricity]", f"currency = {_text(electricity.currency)}"]
    for name, amount in (("watts", electricity.watts), ("tariff", electricity.tariff)):
        if amount is not None:
            lines.append(f"{name} = {_text(f'{amount:f}')}")
    return "\n".join([*lines, ""])


def _text(value: str) -> str:
    """A string of TOML; what `check_price` lets through is written alike in JSON."""
    return json.dumps(value, ensure_ascii=False)
