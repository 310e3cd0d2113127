"""What the columns of a table mean: which is the question, which the answer; with the first rows as they
would be trained.
"""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from tunedesk.dataset.example import Example
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.desktop.data.tools.clearing import clear
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.text.plain_field import PlainField
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row

TYPING_MS = 250
NONE = "\u2013"
LONGEST = 600
"""Characters of a turn in the preview."""
FIELDS = (
    ("user", "Question", "What the user says"),
    ("context", "Context", "What the question is about; stands before it"),
    ("assistant", "Answer", "What the model shall learn to say"),
    ("system", "System prompt", "A system prompt of its own for each row"),
    ("chosen", "Better answer", "Of a preference: the answer that was preferred"),
    ("rejected", "Worse answer", "Of a preference: the answer that was not"),
    ("label", "Verdict", "Whether the answer is good"),
    ("messages", "List of turns", "A column that holds whole conversations"),
)


class MappingPage(ToolPage):
    preview_asked = Signal(ColumnMapping)
    guess_asked = Signal()
    forget_asked = Signal()

    def __init__(self) -> None:
        super().__init__(
            "What the columns mean",
            "Says which column is what, for this file and for good. The file itself stays as it is.",
            "Use these columns",
        )
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._typing.timeout.connect(self.ask)
        self._boxes = {name: QComboBox() for name, _, _ in FIELDS}
        self._role_key, self._text_key = QComboBox(), QComboBox()
        self._system_text = PlainField("System prompt of all rows", 72)
        self._guess = push_button("Guess again", "refresh")
        self._forget = push_button("Forget what was said")
        self._preview = column(spacing=GRID)
        self._lay_out_body()
        self._connect()

    @property
    def mapping(self) -> ColumnMapping:
        chosen = {name: _chosen(box) for name, box in self._boxes.items()}
        return ColumnMapping(
            **chosen,
            role_key=_chosen(self._role_key) or "role",
            text_key=_chosen(self._text_key) or "content",
            system_text=self._system_text.text,
        )

    def begin(self, columns: Sequence[str], mapping: ColumnMapping, *, is_kept: bool) -> None:
        """columns: of the table. is_kept: the mapping is in use, not a guess."""
        for name, box in self._boxes.items():
            _fill(box, [NONE, *columns], getattr(mapping, name) or NONE)
        for box, keys, value in (
            (self._role_key, ("role", "from", "speaker"), mapping.role_key),
            (self._text_key, ("content", "value", "text"), mapping.text_key),
        ):
            _fill(box, list(dict.fromkeys([value, *keys])), value)
        self._system_text.blockSignals(True)
        self._system_text.setPlainText(mapping.system_text)
        self._system_text.blockSignals(False)
        self._forget.setVisible(is_kept)
        self.ask()

    def ask(self) -> None:
        self._typing.stop()
        has_turns = bool(_chosen(self._boxes["messages"]))
        self._form.setRowVisible(self._role_key, has_turns)
        self._form.setRowVisible(self._text_key, has_turns)
        self.preview_asked.emit(self.mapping)

    def show_preview(self, examples: Sequence[Example], *, says_something: bool) -> None:
        clear(self._preview)
        for number, example in enumerate(examples, start=1):
            self._preview.addWidget(_example_card(number, example))
        if says_something:
            self.say("Check that questions and answers stand where they belong.", "muted")
        else:
            self.say("Choose at least the column with the answer.", "warning")
        self.offer("Use these columns", enabled=says_something)

    def _lay_out_body(self) -> None:
        self._form = form()
        for name, words, tip in FIELDS:
            box = self._boxes[name]
            box.setToolTip(tip)
            box.setAccessibleName(words)
            self._form.addRow(words, box)
        for box, words in ((self._role_key, "Role stands in"), (self._text_key, "Text stands in")):
            box.setEditable(True)
            box.setAccessibleName(words)
            self._form.addRow(words, box)
        self._form.addRow("For all rows", self._system_text)
        self._form.addRow("", row(self._guess, self._forget, None))
        shown = QWidget()
        shown.setLayout(self._preview)
        body = QWidget()
        head = label("The first rows", "heading")
        body.setLayout(column(self._form, head, shown, None, spacing=2 * GRID, margin=2 * GRID))
        self.set_body(body)

    def _connect(self) -> None:
        for box in (*self._boxes.values(), self._role_key, self._text_key):
            box.currentTextChanged.connect(lambda: self._typing.start())
        self._system_text.textChanged.connect(self._typing.start)
        self._guess.clicked.connect(self.guess_asked)
        self._forget.clicked.connect(self.forget_asked)


def _example_card(number: int, example: Example) -> QWidget:
    parts: list[QWidget] = [label(f"Row {number}", "heading")]
    turns = [(turn.role, turn.content) for turn in example.messages]
    turns += [("better answer", turn.content) for turn in example.chosen]
    turns += [("worse answer", turn.content) for turn in example.rejected]
    for role, content in turns:
        text = content if content is not None else "(no text)"
        parts.append(label(role, "muted"))
        parts.append(label(text if len(text) <= LONGEST else text[: LONGEST - 1] + "\u2026", wrap=True))
    if not turns:
        parts.append(label("Nothing that could be trained.", "warning", wrap=True))
    return card(*parts, spacing=GRID // 2)


def _fill(box: QComboBox, items: Sequence[str], value: str) -> None:
    box.blockSignals(True)
    box.clear()
    box.addItems(list(dict.fromkeys([*items, value])))
    box.setCurrentText(value)
    box.blockSignals(False)


def _chosen(box: QComboBox) -> str:
    text = box.currentText()
    return "" if text == NONE else text
