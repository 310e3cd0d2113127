"""The conversation's settings: system prompt, temperature, top-p, longest answer, seed."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QFrame, QScrollArea, QSpinBox, QWidget

from tunedesk.desktop.text.exact_edit import ExactEdit
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, form, label
from tunedesk.runs.generation import Sampling

WIDTH = 280


class SettingsPanel(QScrollArea):
    settings_changed = Signal(object)
    """A `Sampling`."""
    system_changed = Signal(object)
    """The exact text, see ExactEdit."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFixedWidth(WIDTH)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Settings of the conversation")
        self._system = ExactEdit("System prompt")
        self._system.setPlaceholderText("None. What the model is told before the conversation.")
        self._system.setFixedHeight(17 * GRID)
        self._system.text_edited.connect(self.system_changed)
        self._temperature = _number(0.0, 5.0, 0.1, "0 takes the likeliest token; 1 samples as trained.")
        self._top_p = _number(0.05, 1.0, 0.05, "Only the likeliest tokens up to this share are drawn.")
        self._max_tokens = _whole(1, 100_000, "The longest answer, in tokens.")
        self._seed = _whole(0, 2_000_000_000, "The same seed and settings give the same answer.")
        for field in (self._temperature, self._top_p):
            field.valueChanged.connect(self._tell)
        for whole in (self._max_tokens, self._seed):
            whole.valueChanged.connect(self._tell)
        self._greedy = push_button("Back to defaults", "undo")
        self._greedy.clicked.connect(lambda: self._reset())
        self._lay_out()
        self.show_settings(Sampling())

    def flush(self) -> None:
        """A system prompt that was just typed counts before the next message is sent."""
        self._system.flush()

    def show_settings(self, settings: Sampling) -> None:
        self.blockSignals(True)
        self._temperature.setValue(settings.temperature)
        self._top_p.setValue(settings.top_p)
        self._max_tokens.setValue(settings.max_tokens)
        self._seed.setValue(settings.seed)
        self.blockSignals(False)

    def show_system(self, system: str) -> None:
        self._system.show_text(system)

    def set_busy(self, busy: bool) -> None:
        self._system.set_read_only(busy)

    def _lay_out(self) -> None:
        fields = form()
        fields.addRow("&Temperature", self._temperature)
        fields.addRow("Top-&p", self._top_p)
        fields.addRow("&Longest answer", self._max_tokens)
        fields.addRow("&Seed", self._seed)
        page = QWidget()
        page.setLayout(
            column(
                label("System prompt", "heading"),
                self._system,
                label("Sampling", "heading"),
                fields,
                self._greedy,
                None,
                spacing=GRID + 4,
                margin=2 * GRID,
            )
        )
        self.setWidget(page)

    def _reset(self) -> None:
        self.show_settings(Sampling())
        self._tell()

    def _tell(self) -> None:
        self.settings_changed.emit(
            Sampling(
                temperature=round(self._temperature.value(), 3),
                top_p=round(self._top_p.value(), 3),
                max_tokens=self._max_tokens.value(),
                seed=self._seed.value(),
            )
        )


def _number(low: float, high: float, step: float, tip: str) -> QDoubleSpinBox:
    field = QDoubleSpinBox(minimum=low, maximum=high, singleStep=step, decimals=2)
    field.setToolTip(tip)
    return field


def _whole(low: int, high: int, tip: str) -> QSpinBox:
    field = QSpinBox(minimum=low, maximum=high)
    field.setGroupSeparatorShown(True)
    field.setToolTip(tip)
    return field
