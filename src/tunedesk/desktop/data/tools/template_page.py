"""Fill a template from a table's columns: each row of the table makes one example; the first is shown."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QSpinBox, QWidget

from tunedesk.dataset.hydrating import PromptTemplate
from tunedesk.desktop.data.tools.clearing import clear
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.text.plain_field import PlainField
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row

TYPING_MS = 250
MOST_COLUMNS = 24
ROLES = ("system", "user", "assistant")


class TemplatePage(ToolPage):
    table_asked = Signal()
    """Choose a table file."""
    fill_asked = Signal(PromptTemplate, int, bool)
    """The template, the row to preview (from 1), and whether rows that lack a value count too."""

    def __init__(self) -> None:
        super().__init__(
            "Fill a template",
            "Makes one example of each row of a table. Write {column} where a value belongs.",
            "Add examples",
        )
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._typing.timeout.connect(self.ask)
        self._texts = {role: _text_field(role) for role in ROLES}
        self._last = self._texts["user"]
        self._source = label("", "muted", wrap=True)
        self._choose = push_button("Choose a table…", "folder-open")
        self._columns = QWidget()
        self._chips = row(spacing=GRID // 2)
        self._columns.setLayout(row(self._chips, None))
        self._incomplete = QCheckBox("Also rows that lack a value")
        self._number = QSpinBox()
        self._number.setRange(1, 1)
        self._number.setAccessibleName("Row of the preview")
        self._preview = QWidget()
        self._preview_lines = column(spacing=GRID)
        self._preview.setLayout(self._preview_lines)
        self._lay_out_body()
        self._connect()

    @property
    def template(self) -> PromptTemplate:
        return PromptTemplate(*(self._texts[role].text for role in ROLES))

    def show_table(self, name: str, columns: Sequence[str], rows: int) -> None:
        """Where the values come from. rows: how many the table has."""
        self._source.setText(f"{rows:,} rows of {name}")
        self._number.setRange(1, max(rows, 1))
        clear(self._chips)
        for name in columns[:MOST_COLUMNS]:
            chip = push_button(name)
            chip.setToolTip(f"Write {{{name}}} into the text")
            chip.clicked.connect(partial(self._insert, name))
            self._chips.addWidget(chip)
        self.ask()

    def ask(self) -> None:
        self._typing.stop()
        self.offer("Add examples", enabled=False)
        self.fill_asked.emit(self.template, self._number.value(), self._incomplete.isChecked())

    def show_preview(self, turns: Sequence[tuple[str, str]], lacks: str) -> None:
        """turns: role and text of the example that one row makes. lacks: what the row has not."""
        clear(self._preview_lines)
        for role, text in turns:
            self._preview_lines.addWidget(card(label(role, "muted"), _words(text), spacing=GRID // 2))
        if lacks:
            self._preview_lines.addWidget(label(lacks, "warning", wrap=True))

    def show_outcome(self, examples: int, left_out: int, reason: str) -> None:
        words = f"{examples:,} example{'' if examples == 1 else 's'} would be added at the end."
        if left_out:
            words += f" {left_out:,} row{'' if left_out == 1 else 's'} would not: {reason}"
        self.say(words, "warning" if left_out else "muted")
        self.offer(f"Add {examples:,} example{'' if examples == 1 else 's'}", enabled=examples > 0)

    def show_trouble(self, sentence: str) -> None:
        self.show_preview((), "")
        self.say(sentence, "muted")
        self.offer("Add examples", enabled=False)

    def _insert(self, name: str, checked: bool = False) -> None:
        self._last.insertPlainText(f"{{{name}}}")
        self._last.setFocus()

    def _lay_out_body(self) -> None:
        fields = form()
        fields.addRow("From", row(self._source, self._choose, None))
        fields.addRow("Columns", self._columns)
        for role in ROLES:
            fields.addRow(role.capitalize(), self._texts[role])
        fields.addRow("", self._incomplete)
        head = row(label("Preview of row", "heading"), self._number, None)
        body = QWidget()
        body.setLayout(column(fields, head, self._preview, None, spacing=2 * GRID, margin=2 * GRID))
        self.set_body(body)

    def _connect(self) -> None:
        self._choose.clicked.connect(self.table_asked)
        self._incomplete.toggled.connect(self.ask)
        self._number.valueChanged.connect(lambda: self._typing.start())
        for field in self._texts.values():
            field.textChanged.connect(self._typing.start)
            field.cursorPositionChanged.connect(partial(self._remember, field))

    def _remember(self, field: PlainField) -> None:
        """Columns are written where one wrote last."""
        if field.hasFocus():
            self._last = field


def _text_field(role: str) -> PlainField:
    return PlainField(f"Template of the {role}", 60 if role == "system" else 96)


def _words(text: str) -> QLabel:
    shown = label(text, wrap=True, selectable=True)
    set_look(shown, "")
    return shown
