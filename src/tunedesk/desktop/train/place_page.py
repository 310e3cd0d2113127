"""The wizard's third step: where the run will compute. Today that is this computer."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from tunedesk.desktop.runs.gauges import Bar
from tunedesk.desktop.train import words
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.train.wizard import Choices
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.plan.hardware import Gpu, Hardware

BAR_WIDTH = 220


class PlacePage(QWidget):
    look_requested = Signal()
    """Look again at what this computer has, e.g. after another program was closed."""

    def __init__(self) -> None:
        super().__init__()
        self._computer = Badge("This computer", "cpu", "text")
        self._found = QWidget()
        self._advice = label(look="muted", wrap=True)
        again = push_button("Look again", "refresh")
        again.clicked.connect(self.look_requested)
        self._inner = column(spacing=2 * GRID)
        for part in (self._computer, self._found, self._advice):
            self._inner.addWidget(part)
        self._inner.addLayout(row(again, None))
        holder = QWidget()
        holder.setLayout(self._inner)
        self.setLayout(column(card(holder), None))

    def show_choices(self, choices: Choices) -> None:
        if choices.hardware is None:
            self._advice.setText("Looking at what this computer has…")
            return
        new = QWidget()
        new.setLayout(_facts(choices.hardware))
        self._found = swap(self._inner, self._found, new)
        self._advice.setText(words.place_advice(choices.hardware, choices.model))


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
