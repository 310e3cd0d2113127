"""The wizard's second step: the models on this computer, and those that cannot be used with the reason."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from tunedesk.desktop.theme.icons import icon
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.train import words
from tunedesk.desktop.train.wizard import Choices
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.calm_combo import CalmComboBox
from tunedesk.desktop.widgets.layout import GRID, card, column, label, row
from tunedesk.runs.adapters import Adapter
from tunedesk.template.find_models import FoundModels
from tunedesk.template.model_folder import ModelFolder

COLUMNS = ("Model", "Licence", "Template", "Parameters", "On disk", "Context")
NUMBERS = (3, 4, 5)
"""Columns that are aligned to the right."""
ROW_HEIGHT = 34
COLUMN_WIDTH = 84


class ModelPage(QWidget):
    model_chosen = Signal(object)
    """The `ModelFolder` the user picked."""
    folder_added = Signal(object)
    """A folder that shall be searched for models, now and later."""
    adapter_chosen = Signal(object)
    """The `Adapter` to go on from; None: begin a new one."""

    def __init__(self) -> None:
        super().__init__()
        self._models: tuple[ModelFolder, ...] = ()
        self._shows = False
        self._state = label("Looking for models on this computer…", "muted")
        self._table = _table()
        self._table.itemSelectionChanged.connect(self._tell)
        self._add = push_button("Add a folder…", "plus")
        self._add.clicked.connect(self._ask_for_folder)
        self._refused_head = push_button("", "chevron-right")
        set_look(self._refused_head, "link")
        self._refused_head.setCheckable(True)
        self._refused = QPlainTextEdit(readOnly=True)
        self._refused.setAccessibleName("Folders that were left out, with the reason")
        self._refused.setMaximumHeight(16 * GRID)
        self._refused.hide()
        self._refused_head.toggled.connect(self._refused.setVisible)
        self._refused_head.hide()
        self._adapters: tuple[tuple[str, Adapter], ...] = ()
        self._adapter = CalmComboBox()
        self._adapter.setAccessibleName("Adapter to go on from")
        self._adapter.activated.connect(self._tell_adapter)
        self._adapter_card = card(
            row(label("Adapter", "heading"), self._adapter, None, spacing=2 * GRID),
            label("Go on from an earlier run's adapter, which itself stays as it is.", "muted", wrap=True),
        )
        self._adapter_card.hide()
        listed = card(self._table, self._state)
        self._elsewhere = label(wrap=True)
        self._elsewhere_card = card(self._elsewhere)
        self._elsewhere_card.hide()
        layout = column(
            self._elsewhere_card,
            listed,
            row(self._add, label("Nothing is ever downloaded.", "muted"), None),
            self._adapter_card,
            row(self._refused_head, None),
            self._refused,
            None,
            spacing=2 * GRID,
        )
        self.setLayout(layout)

    def show_models(self, found: FoundModels, chosen: ModelFolder | None) -> None:
        self._models = found.models
        self._shows = True
        self._table.setRowCount(len(found.models))
        for line, model in enumerate(found.models):
            self._fill(line, model)
        self._table.setFixedHeight(self._height())
        self._state.setText("" if found.models else "No model was found on this computer.")
        self._state.setVisible(not found.models)
        self._table.setVisible(bool(found.models))
        self._choose(chosen)
        self._shows = False
        self._show_refused(found.refused)

    def show_choices(self, choices: Choices) -> None:
        """The adapters of the chosen model; there is nothing to choose before its first finished run."""
        self._adapter_card.setVisible(bool(choices.adapters) and choices.cloud is None)
        self._elsewhere_card.setVisible(choices.cloud is not None)
        if choices.cloud is not None:
            model = choices.cloud.model or "a model that is still to be chosen"
            self._elsewhere.setText(
                f"{choices.cloud.name} trains {model}: it is chosen in the next step, with the place. "
                "The models below are those of this computer, for comparison."
            )
        if choices.adapters != self._adapters:
            self._adapters = choices.adapters
            self._adapter.clear()
            self._adapter.addItem("Begin a new one")
            self._adapter.addItems([f"Go on from {name}" for name, _ in choices.adapters])
        chosen = [adapter for _, adapter in self._adapters]
        self._adapter.setCurrentIndex(1 + chosen.index(choices.adapter) if choices.adapter in chosen else 0)

    def _tell_adapter(self, index: int) -> None:
        self.adapter_chosen.emit(self._adapters[index - 1][1] if index else None)

    def _height(self) -> int:
        header = self._table.horizontalHeader().sizeHint().height()
        return header + ROW_HEIGHT * min(max(len(self._models), 1), 9) + 2

    def _fill(self, line: int, model: ModelFolder) -> None:
        kind = "practice model" if model.is_practice else model.architecture
        cells = (
            f"{model.name} ({kind})" if model.is_practice else model.name,
            model.license or "not stated",
            "chat" if model.has_template else "none",
            words.parameters(model.parameters),
            words.bytes_of(model.weight_bytes),
            f"{model.context:,}",
        )
        for place, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(f"{model.architecture}\n{model.path}")
            if place in NUMBERS:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if place == 0:
                item.setIcon(icon("model", self))
            self._table.setItem(line, place, item)

    def _choose(self, chosen: ModelFolder | None) -> None:
        for line, model in enumerate(self._models):
            if chosen is not None and model.path == chosen.path:
                self._table.selectRow(line)

    def _show_refused(self, refused: Sequence[tuple[Path, str]]) -> None:
        self._refused_head.setVisible(bool(refused))
        counted = "1 folder" if len(refused) == 1 else f"{len(refused)} folders"
        self._refused_head.setText(f"{counted} left out: why?")
        self._refused.setPlainText("\n\n".join(sentence for _, sentence in refused))

    def _tell(self) -> None:
        rows = self._table.selectionModel().selectedRows()
        if rows and not self._shows:
            self.model_chosen.emit(self._models[rows[0].row()])

    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self, "Choose a folder with models")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda chosen: self.folder_added.emit(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _table() -> QTableWidget:
    table = QTableWidget(0, len(COLUMNS))
    table.setHorizontalHeaderLabels(list(COLUMNS))
    table.setAccessibleName("Models on this computer")
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.setMinimumSectionSize(COLUMN_WIDTH)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for place in NUMBERS:
        title = table.horizontalHeaderItem(place)
        if title is not None:
            title.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return table
