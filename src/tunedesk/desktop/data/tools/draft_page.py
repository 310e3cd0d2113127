"""Drafts of new examples by a model: which, what for, and exactly what it is sent, before anything is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSpinBox, QWidget

from tunedesk.desktop.data.tools.clearing import clear
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.text.plain_field import PlainField
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.runs.generation import ChatMessage

TYPING_MS = 300
ELSEWHERE = "A model at an address…"
TASKS: tuple[tuple[Literal["examples", "answers"], str], ...] = (
    ("examples", "New questions with answers"),
    ("answers", "Other answers to the same questions"),
)
BUTTON = "Draft examples"


@dataclass(frozen=True)
class LocalModel:
    name: str
    path: Path


@dataclass(frozen=True)
class Wanted:
    """model: on this computer; None: the one at the address."""

    model: LocalModel | None
    address: str
    remote_model: str
    key: str
    task: Literal["examples", "answers"]
    count: int
    wish: str


class DraftPage(ToolPage):
    look_asked = Signal()
    """Something else is wanted: show what would be sent."""
    draft_asked = Signal()

    def __init__(self) -> None:
        super().__init__(
            "Draft examples",
            "A model writes new examples after the selected rows. They are marked as drafts, with the model "
            "as their source, until you have looked at them.",
            BUTTON,
        )
        self._models: tuple[LocalModel, ...] = ()
        self._host = ""
        self._is_ready = False
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._typing.timeout.connect(self.look_asked)
        self._model = QComboBox()
        self._model.setAccessibleName("Model")
        self._address, self._remote, self._key = QLineEdit(), QLineEdit(), QLineEdit()
        self._address.setPlaceholderText("https://host/v1")
        self._key.setEchoMode(QLineEdit.EchoMode.Password)
        self._key.setPlaceholderText("kept in memory only")
        self._task = QComboBox()
        self._task.addItems([words for _, words in TASKS])
        self._task.setAccessibleName("What")
        self._count = QSpinBox()
        self._count.setRange(1, 500)
        self._count.setValue(10)
        self._count.setAccessibleName("How many")
        self._wish = PlainField("Wish", 64)
        self._wish.setPlaceholderText("such as: more complaints about late parcels, in a rude tone")
        self._agree = QCheckBox()
        self._sent = column(spacing=GRID)
        self._lay_out_body()
        self._connect()

    @property
    def wanted(self) -> Wanted:
        number = self._model.currentIndex()
        return Wanted(
            self._models[number] if 0 <= number < len(self._models) else None,
            self._address.text().strip(),
            self._remote.text().strip(),
            self._key.text(),
            TASKS[self._task.currentIndex()][0],
            self._count.value(),
            self._wish.text.strip(),
        )

    def show_models(self, models: Sequence[LocalModel]) -> None:
        self._models = tuple(models)
        self._model.clear()
        self._model.addItems([*(model.name for model in models), ELSEWHERE])
        self._show_fields()

    def show_sent(self, host: str, rows: int, messages: Sequence[ChatMessage], *, is_here: bool) -> None:
        """What the model would get first, and where it goes."""
        clear(self._sent)
        for message in messages:
            self._sent.addWidget(card(label(message.role, "muted"), _text(message.content), spacing=4))
        if host != self._host:
            self._agree.setChecked(False)  # an agreement is for one host
        self._host = host
        counted = f"{rows:,} row{'' if rows == 1 else 's'}"
        self._agree.setVisible(not is_here)
        self._agree.setText(f"I agree that {counted} are sent to {host}")
        where = "Nothing leaves this computer." if is_here else f"{counted} will be sent to {host}."
        self.say(f"After {counted}. {where}", "muted")
        self._is_ready = True
        self._offer()

    def show_trouble(self, sentence: str) -> None:
        clear(self._sent)
        self._agree.hide()
        self.say(sentence, "warning")
        self._is_ready = False
        self._offer()

    def show_working(self) -> None:
        self.say("Drafting… Cancel it in the status line.", "muted")
        self._is_ready = False
        self._offer()

    def show_outcome(self, sentence: str, *, is_good: bool) -> None:
        self.say(sentence, "ok" if is_good else "warning")
        self._is_ready = True
        self._offer()

    def _offer(self) -> None:
        agreed = self._agree.isHidden() or self._agree.isChecked()
        self.offer(f"Draft {self._count.value():,}", enabled=self._is_ready and agreed)

    def _lay_out_body(self) -> None:
        self._form = form()
        self._form.addRow("Model", self._model)
        self._form.addRow("Address", self._address)
        self._form.addRow("Its name there", self._remote)
        self._form.addRow("Key", self._key)
        self._form.addRow("What", self._task)
        self._form.addRow("How many", row(self._count, None))
        self._form.addRow("Wish", self._wish)
        sent = QWidget()
        sent.setLayout(self._sent)
        body = QWidget()
        head = label("The first message that the model gets", "heading")
        body.setLayout(column(self._form, self._agree, head, sent, None, spacing=2 * GRID, margin=2 * GRID))
        self.set_body(body)

    def _connect(self) -> None:
        self._model.activated.connect(self._choose)
        self._task.activated.connect(self.look_asked)
        self._count.valueChanged.connect(lambda: self._typing.start())
        for field in (self._address, self._remote, self._key):
            field.textEdited.connect(lambda: self._typing.start())
        self._wish.textChanged.connect(self._typing.start)
        self._agree.toggled.connect(self._offer)
        self.apply_asked.connect(self.draft_asked)

    def _choose(self) -> None:
        self._show_fields()
        self.look_asked.emit()

    def _show_fields(self) -> None:
        is_elsewhere = self.wanted.model is None
        for field in (self._address, self._remote, self._key):
            self._form.setRowVisible(field, is_elsewhere)


def _text(content: str) -> QWidget:
    return label(content, wrap=True, selectable=True)
