"""The wizard's first step: which rows will be trained on, and which errors stand in the way."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.train import words
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.train.wizard import Choices, Reading, SplitFacts, splits_with_errors
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import action
from tunedesk.desktop.widgets.layout import GRID, card, column, label, row
from tunedesk.desktop.widgets.segmented import Segmented

ROLES = {
    "train": ("Training", "the model learns from these"),
    "valid": ("Validation", "these show when to stop"),
    "heldout": ("Held out", "kept for the proof"),
}
HEADERS = ("Split", "File", "Rows", "Tokens", "Findings", "")


class DataPage(QWidget):
    rows_requested = Signal(object, int)
    """Show this file in Data, at this row (from 1; 0: no row in particular)."""
    method_chosen = Signal(str)
    """How to learn, as in job.json: sft, dpo, orpo."""
    dataset_requested = Signal()
    """There is no dataset to train on; the user wants to choose one."""

    def __init__(self) -> None:
        super().__init__()
        self._method = Segmented("How the rows teach")
        for _, name, icon, tip in words.METHODS:
            one = action(self, name, icon)
            one.setToolTip(tip)
            self._method.add(one)
        self._method.chosen.connect(lambda number: self.method_chosen.emit(words.METHODS[number][0]))
        self._method_help = label(look="muted", wrap=True)
        self._table = QWidget()
        self._holder = column(spacing=2 * GRID)
        heading = label("How do the rows teach?", "heading")
        self._holder.addWidget(card(row(heading, self._method, None, spacing=2 * GRID), self._method_help))
        self._holder.addWidget(self._table)
        self.setLayout(self._holder)

    def show_choices(self, choices: Choices) -> None:
        number = [method for method, *_ in words.METHODS].index(choices.method)
        help = words.METHODS[number][3]
        if choices.method != "sft" and not choices.chose_method:
            help = f"{help} Chosen because most rows are pairs of answers."
        self._method_help.setText(help)
        self._method.show_chosen(number)
        new = QWidget()
        new.setLayout(column(*self._parts(choices), None, spacing=2 * GRID))
        self._table = swap(self._holder, self._table, new)

    def _parts(self, choices: Choices) -> list[QWidget]:
        if choices.splits is None:
            return [card(label("Checking the examples…", "muted"))]
        if not choices.splits:
            return [self._nothing()]
        errors = [self._error(split) for split in splits_with_errors(choices)]
        return [self._splits(choices), *errors]

    def _nothing(self) -> QWidget:
        button = QPushButton("Open a dataset")
        button.clicked.connect(self.dataset_requested)
        return card(label("This project has no training examples yet.", wrap=True), row(button, None))

    def _splits(self, choices: Choices) -> QWidget:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID + 4)
        for place, header in enumerate(HEADERS):
            words = label(header, "muted")
            words.setAlignment(_alignment(place))
            grid.addWidget(words, 0, place)
        for line, split in enumerate(choices.splits or (), start=1):
            for place, cell in enumerate(self._cells(split, choices.reading)):
                grid.addWidget(cell, line, place, _alignment(place))
        grid.setColumnStretch(4, 1)
        holder = QWidget()
        holder.setLayout(grid)
        return card(holder)

    def _cells(self, split: SplitFacts, reading: Reading | None) -> list[QWidget]:
        name, purpose = ROLES.get(split.role, (split.role.capitalize(), ""))
        heading = QWidget()
        heading.setLayout(column(label(name, "heading"), label(purpose, "muted"), spacing=0))
        tokens = f"{reading.facts.total_tokens:,}" if reading and split.role == "train" else ""
        file = label(split.path.name)
        file.setToolTip(str(split.path))
        return [heading, file, label(f"{split.rows:,}"), label(tokens), _findings(split), self._link(split)]

    def _link(self, split: SplitFacts) -> QPushButton:
        button = QPushButton("Show in Data")
        set_look(button, "link")
        button.setAccessibleName(f"Show {split.path.name} in Data")
        button.clicked.connect(lambda: self.rows_requested.emit(split.path, split.first_error_row))
        return button

    def _error(self, split: SplitFacts) -> QWidget:
        counted = "1 row has" if split.error_rows == 1 else f"{split.error_rows:,} rows have"
        head = Badge(f"{counted} errors that would spoil the training", "error", "error")
        where = f"Row {split.first_error_row:,} of {split.path.name}: {split.first_error}"
        button = QPushButton(f"Show row {split.first_error_row:,} in Data")
        button.clicked.connect(lambda: self.rows_requested.emit(split.path, split.first_error_row))
        return card(row(head, None), label(where, wrap=True, selectable=True), row(button, None))


def _findings(split: SplitFacts) -> QLabel | Badge:
    if split.error_rows:
        return Badge(_count(split.error_rows, "row with errors", "rows with errors"), "error", "error")
    if split.warning_rows:
        return Badge(
            _count(split.warning_rows, "row with warnings", "rows with warnings"), "warning", "warning"
        )
    return Badge("no findings", "ok", "ok")


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _alignment(place: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if HEADERS[place] in ("Rows", "Tokens") else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
