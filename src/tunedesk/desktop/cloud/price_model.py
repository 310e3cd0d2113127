"""The rows of the table of prices for a view: amounts, days and sources can be typed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

import msgspec
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from tunedesk.plan.prices import UNITS, Age, Price

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
COLUMNS = ("Service", "Model", "Tier", "Price", "Currency", "for", "As of", "Age", "Source")
PROVIDER, MODEL, TIER, AMOUNT, CURRENCY, UNIT, DAY, AGE, SOURCE = range(len(COLUMNS))
EDITABLE = (AMOUNT, CURRENCY, DAY, SOURCE)
BY_HAND = "entered by hand"
AGES = {Age.FRESH: "fresh", Age.OLD: "old: look again", Age.STALE: "stale: must be confirmed"}


class PriceModel(QAbstractTableModel):
    edited = Signal(object)
    """The `Price` as it was typed."""
    refused = Signal(str)
    """Why what was typed is no price."""

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[Price, ...] = ()
        self._rows: tuple[Price, ...] = ()
        self._wanted = ""

    @property
    def rows(self) -> tuple[Price, ...]:
        """Those that are shown."""
        return self._rows

    def show_rows(self, rows: Sequence[Price]) -> None:
        self._all = tuple(sorted(rows, key=lambda row: (row.provider, row.model, row.unit, row.tier)))
        self._filter()

    def show_only(self, text: str) -> None:
        """Rows that have every word of the text somewhere."""
        self._wanted = text.casefold()
        self._filter()

    def _filter(self) -> None:
        self.beginResetModel()
        words = self._wanted.split()
        self._rows = tuple(row for row in self._all if all(word in _all_of(row) for word in words))
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation is Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return COLUMNS[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return usual | Qt.ItemFlag.ItemIsEditable if index.column() in EDITABLE else usual

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        match role:
            case Role.DisplayRole:
                return _shown(row, index.column())
            case Role.EditRole:
                amount = "" if row.amount is None else f"{row.amount:f}"
                return amount if index.column() == AMOUNT else _shown(row, index.column())
            case Role.ToolTipRole:
                return _tip(row)
            case Role.TextAlignmentRole if index.column() == AMOUNT:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case Role.AccessibleTextRole:
                return f"{COLUMNS[index.column()]} {_shown(row, index.column())}"
        return None

    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:
        if role != Role.EditRole:
            return False
        row, text = self._rows[index.row()], str(value).strip()
        try:
            changed = _changed(row, index.column(), text)
        except ValueError as wrong:
            self.refused.emit(str(wrong))
            return False
        if changed == row:
            return False
        self.edited.emit(changed)
        return True


def amount_of(text: str) -> Decimal | None:
    """What was typed as an amount; None for nothing, which is unknown. ValueError: no amount."""
    bare = text.strip().replace(",", "")
    if not bare:
        return None
    try:
        amount = Decimal(bare)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no amount. Leave it empty where the price is unknown.") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{text!r} is no amount. Leave it empty where the price is unknown.")
    return amount


def _changed(row: Price, column: int, text: str) -> Price:
    """A new amount is of today and the user's own, unless day and source are typed too."""
    match column:
        case place if place == AMOUNT:
            amount = amount_of(text)
            if amount == row.amount:
                return row
            return msgspec.structs.replace(row, amount=amount, as_of=date.today(), source=BY_HAND)
        case place if place == CURRENCY:
            return msgspec.structs.replace(row, currency=text.upper())
        case place if place == SOURCE:
            return msgspec.structs.replace(row, source=text)
    try:
        return msgspec.structs.replace(row, as_of=date.fromisoformat(text))
    except ValueError:
        raise ValueError(f"{text!r} is no day. Write it like 2026-11-21.") from None


def _shown(row: Price, column: int) -> str:
    texts = (
        row.provider,
        "any model" if row.model == "*" else row.model,
        row.tier or "any",
        "unknown" if row.amount is None else f"{row.amount:f}",
        row.currency,
        UNITS[row.unit],
        row.as_of.isoformat(),
        AGES[row.age(date.today())],
        row.source,
    )
    return texts[column]


def _tip(row: Price) -> str:
    own = {"user": "Entered by you.", "imported": "Taken from a file.", "shipped": ""}[row.entered_by]
    until = f"The model retires on {row.retires_on}." if row.retires_on else ""
    return "\n".join(part for part in (row.source, row.note, until, own) if part)


def _all_of(row: Price) -> str:
    own = "own" if row.entered_by != "shipped" else ""
    return " ".join((*(_shown(row, column) for column in range(len(COLUMNS))), own)).casefold()
