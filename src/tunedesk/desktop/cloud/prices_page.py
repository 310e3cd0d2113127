"""Settings, Prices: what services cost, from where and of which day that is known, and one's own prices."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from tunedesk.desktop.cloud.price_model import AGE, MODEL, SOURCE, PriceModel, amount_of
from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.calm_combo import CalmComboBox
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.plan.price_table import Electricity, PriceTable
from tunedesk.plan.prices import UNITS, Age, Price

TELLS = (
    "No service is asked for prices: these were read on the days that stand beside them. Look at the "
    "service's own page before you rely on one, and type over what is no longer right."
)


class PricesPage(QWidget):
    entered = Signal(object)
    """A list of `Price`."""
    reset_wanted = Signal(object)
    """A list of `Price` for which what ships shall hold again; None: everywhere."""
    electricity_set = Signal(object)
    file_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._model = PriceModel()
        self._view = _table(self._model)
        self._find = QLineEdit()
        self._find.setPlaceholderText("Find a service, model or price")
        self._find.setAccessibleName("Find a price")
        self._find.setClearButtonEnabled(True)
        self._told = label(look="error", wrap=True)
        self._told.hide()
        self._stale = label(look="warning", wrap=True)
        self._reset = push_button("Reset the selected", "undo")
        self._reset_all = push_button("Reset all", "undo")
        self._import = push_button("Take in a file…", "folder-open")
        self._add = push_button("Add a price", "plus")
        self._new = _NewPrice()
        self._watts, self._tariff, self._currency = QLineEdit(), QLineEdit(), QLineEdit()
        self._keep = push_button("Keep")
        self._lay_out()
        self._connect()
        self._fit()

    def _lay_out(self) -> None:
        for field, hint in ((self._watts, "such as 300"), (self._tariff, "such as 0.30")):
            field.setPlaceholderText(hint)
            field.setMaximumWidth(16 * GRID)
        self._currency.setMaximumWidth(10 * GRID)
        current = row(spacing=GRID)
        for name, field in (
            ("Watts while it trains", self._watts),
            ("A kilowatt-hour costs", self._tariff),
            ("in", self._currency),
        ):
            words = label(name)
            words.setBuddy(field)
            field.setAccessibleName("Currency" if field is self._currency else name)
            current.addWidget(words)
            current.addWidget(field)
        current.addWidget(self._keep)
        current.addStretch(1)
        self._electricity = card(
            label("This computer's current", "heading"),
            label("What a training here costs is worked out from these; empty is unknown.", "muted"),
            current,
        )
        self._new.hide()
        tools = row(self._find, self._add, self._import, self._reset, self._reset_all)
        tools.setStretch(0, 1)
        layout = column(
            label("Prices", "title"),
            label(TELLS, "muted", wrap=True),
            self._stale,
            tools,
            self._new,
            self._told,
            self._view,
            self._electricity,
            spacing=GRID + 4,
            margin=3 * GRID,
        )
        layout.setStretch(6, 1)
        self.setLayout(layout)

    def _connect(self) -> None:
        self._find.textChanged.connect(self._model.show_only)
        self._model.edited.connect(lambda price: self.entered.emit([price]))
        self._model.refused.connect(self.show_trouble)
        self._view.selectionModel().selectionChanged.connect(self._fit)
        self._model.modelReset.connect(self._fit)
        self._reset.clicked.connect(lambda: self.reset_wanted.emit(self._chosen()))
        self._reset_all.clicked.connect(lambda: self.reset_wanted.emit(None))
        self._add.clicked.connect(self._begin_new)
        self._new.made.connect(self._take_new)
        self._new.left.connect(self._end_new)
        self._new.refused.connect(self.show_trouble)
        self._import.clicked.connect(self._ask_for_file)
        self._keep.clicked.connect(self._keep_electricity)

    def show_table(self, table: PriceTable) -> None:
        self._told.hide()
        self._model.show_rows(table.rows)
        self._reset_all.setEnabled(any(price.entered_by != "shipped" for price in table.rows))
        self._new.show_services(sorted({price.provider for price in table.rows}))
        self._show_electricity(table.electricity)
        today = date.today()
        stale = sum(price.age(today) is Age.STALE for price in table.rows)
        old = sum(price.age(today) is Age.OLD for price in table.rows)
        words = []
        if old:
            words.append(f"{old} prices are older than 90 days.")
        if stale:
            words.append(
                f"{stale} are older than 180 days and must be confirmed before anything is sent at them."
            )
        self._stale.setText(" ".join(words))
        self._stale.setVisible(bool(words))

    def show_trouble(self, sentence: str) -> None:
        self._told.setText(sentence)
        self._told.show()

    def _show_electricity(self, known: Electricity) -> None:
        fields = ((self._watts, known.watts), (self._tariff, known.tariff))
        for field, amount in fields:
            if not field.hasFocus():
                field.setText("" if amount is None else f"{amount:f}")
        if not self._currency.hasFocus():
            self._currency.setText(known.currency)

    def _chosen(self) -> list[Price]:
        return [self._model.rows[index.row()] for index in self._view.selectionModel().selectedRows()]

    def _fit(self) -> None:
        self._reset.setEnabled(any(price.entered_by != "shipped" for price in self._chosen()))

    def _begin_new(self) -> None:
        """The fields need the room of what is changed seldom."""
        self._electricity.hide()
        self._new.setMinimumHeight(self._new.sizeHint().height())  # the table gives way, not the fields
        self._new.show()
        self._new.take_focus()

    def _end_new(self) -> None:
        self._new.hide()
        self._electricity.show()

    def _take_new(self, price: Price) -> None:
        self._end_new()
        self.entered.emit([price])

    def _keep_electricity(self) -> None:
        try:
            watts, tariff = amount_of(self._watts.text()), amount_of(self._tariff.text())
        except ValueError as wrong:
            self.show_trouble(str(wrong))
            return
        currency = self._currency.text().strip().upper() or "USD"
        self.electricity_set.emit(Electricity(watts=watts, tariff=tariff, currency=currency))

    def _ask_for_file(self) -> None:
        dialog = QFileDialog(self, "Take prices in from a file", "", "Prices (*.toml)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen: self.file_chosen.emit(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


class _NewPrice(QWidget):
    """The fields of a price that is not in the table."""

    made = Signal(object)
    left = Signal()
    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._service, self._unit = CalmComboBox(), CalmComboBox()
        self._service.setEditable(True)
        for unit, words in UNITS.items():
            self._unit.addItem(words, unit)
        self._model, self._tier, self._amount = QLineEdit(), QLineEdit(), QLineEdit()
        self._currency, self._source = QLineEdit("USD"), QLineEdit()
        self._tier.setPlaceholderText("empty for any")
        self._source.setPlaceholderText("where you read it")
        left, right = form(), form()
        for rows, name, field in (
            (left, "Service", self._service),
            (left, "Model", self._model),
            (left, "Tier", self._tier),
            (left, "Source", self._source),
            (right, "Price", self._amount),
            (right, "Currency", self._currency),
            (right, "for", self._unit),
        ):
            rows.addRow(name, field)
            field.setAccessibleName(f"{name} of the new price")
            field.setMinimumHeight(field.sizeHint().height())
        both = row(left, right, spacing=3 * GRID)
        both.setStretch(0, 1)
        both.setStretch(1, 1)
        keep, leave = push_button("Keep the price", primary=True), push_button("Leave it")
        keep.clicked.connect(self._make)
        leave.clicked.connect(self.left)
        self.setLayout(column(card(both, row(keep, leave, None))))

    def show_services(self, names: list[str]) -> None:
        typed = self._service.currentText()
        self._service.clear()
        self._service.addItems(names)
        self._service.setCurrentText(typed)

    def take_focus(self) -> None:
        self._service.setFocus()

    def _make(self) -> None:
        try:
            amount = amount_of(self._amount.text())
        except ValueError as wrong:
            self.refused.emit(str(wrong))
            return
        self.made.emit(
            Price(
                provider=self._service.currentText().strip(),
                model=self._model.text().strip(),
                unit=self._unit.currentData(),
                amount=amount,
                tier=self._tier.text().strip(),
                currency=self._currency.text().strip().upper(),
                source=self._source.text().strip() or "entered by hand",
                as_of=date.today(),
                entered_by="user",
            )
        )


class _AgeDelegate(QStyledItemDelegate):
    """An old price stands out by its colour; its word says the same."""

    def __init__(self, view: QTableView, model: PriceModel) -> None:
        super().__init__(view)
        self._view, self._model = view, model

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]
        super().initStyleOption(option, index)
        price = self._model.rows[index.row()]
        age, tokens = price.age(date.today()), tokens_of(self._view)
        tint = {Age.FRESH: tokens.muted, Age.OLD: tokens.warning, Age.STALE: tokens.error}[age]
        palette: QPalette = option.palette
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
            palette.setColor(role, tint)


def _table(model: PriceModel) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setItemDelegateForColumn(AGE, _AgeDelegate(view, model))
    view.setAccessibleName("Prices")
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setTabKeyNavigation(False)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setMinimumHeight(11 * GRID)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(30)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(MODEL, QHeaderView.ResizeMode.Interactive)
    header.resizeSection(MODEL, 200)
    header.setSectionResizeMode(SOURCE, QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return view
