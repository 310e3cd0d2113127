"""One answer: who said it, how fast, the text, and what can be done with it. Decides nothing."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy

from tunedesk.chat.conversation import Answer
from tunedesk.desktop.chat.in_place import InPlaceEdit
from tunedesk.desktop.chat.markdown_view import MarkdownView
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.elided_label import ElidedLabel
from tunedesk.desktop.widgets.layout import GRID, column, label, row
from tunedesk.runs.generation import Voice

NAMES: dict[Voice, str] = {"base": "Base model", "tuned": "Tuned model"}


class AnswerCard(QFrame):
    correction_accepted = Signal(str)
    """The text the answer should have had."""
    example_wanted = Signal()
    copy_wanted = Signal(str)
    link_clicked = Signal(str)

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        set_look(self, "card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._voice = voice
        self._answer: Answer | None = None
        self._name = label(NAMES[voice], "heading")
        self._facts = ElidedLabel(Qt.TextElideMode.ElideRight, "muted")
        self._view = MarkdownView(f"Answer of the {NAMES[voice].lower()}")
        self._view.link_clicked.connect(self.link_clicked)
        self._copy = action(self, "Copy answer", "copy")
        self._copy.triggered.connect(lambda: self.copy_wanted.emit(self._view.text))
        self._correct = action(self, "Correct this answer…", "pencil", tip="Write what it should have said")
        self._correct.triggered.connect(self._begin_correction)
        self._add = action(self, "Add to dataset", "plus", tip="Make this an example of the dataset")
        self._add.triggered.connect(self.example_wanted)
        self._lay_out()
        self._correction = InPlaceEdit(self._view, self._body, self)
        self._correction.accepted.connect(self.correction_accepted)
        self.show_answer(None)

    @property
    def voice(self) -> Voice:
        return self._voice

    def show_answer(self, answer: Answer | None) -> None:
        """None: no answer yet."""
        if answer == self._answer and answer is not None:
            return
        self._answer = answer
        text = answer.text if answer else ""
        done = answer is not None and answer.reason is not None
        if done or not text:
            self._view.show_text(text)
        else:
            self._view.stream_text(text)
        self._facts.show_text(_facts(answer))
        for each in (self._copy, self._correct, self._add):
            each.setEnabled(done)

    def show_exact(self, exact: bool) -> None:
        self._view.show_exact(exact)

    def _lay_out(self) -> None:
        head = row(self._name, self._facts, spacing=GRID)
        head.setStretch(1, 1)
        for each in (self._copy, self._correct, self._add):
            head.addWidget(tool_button(each))
        self._body = column(self._view, spacing=GRID)
        self.setLayout(column(head, self._body, None, spacing=GRID, margin=2 * GRID))

    def _begin_correction(self) -> None:
        if self._answer is not None:
            name = f"Correction of the {NAMES[self._voice].lower()}'s answer"
            self._correction.begin(self._answer.text, name, "Keep correction", "check", lines=3)


def _facts(answer: Answer | None) -> str:
    if answer is None:
        return ""
    if answer.corrected:
        return "corrected by you"
    if answer.reason is None:
        return "writing…"
    facts = []
    if answer.tokens:  # a service need not tell them
        facts.append(f"{answer.tokens:,} tokens")
        if answer.seconds > 0:
            facts.append(f"{answer.tokens / answer.seconds:,.0f} tokens/s")
    ends = {
        "end": "",
        "length": "cut at the longest answer allowed",
        "context": "the model's context is full",
        "cancelled": "stopped",
    }
    return " · ".join(filter(None, (*facts, ends[answer.reason])))
