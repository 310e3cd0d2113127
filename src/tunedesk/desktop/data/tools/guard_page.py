"""Off-topic guards: questions that the tuned model shall decline, and the sentences it does it with."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QSpinBox, QWidget

from tunedesk.dataset.guarding import Guards
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.text.plain_field import PlainField
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, form, label, row

TYPING_MS = 300
POLITE = "I can only help with questions about our service. Is there anything about it that I can do for you?"


class GuardPage(ToolPage):
    guards_asked = Signal(str, str, float, int)
    """Questions and answers, one a line; the share of all rows; the seed."""
    file_asked = Signal()

    def __init__(self) -> None:
        super().__init__(
            "Off-topic guards",
            "Adds examples in which the model politely declines questions that are none of its business, so "
            "that tuning does not teach it to answer everything.",
            "Add guards",
        )
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._typing.timeout.connect(self.ask)
        self._questions = _lines("Off-topic questions, one a line", 200)
        self._questions.setPlaceholderText("Who won the match last night?\nWrite me a poem about the sea.")
        self._answers = _lines("Polite answers, one a line", 80)
        self._answers.setPlainText(POLITE)
        self._open = push_button("From a file…", "folder-open")
        self._share = QSpinBox()
        self._share.setRange(1, 50)
        self._share.setValue(5)
        self._share.setSuffix(" %")
        self._share.setAccessibleName("Share of all rows")
        self._seed = QSpinBox()
        self._seed.setRange(0, 2**31 - 1)
        self._seed.setValue(1)
        self._seed.setAccessibleName("Seed")
        self._system = label("", "muted", wrap=True)
        self._lay_out_body()
        self._connect()

    def show_questions(self, text: str) -> None:
        """What a file holds."""
        self._questions.setPlainText(text)

    def ask(self) -> None:
        self._typing.stop()
        self.offer("Add guards", enabled=False)
        if not self._questions.text.strip():
            self.say("Write or open a list of questions first.", "muted")
            return
        share = self._share.value() / 100
        questions, answers = self._questions.text, self._answers.text
        self.guards_asked.emit(questions, answers, share, self._seed.value())

    def show_guards(self, guards: Guards) -> None:
        count = len(guards.raws)
        words = f"{count:,} row{'' if count == 1 else 's'} would be added, {guards.share:.1%} of all rows."
        if guards.left_out:
            words += f" {len(guards.left_out):,} of the questions would not: {guards.left_out[0].reason}"
        self.say(words, "muted")
        prompt = guards.system if len(guards.system) <= 200 else guards.system[:199] + "…"
        self._system.setText(f"With the system prompt of most rows: {prompt}" if prompt else "")
        self.offer(f"Add {count:,} row{'' if count == 1 else 's'}", enabled=count > 0)

    def show_trouble(self, sentence: str) -> None:
        self.say(sentence, "error")
        self.offer("Add guards", enabled=False)

    def _lay_out_body(self) -> None:
        fields = form()
        fields.addRow("Questions", self._questions)
        fields.addRow("", row(self._open, None))
        fields.addRow("Answers", self._answers)
        fields.addRow("Share of all rows", row(self._share, None))
        fields.addRow("Seed", row(self._seed, None))
        body = QWidget()
        body.setLayout(column(fields, self._system, None, spacing=2 * GRID, margin=2 * GRID))
        self.set_body(body)

    def _connect(self) -> None:
        self._open.clicked.connect(self.file_asked)
        for field in (self._questions, self._answers):
            field.textChanged.connect(self._typing.start)
        for box in (self._share, self._seed):
            box.valueChanged.connect(lambda: self._typing.start())


def _lines(name: str, height: int) -> PlainField:
    field = PlainField(name, height)
    field.setLineWrapMode(PlainField.LineWrapMode.NoWrap)
    return field
