"""What can be done whatever pane is shown: files, pages, goodbye. The application connects them."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from tunedesk.desktop.theme.icons import name_icon
from tunedesk.desktop.widgets.buttons import action

FILES = (
    "Examples and projects (*.jsonl *.ndjson *.json *.csv *.tsv *.xlsx *.parquet *.gz *.zst);;All files (*)"
)


@dataclass(frozen=True)
class WindowActions:
    open: QAction
    sample: QAction
    save: QAction
    save_as: QAction
    close: QAction
    leave: QAction
    shortcuts: QAction
    about: QAction
    recent: QMenu

    @property
    def file_menu(self) -> list[QAction | None]:
        """None is a separator."""
        opening = [self.open, self.recent.menuAction(), self.sample]
        return [*opening, None, self.save, self.save_as, None, self.close, self.leave]


def make_window_actions(window: QWidget) -> WindowActions:
    key = QKeySequence.StandardKey

    def new(text: str, icon: str, shortcut: str | QKeySequence.StandardKey | None, tip: str = "") -> QAction:
        return action(window, text, icon, shortcut, tip=tip, later=True)

    recent = QMenu("Open &recent", window)
    name_icon(recent.menuAction(), "history")
    return WindowActions(
        open=new("&Open…", "folder-open", key.Open, "Open a file of examples or a project"),
        sample=new("Open the sa&mple", "book", "Ctrl+Shift+O", "Open your copy of the sample project"),
        save=new("&Save", "save", key.Save, "Write the edits into the file"),
        save_as=new("Save &as…", "save-as", "Ctrl+Shift+S"),
        close=new("&Close project", "close", "Ctrl+W"),
        leave=new("&Quit", "arrow-right", "Ctrl+Q"),
        shortcuts=new("&Keyboard shortcuts", "keyboard", "F1"),
        about=new("&About TuneDesk", "info", None),
        recent=recent,
    )


def ask_for_file(window: QWidget, title: str, *, saving: bool, start: Path | None) -> QFileDialog:
    """A file dialog that is open but blocks nothing; connect its fileSelected."""
    dialog = QFileDialog(window, title)
    dialog.setNameFilter(FILES)
    if saving:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("jsonl")
    else:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    if start is not None:
        dialog.setDirectory(str(start.parent))
        if saving:
            dialog.selectFile(start.name)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
