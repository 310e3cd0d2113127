"""The wizard's third step: where the run will compute, this computer and every service side by side."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QSlider, QWidget

from tunedesk.desktop.runs.gauges import Bar
from tunedesk.desktop.train import words
from tunedesk.desktop.train.cloud_reckoning import place_lines
from tunedesk.desktop.train.places_table import PlacesTable
from tunedesk.desktop.train.service_card import ServiceCard
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.train.wizard import Choices
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.plan.hardware import Gpu, Hardware

BAR_WIDTH = 220
TRAFFIC = (0, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000, 300_000_000,
           1_000_000_000)  # fmt: skip
"""Tokens a month, a step of the slider each."""


class PlacePage(QWidget):
    look_requested = Signal()
    """Look again at what this computer has, e.g. after another program was closed."""
    place_chosen = Signal(str)
    """An account's name; "" for this computer."""
    service_wanted = Signal()
    """A service shall be added."""
    traffic_chosen = Signal(int)
    """Tokens a month."""

    def __init__(self) -> None:
        super().__init__()
        self.table = PlacesTable()
        self.table.chosen.connect(self.place_chosen)
        add = push_button("Add a service…", "plus")
        add.clicked.connect(self.service_wanted)
        self._traffic = QSlider(Qt.Orientation.Horizontal)
        self._traffic.setRange(0, len(TRAFFIC) - 1)
        self._traffic.setAccessibleName("Tokens a month that the tuned model will be used for")
        self._traffic.setFixedWidth(20 * GRID)
        self._traffic.valueChanged.connect(lambda place: self.traffic_chosen.emit(TRAFFIC[place]))
        self._traffic_words = label(look="muted")
        self._traffic_row = QWidget()
        self._traffic_row.setLayout(row(label("Use a month", "muted"), self._traffic, self._traffic_words))
        self.service = ServiceCard()
        self.service.hide()
        self._computer = Badge("This computer", "cpu", "text")
        self._found = QWidget()
        self._advice = label(look="muted", wrap=True)
        again = push_button("Look again", "refresh")
        again.clicked.connect(self.look_requested)
        self._inner = column(self._computer, self._found, self._advice, spacing=2 * GRID)
        self._inner.addLayout(row(again, None))
        here = QWidget()
        here.setLayout(self._inner)
        self._here = card(here)
        self.setLayout(
            column(
                card(self.table, row(add, None, self._traffic_row), spacing=2 * GRID),
                self.service,
                self._here,
                None,
                spacing=2 * GRID,
            )
        )

    def show_choices(self, choices: Choices) -> None:
        self.table.show_lines(place_lines(choices, date.today()), choices.cloud.name if choices.cloud else "")
        self.service.show_choices(choices)
        self._here.setVisible(choices.cloud is None)
        self._traffic_row.setVisible(bool(choices.services))
        self._show_traffic(choices.monthly_tokens)
        if choices.hardware is None:
            self._advice.setText("Looking at what this computer has…")
            return
        new = QWidget()
        new.setLayout(_facts(choices.hardware))
        self._found = swap(self._inner, self._found, new)
        self._advice.setText(words.place_advice(choices.hardware, choices.model))

    def _show_traffic(self, tokens: int) -> None:
        nearest = min(range(len(TRAFFIC)), key=lambda place: abs(TRAFFIC[place] - tokens))
        self._traffic.blockSignals(True)
        self._traffic.setValue(nearest)
        self._traffic.blockSignals(False)
        told = f"{words.parameters(tokens)} tokens" if tokens else "none"
        self._traffic_words.setText(told)
        self._traffic.setAccessibleDescription(told)


def _facts(hardware: Hardware) -> QFormLayout:
    rows = form()
    rows.setContentsMargins(3 * GRID, 0, 0, 0)
    for gpu in hardware.gpus:
        rows.addRow("Graphics card", _gpu(gpu))
    if not hardware.gpus:
        rows.addRow("Graphics card", label("none that training can use"))
    cores = "1 core" if hardware.cpu_count == 1 else f"{hardware.cpu_count} cores"
    rows.addRow("Processor", label(f"{hardware.cpu_name}, {cores}", wrap=True))
    rows.addRow("Memory", _memory(hardware.ram_free, hardware.ram_total))
    return rows


def _gpu(gpu: Gpu) -> QWidget:
    holder = QWidget()
    holder.setLayout(column(label(gpu.name), _memory(gpu.free, gpu.total), spacing=4))
    return holder


def _memory(free: int, total: int) -> QWidget:
    """How much is in use, as a bar, and how much is free, in words."""
    bar = Bar()
    bar.setFixedWidth(BAR_WIDTH)
    bar.show_share((total - free) / total if total else None)
    holder = QWidget()
    words_ = label(f"{words.bytes_of(free)} of {words.bytes_of(total)} free")
    holder.setLayout(column(words_, bar, spacing=4))
    return holder
