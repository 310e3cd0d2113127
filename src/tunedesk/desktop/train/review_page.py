"""The wizard's last step: what will be trained, how long, how much memory, where the result will lie."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from tunedesk.desktop.data.row.token_text import Legend, TokenText
from tunedesk.desktop.train import wizard, words
from tunedesk.desktop.train.needs_card import NeedsCard
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.train.wizard import Choices, Reading
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.runs.hyperparameters import Hyperparameters

EXAMPLE_HEIGHT = 120


class ReviewPage(QWidget):
    setting_edited = Signal(str, str)
    """A change that makes the run fit: the setting's name and its value."""
    job_requested = Signal()
    """The exact job as JSON is wanted on the clipboard."""

    def __init__(self, runs_dir: Path) -> None:
        super().__init__()
        self._trained = _fact()
        self._rows = _fact()
        self._settings = _fact()
        self._result = _fact(f"A new folder in {runs_dir}")
        self.needs = NeedsCard()
        self.needs.change_chosen.connect(self.setting_edited)
        self._copy = push_button("Copy the job as JSON", "copy")
        self._copy.clicked.connect(self.job_requested)
        self._copied = label("", "muted", wrap=True, selectable=True)
        self._copied.setAccessibleName("How to run the copied job")
        self._warnings = QWidget()
        self._warnings_holder = column(self._warnings, spacing=0)
        self._example = TokenText()
        self._example.setFixedHeight(EXAMPLE_HEIGHT)
        self._example_words = label(look="muted")
        self._lay_out()

    def _lay_out(self) -> None:
        facts = form()
        facts.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        for name, value in (
            ("Model", self._trained),
            ("Examples", self._rows),
            ("Settings", self._settings),
            ("Result", self._result),
        ):
            facts.addRow(name, value)
        example = card(
            row(label("An example as the model will see it", "heading"), None, self._example_words),
            self._example,
            Legend(),
        )
        job = row(self._copy, self._copied, spacing=2 * GRID)
        job.setStretch(1, 1)
        parts = (self._warnings_holder, card(facts), self.needs, example, job)
        self.setLayout(column(*parts, None, spacing=2 * GRID))

    def show_copied(self) -> None:
        """The job is on the clipboard."""
        self._copied.setText(
            "Copied. Saved as job.json, it is done by: tunedesk train --job job.json --out RUN"
        )

    def show_choices(self, choices: Choices) -> None:
        self._copied.clear()
        settings = wizard.settings(choices)
        if choices.model is None or choices.reading is None or settings is None:
            return
        kind = " (practice model)" if choices.model.is_practice else ""
        adapter = f"a new LoRA adapter of rank {settings.lora_rank}"
        if choices.adapter:
            adapter = f"the LoRA adapter of {choices.adapter.path.parent.name}, which is copied"
        method = words.method_words(choices.method)
        self._trained.setText(f"{choices.model.name}{kind}, with {adapter}; {method}")
        self._rows.setText(_rows(choices.reading, settings))
        self._settings.setText(_settings(choices, settings))
        self._show_example(choices.reading, settings)
        self.needs.show_choices(choices)
        self._show_obstacles(choices)

    def _show_obstacles(self, choices: Choices) -> None:
        found = choices.forecast.obstacles if choices.forecast else ()
        cards = [
            card(
                row(_sign(one.blocks, one.message), None),
                label(one.hint, "muted", wrap=True),
                spacing=4,
            )
            for one in found
        ]
        new = QWidget()
        new.setLayout(column(*cards, spacing=GRID))
        self._warnings = swap(self._warnings_holder, self._warnings, new)
        self._warnings.setVisible(bool(cards))

    def _show_example(self, reading: Reading, settings: Hyperparameters) -> None:
        if reading.example is None:
            return
        tokens = reading.example.tokens
        cut = settings.max_length if tokens > settings.max_length else None
        self._example.show_rendered(replace(reading.example, cut_at=cut))
        self._example_words.setText(f"{tokens:,} tokens, {reading.example.trained:,} trained")


def _sign(blocks: bool, message: str) -> Badge:
    return Badge(message, "error" if blocks else "warning", "error" if blocks else "warning")


def _rows(reading: Reading, settings: Hyperparameters) -> str:
    facts = reading.facts
    told = (
        f"{facts.rows:,} rows, {facts.total_tokens:,} tokens, "
        f"{facts.trained_tokens:,} of them trained ({facts.trained_share:.0%})"
    )
    if facts.valid_rows:
        told += f"; {facts.valid_rows:,} rows for validation"
    cut = reading.rows_cut(settings.max_length)
    return f"{told}; {cut:,} will be cut" if cut else told


def _settings(choices: Choices, settings: Hyperparameters) -> str:
    told = (
        f"{settings.epochs:g} epochs, {settings.batch_size} examples a step, "
        f"learning rate {settings.learning_rate:g}, up to {settings.max_length:,} tokens"
    )
    if not choices.own:
        return f"{told}; all as recommended"
    names = ", ".join(words.name_of(name).lower() for name in choices.own)
    return f"{told}; changed by you: {names}"


def _fact(text: str = "") -> QLabel:
    """As high as its lines are at the width it gets, and no higher."""
    made = label(text, wrap=True, selectable=True)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    made.setSizePolicy(policy)
    return made
