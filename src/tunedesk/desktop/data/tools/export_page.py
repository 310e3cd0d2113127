"""Write the rows for another tool or provider: for whom, and everything that would be lost, before it is."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QWidget

from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.exporting import ExportOptions, ExportPlan, Legacy, Tally
from tunedesk.dataset.target_profiles import PROFILES, TargetProfile
from tunedesk.desktop.data.tools.clearing import clear
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.widgets.layout import GRID, column, form, label, row

TYPING_MS = 300
BEST = "What fits best"
FORMATS = {
    RowFormat.CHAT: "Chat messages",
    RowFormat.PROMPT_COMPLETION: "Prompt and completion",
    RowFormat.PREFERENCE: "Preference (input, preferred, not preferred)",
    RowFormat.TRL_PREFERENCE: "Preference (prompt, chosen, rejected)",
    RowFormat.UNPAIRED: "Judged answers (prompt, completion, label)",
    RowFormat.REINFORCEMENT: "Reinforcement (messages and grader fields)",
    RowFormat.PROMPT_ONLY: "Prompts alone",
    RowFormat.STEPWISE: "Judged steps",
    RowFormat.TEXT: "Plain text",
    RowFormat.ALPACA: "Alpaca (instruction, input, output)",
    RowFormat.SHAREGPT: "ShareGPT (conversations)",
}
MOST_LINES = 12
"""Kinds of losses that are listed; how many more there are is said."""


class ExportPage(ToolPage):
    plan_asked = Signal(object, object)
    """A TargetProfile and ExportOptions."""

    def __init__(self) -> None:
        super().__init__(
            "Export",
            "Writes the rows as another tool or provider wants them. The dataset itself stays as it is.",
            "Write into a folder…",
        )
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._typing.timeout.connect(self.ask)
        self._target = QComboBox()
        self._target.addItems([profile.title[:1].upper() + profile.title[1:] for profile in PROFILES])
        self._target.setAccessibleName("For")
        self._format = QComboBox()
        self._format.setAccessibleName("Format")
        self._name = QLineEdit("train")
        self._skip = QCheckBox("Leave out rows that cannot be written")
        self._separator, self._stop = QLineEdit(), QLineEdit()
        self._blank = QCheckBox("Begin answers with a blank")
        self._separator.setPlaceholderText("such as \\n###\\n")
        self._stop.setPlaceholderText("such as  END")
        self._files = QGridLayout()
        self._told = column(spacing=GRID)
        self._lay_out_body()
        self._connect()
        self._show_formats()

    @property
    def target(self) -> TargetProfile:
        return PROFILES[self._target.currentIndex()]

    @property
    def options(self) -> ExportOptions:
        legacy = Legacy(
            _unescaped(self._separator.text()), _unescaped(self._stop.text()), self._blank.isChecked()
        )
        return ExportOptions(
            format=self._chosen_format(),
            name=self._name.text().strip() or "train",
            legacy=legacy if self._is_legacy() else Legacy(),
            skip_refused=self._skip.isChecked(),
        )

    def begin(self, name: str) -> None:
        """name: of the files, without an ending."""
        self._name.setText(name)
        self.ask()

    def ask(self) -> None:
        self._typing.stop()
        self.offer("Write into a folder…", enabled=False)
        self.plan_asked.emit(self.target, self.options)

    def show_plan(self, plan: ExportPlan) -> None:
        self._clear()
        for place, file in enumerate(plan.files):
            self._files.addWidget(label(file.name, selectable=True), place, 0)
            self._files.addWidget(label(f"{file.rows:,} rows", "muted"), place, 1)
            self._files.addWidget(label(_size(file.bytes), "muted"), place, 2)
        for place, (name, _) in enumerate(plan.companions, start=len(plan.files)):
            self._files.addWidget(label(name, selectable=True), place, 0)
        self._tell("Cannot be written", "error", _listed(plan.refusals))
        self._tell("Would be rejected", "error", plan.problems)
        self._tell("Would be lost", "warning", _listed(plan.losses))
        self._tell("To know", "muted", plan.notes)
        format_name = FORMATS.get(plan.format, str(plan.format))
        refused = sum(tally.count for tally in plan.refusals)
        in_the_way = refused and not plan.options.skip_refused
        words = f"{plan.rows:,} rows as {format_name.split(' (')[0].lower()}, {_size(plan.bytes)}."
        if in_the_way:
            words = f"{refused:,} rows cannot be written. Mend them, or leave them out."
        elif refused:
            words += " 1 row is left out." if refused == 1 else f" {refused:,} rows are left out."
        elif not plan.losses:
            words += " Nothing is lost."
        self.say(words, "error" if in_the_way else "warning" if plan.losses or refused else "ok")
        self.offer("Write into a folder…", enabled=bool(plan.rows) and not in_the_way)

    def show_trouble(self, sentence: str) -> None:
        self._clear()
        self.say(sentence, "error")
        self.offer("Write into a folder…", enabled=False)

    def _chosen_format(self) -> RowFormat | None:
        number = self._format.currentIndex()
        return self.target.formats[number - 1] if number > 0 else None

    def _is_legacy(self) -> bool:
        return self._chosen_format() is RowFormat.PROMPT_COMPLETION

    def _show_formats(self) -> None:
        self._format.clear()
        self._format.addItems([BEST, *(FORMATS.get(each, str(each)) for each in self.target.formats)])
        self._show_legacy()

    def _show_legacy(self) -> None:
        for field in (self._separator, self._stop, self._blank):
            self._form.setRowVisible(field, self._is_legacy())

    def _clear(self) -> None:
        for layout in (self._files, self._told):
            clear(layout)

    def _tell(self, title: str, look: str, sentences: Sequence[str]) -> None:
        if not sentences:
            return
        self._told.addWidget(label(title, "heading"))
        for sentence in sentences[:MOST_LINES]:
            self._told.addWidget(label(sentence, look, wrap=True, selectable=True))
        if len(sentences) > MOST_LINES:
            self._told.addWidget(label(f"and {len(sentences) - MOST_LINES:,} more kinds", "muted"))

    def _lay_out_body(self) -> None:
        self._form = form()
        self._form.addRow("For", self._target)
        self._form.addRow("Format", self._format)
        self._form.addRow("Behind the prompt", self._separator)
        self._form.addRow("Behind the answer", self._stop)
        self._form.addRow("", self._blank)
        self._form.addRow("Name", self._name)
        self._form.addRow("", self._skip)
        self._files.setHorizontalSpacing(3 * GRID)
        files, told = QWidget(), QWidget()
        files.setLayout(row(self._files, None))
        told.setLayout(self._told)
        body = QWidget()
        head = label("Files", "heading")
        body.setLayout(column(self._form, head, files, told, None, spacing=2 * GRID, margin=2 * GRID))
        self.set_body(body)

    def _connect(self) -> None:
        self._target.activated.connect(self._choose_target)
        self._format.activated.connect(self._choose_format)
        self._skip.toggled.connect(self.ask)
        self._blank.toggled.connect(self.ask)
        for field in (self._name, self._separator, self._stop):
            field.textEdited.connect(lambda: self._typing.start())

    def _choose_target(self) -> None:
        self._show_formats()
        self.ask()

    def _choose_format(self) -> None:
        self._show_legacy()
        self.ask()


def _listed(tallies: Sequence[Tally]) -> list[str]:
    """Like "the weight of a turn: 12 rows (3, 8, 20 …)"."""
    return [f"{tally.what[:1].upper()}{tally.what[1:]}: {_rows(tally)}" for tally in tallies]


def _rows(tally: Tally) -> str:
    if tally.count == 1:
        return f"row {tally.rows[0]:,}"
    shown = ", ".join(f"{number:,}" for number in tally.rows[:3])
    more = " \u2026" if len(tally.rows) > 3 else ""
    return f"{tally.count:,} times, in the rows {shown}{more}"


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:,.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"


def _unescaped(text: str) -> str:
    """Line feeds and tabs as they are written in programs."""
    return text.replace("\\n", "\n").replace("\\t", "\t")
