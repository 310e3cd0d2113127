"""What a run will need, as a card that follows every change: memory by part, time, and what would help."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.train import words
from tunedesk.desktop.train.memory_bar import MemoryBar
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.train.wizard import Choices, Forecast
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, label, row
from tunedesk.plan.fitting import Change
from tunedesk.plan.hardware import Hardware


class NeedsCard(QWidget):
    change_chosen = Signal(str, str)
    """A setting's name and the value with which the run fits, or fits nearly."""
    count_requested = Signal()
    """The memory shall be counted on a model without weights."""

    def __init__(self) -> None:
        super().__init__()
        self._headline = label(look="heading")
        self._details = label(look="muted", wrap=True)
        self._bar = MemoryBar()
        self._count = push_button("Count exactly")
        self._count.setToolTip("Builds the model without its weights and counts what one step holds: seconds")
        set_look(self._count, "link")
        self._count.clicked.connect(self.count_requested)
        self._counted = label(look="muted", wrap=True)
        self._changes = QWidget()
        self._holder = column(self._changes, spacing=0)
        self.setLayout(
            column(
                card(
                    row(self._headline, None),
                    self._bar,
                    self._details,
                    row(self._count, self._counted, None),
                    self._holder,
                )
            )
        )
        self._bar.hide()

    @property
    def headline(self) -> str:
        return self._headline.text()

    def show_choices(self, choices: Choices) -> None:
        ahead, hardware = choices.forecast, choices.hardware
        if ahead is None or hardware is None:
            self._details.setText("Being worked out…")
            return
        free = hardware.free_for_training
        self._headline.setText(_headline(ahead, hardware))
        self._bar.show_memory(ahead.memory, free)
        self._bar.show()
        self._details.setText(_details(ahead))
        self._count.setVisible(ahead.counted is None)
        self._counted.setVisible(ahead.counted is not None)
        if ahead.counted is not None:
            self._counted.setText(f"Counted without weights: {words.bytes_of(ahead.counted.total)}.")
        new = QWidget()
        new.setLayout(column(*(self._change(one) for one in ahead.changes), spacing=GRID))
        self._changes = swap(self._holder, self._changes, new)
        self._changes.setVisible(bool(ahead.changes))

    def _change(self, change: Change) -> QWidget:
        name, value = words.name_of(change.setting), str(change.value).lower()
        button = push_button(f"Set {name.lower()} to {value}")
        set_look(button, "link")
        button.clicked.connect(lambda: self.change_chosen.emit(change.setting, value))
        needed = f"{words.bytes_of(change.needed)} then"
        sign = Badge(needed, "ok" if change.fits else "warning", "ok" if change.fits else "warning")
        made = QWidget()
        made.setLayout(column(row(button, sign, None), label(change.sentence, "muted", wrap=True), spacing=4))
        return made


def _headline(ahead: Forecast, hardware: Hardware) -> str:
    needed, free = words.bytes_of(ahead.memory.total), words.bytes_of(hardware.free_for_training)
    place = "the card" if hardware.gpus else "this computer"
    verdict = "fits" if ahead.memory.total <= hardware.free_for_training else "does not fit"
    return f"Needs about {needed} of {free} free on {place}: {verdict}"


def _details(ahead: Forecast) -> str:
    steps = "1 step" if ahead.steps == 1 else f"{ahead.steps:,} steps"
    row_words = f"{ahead.largest_row:,} tokens at once at most, {words.ACTIVATIONS[ahead.activations]}"
    moved = f" ({words.bytes_of(ahead.memory.offloaded)})" if ahead.memory.offloaded else ""
    return f"{words.duration(ahead.time.seconds).capitalize()} for {steps}; {row_words}{moved}."
