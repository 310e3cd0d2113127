"""Settings: the theme, how training begins, and the folders that are searched for models."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QListWidget, QScrollArea, QWidget

from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.settings import Settings

THEMES = (("system", "Follow the system"), ("light", "Light"), ("dark", "Dark"))


class SettingsPage(QScrollArea):
    settings_changed = Signal(Settings)

    def __init__(self, settings: Settings, data_folder: Path) -> None:
        super().__init__()
        self._settings = settings
        self.setWidgetResizable(True)
        self.setAccessibleName("Settings")
        self._theme = QComboBox()
        self._theme.setAccessibleName("Theme")
        for value, words in THEMES:
            self._theme.addItem(words, value)
        self._theme.setCurrentIndex([value for value, _ in THEMES].index(settings.theme))
        self._theme.currentIndexChanged.connect(self._choose_theme)
        self._warm = QCheckBox("&Keep an engine ready")
        self._warm.setChecked(settings.warm_engine)
        self._warm.toggled.connect(lambda wanted: self._change(warm_engine=wanted))
        self._folders = QListWidget()
        self._folders.setAccessibleName("Folders that are searched for models")
        self._folders.setMaximumHeight(14 * GRID)
        self._folders.itemSelectionChanged.connect(self._refresh_buttons)
        self._add = push_button("Add a folder…", "plus")
        self._add.clicked.connect(self._ask_for_folder)
        self._remove = push_button("Remove", "trash")
        self._remove.clicked.connect(self._remove_folder)
        self._show_folders()
        self._lay_out(data_folder)

    def add_model_folder(self, folder: Path) -> None:
        if str(folder) not in self._settings.model_folders:
            self._change(model_folders=(*self._settings.model_folders, str(folder)))
        self._show_folders()

    def _lay_out(self, data_folder: Path) -> None:
        theme_form = form()
        theme_form.addRow("&Theme", self._theme)
        data = label(str(data_folder), selectable=True, wrap=True)
        looks = card(label("Look", "heading"), row(theme_form, None))
        training = card(
            label("Training", "heading"),
            self._warm,
            label(
                "It waits from the moment you look at a run's settings, so that training begins at once. "
                "It holds about 400 MB, and ends when memory is short.",
                "muted",
                wrap=True,
            ),
        )
        models = card(
            label("Models", "heading"),
            label(
                "TuneDesk looks for models here, besides the practice model and the Hugging Face cache.",
                "muted",
            ),
            self._folders,
            row(self._add, self._remove, None),
        )
        own_files = card(
            label("Your files", "heading"),
            label("Settings, logs and your copy of the sample:", "muted"),
            data,
        )
        page = QWidget()
        inner = column(
            *(label("Settings", "title"), looks, training, models, own_files, None),
            spacing=2 * GRID,
            margin=3 * GRID,
        )
        holder = QWidget()
        holder.setMaximumWidth(760)
        holder.setLayout(inner)
        across = row(holder, None, spacing=0)
        across.setStretch(0, 1)
        across.setStretch(1, 0)  # the space beside the page grows only when the page is at its widest
        page.setLayout(across)
        self.setWidget(page)

    def _choose_theme(self, number: int) -> None:
        self._change(theme=THEMES[number][0])

    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self, "Choose a folder with models")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda chosen: self.add_model_folder(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _remove_folder(self) -> None:
        chosen = {item.text() for item in self._folders.selectedItems()}
        self._change(model_folders=tuple(path for path in self._settings.model_folders if path not in chosen))
        self._show_folders()

    def _show_folders(self) -> None:
        self._folders.clear()
        self._folders.addItems(list(self._settings.model_folders))
        self._folders.setVisible(bool(self._settings.model_folders))
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        self._remove.setEnabled(bool(self._folders.selectedItems()))

    def _change(self, **values: Any) -> None:
        self._settings = replace(self._settings, **values)
        self.settings_changed.emit(self._settings)
