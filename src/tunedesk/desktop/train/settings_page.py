"""The wizard's fourth step: recommended settings, each with one sentence; the less usual ones folded away."""

import typing
from pathlib import Path

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from tunedesk.desktop.theme.icons import set_icon
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.train import wizard, words
from tunedesk.desktop.train.needs_card import NeedsCard
from tunedesk.desktop.train.setting_row import SWITCH, SettingRow
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.train.wizard import Choices
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, label, row
from tunedesk.runs.hyperparameters import Hyperparameters, describe, field_names
from tunedesk.runs.presets import ENDING

FILES = f"Presets (*{ENDING})"


class SettingsPage(QWidget):
    setting_edited = Signal(str, str)
    setting_reset = Signal(str)
    all_reset = Signal()
    preset_chosen = Signal(object)
    """A file to take settings from."""
    preset_named = Signal(object)
    """A file to write the user's own settings to."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = {name: SettingRow(name, _choices(name)) for name in field_names()}
        for one in self._rows.values():
            one.edited.connect(self.setting_edited)
            one.reset.connect(self._reset)
        self._waiting = label("Working the recommended settings out…", "muted")
        self.needs = NeedsCard()
        self.needs.change_chosen.connect(self.setting_edited)
        self._cautions = QWidget()
        self._cautions_holder = column(self._cautions, spacing=0)
        self._basic = card(*(self._rows[name] for name in words.BASIC), spacing=2 * GRID)
        self._advanced = QWidget()
        self._advanced.setLayout(column(*(self._group(*one) for one in words.GROUPS), spacing=2 * GRID))
        self._advanced.hide()
        self._fold = push_button("Advanced settings")
        self._fold.setCheckable(True)
        set_look(self._fold, "link")
        self._fold.toggled.connect(self._unfold)
        self._reset_all = push_button("Reset all", "undo")
        self._reset_all.clicked.connect(self._back_to_recommended)
        self._load = push_button("Load a preset…", "folder-open")
        self._load.setToolTip("Take settings from a file that was saved here or by a colleague")
        self._load.clicked.connect(self._ask_for_preset)
        self._save = push_button("Save as preset…", "save-as")
        self._save.setToolTip("Write what you changed to a file, to use it again or share it")
        self._save.clicked.connect(self._ask_where)
        self.setLayout(
            column(
                self._waiting,
                self.needs,
                self._cautions_holder,
                self._basic,
                row(self._fold, None, self._load, self._save, self._reset_all),
                self._advanced,
                None,
                spacing=2 * GRID,
            )
        )
        self._unfold(False)

    def _group(self, title: str, names: tuple[str, ...]) -> QWidget:
        rows = (self._rows[name] for name in names)
        return card(label(title, "heading"), *rows, spacing=2 * GRID)

    def row(self, name: str) -> SettingRow:
        """The row of a setting, by its name in job.json."""
        return self._rows[name]

    def show_advanced(self) -> None:
        self._fold.setChecked(True)

    def show_choices(self, choices: Choices) -> None:
        base = wizard.recommended(choices)
        self._waiting.setVisible(base is None)
        self._basic.setVisible(base is not None)
        self.needs.setVisible(base is not None)
        self.needs.show_choices(choices)
        self._show_cautions(choices)
        for name in (*words.ONLY_PAIRS, *words.ONLY_IMITATION):
            self._rows[name].setVisible((name in words.ONLY_PAIRS) == (choices.method != "sft"))
        for name in wizard.SHAPE:
            self._rows[name].setVisible(choices.adapter is None)
        self._fold.setVisible(base is not None)
        self._reset_all.setVisible(bool(choices.own))
        self._save.setVisible(bool(choices.own))
        self._load.setVisible(base is not None)
        if base is None or choices.advice is None:
            return
        advice = {one.name: one for one in choices.advice.advice}
        problems = wizard.setting_problems(choices)
        values = msgspec.structs.asdict(base)
        for name, one in self._rows.items():
            given = advice.get(name)
            one.show_help(given.help if given else describe(name), given.source if given else "")
            recommended = _text(values[name])
            is_changed = name in choices.own
            one.show_value(
                choices.own.get(name, recommended), recommended, is_changed, problems.get(name, "")
            )
        if any(name not in words.BASIC for name in problems):
            self.show_advanced()

    def _show_cautions(self, choices: Choices) -> None:
        """What is far from the advice, each with the origin of its limit as a tool tip."""
        found = choices.forecast.cautions if choices.forecast else ()
        told = [f"{words.name_of(one.setting)}: {one.sentence}" for one in found]
        signs = [Badge(sentence, "warning", "warning") for sentence in told]
        for sign, one in zip(signs, found, strict=True):
            sign.setToolTip(one.source)
        new = QWidget()
        new.setLayout(column(*(row(sign, None) for sign in signs), spacing=GRID))
        self._cautions = swap(self._cautions_holder, self._cautions, new)
        self._cautions.setVisible(bool(found))

    def _unfold(self, shown: bool) -> None:
        self._advanced.setVisible(shown)
        self._fold.setText("Hide the advanced settings" if shown else "Show the advanced settings")
        set_icon(self._fold, "chevron-down" if shown else "chevron-right", "accent")

    def _reset(self, name: str) -> None:
        self.setting_reset.emit(name)

    def _ask_for_preset(self) -> None:
        dialog = QFileDialog(self, "Load a preset", "", FILES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen: self.preset_chosen.emit(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_where(self) -> None:
        dialog = QFileDialog(self, "Save as preset", "", FILES)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ENDING.removeprefix("."))
        dialog.selectFile(f"settings{ENDING}")
        dialog.fileSelected.connect(lambda chosen: self.preset_named.emit(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _back_to_recommended(self) -> None:
        self.all_reset.emit()


def _choices(name: str) -> tuple[str, ...]:
    """The words a setting allows, for those that are words."""
    kind = typing.get_type_hints(Hyperparameters)[name]
    if kind is bool:
        return SWITCH
    return typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()


def _text(value: object) -> str:
    if isinstance(value, bool):
        return SWITCH[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
