"""The chosen service below the table of places: its key, its model, and what it would say of the rows."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QSizePolicy, QWidget

from tunedesk.desktop.cloud.key_form import KeyForm
from tunedesk.desktop.cloud.service_desk import Known
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.train import cloud_choices
from tunedesk.desktop.train.cloud_choices import CloudChoices
from tunedesk.desktop.train.cloud_reckoning import warnings_of
from tunedesk.desktop.train.cloud_words import counted
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.train.wizard import Choices
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.calm_combo import CalmComboBox
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row

MOST_LOSSES = 4


class ServiceCard(QWidget):
    model_chosen = Signal(str)
    models_wanted = Signal()
    """Ask the service for its models once more."""
    key_entered = Signal(str, str, bool)
    """The account's name, its key, and whether it shall be remembered."""
    rows_requested = Signal(object, int)

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        self._offered: tuple[str, ...] = ()
        self._heading = label(look="heading")
        self._notice = label(look="muted", wrap=True)
        self._key = KeyForm()
        self._key.key_entered.connect(lambda key, keep: self.key_entered.emit(self._name, key, keep))
        self._known = QStringListModel(self)
        self._model = _model_box(self._known)
        self._model.activated.connect(self._tell_model)
        edit = self._model.lineEdit()
        assert edit is not None
        edit.editingFinished.connect(self._tell_model)
        edit.setPlaceholderText("name of a model")
        self._model.setAccessibleName("Model to train")
        self._again = push_button("Ask again", "refresh")
        self._again.clicked.connect(self.models_wanted)
        self._listed = label(look="muted", wrap=True)
        self._facts = QWidget()
        rows = form()
        rows.addRow("Model to train", self._model)
        listed = row(self._listed, self._again)
        listed.setStretch(0, 1)
        self._inner = column(
            self._heading,
            self._notice,
            self._key,
            rows,
            listed,
            self._facts,
            spacing=GRID + 4,
        )
        holder = QWidget()
        holder.setLayout(self._inner)
        self.setLayout(column(card(holder)))

    def show_known(self, known: Known) -> None:
        """Where a key would be kept."""
        self._key.show_store(known.backend, can_remember=known.can_remember)

    def show_choices(self, choices: Choices) -> None:
        cloud = choices.cloud
        self.setVisible(cloud is not None)
        if cloud is None:
            return
        if cloud.name != self._name:
            self._name = cloud.name
            self._key.show_service(cloud.name)
        self._heading.setText(cloud.name)
        notice = cloud.service.provider.notice
        self._notice.setText(notice)
        self._notice.setVisible(bool(notice))
        wants_key = cloud.has_key is False or bool(cloud.models_trouble)  # it may be the wrong one
        self._key.setVisible(cloud.service.account.auth == "key" and wants_key)
        self._show_models(cloud)
        self._show_listed(cloud)
        new = QWidget()
        new.setLayout(column(*self._parts(choices, cloud), spacing=GRID))
        self._facts = swap(self._inner, self._facts, new)

    def _show_models(self, cloud: CloudChoices) -> None:
        offered = cloud_choices.candidates(cloud)
        edit = self._model.lineEdit()
        assert edit is not None
        if offered != self._offered:
            self._offered = offered
            typed = edit.text() if edit.hasFocus() else cloud.model
            self._model.clear()
            self._model.addItems(list(offered))
            self._known.setStringList(list(offered))
            edit.setText(typed)
        elif not edit.hasFocus() or not edit.isModified():
            edit.setText(cloud.model)

    def _show_listed(self, cloud: CloudChoices) -> None:
        """Where the names come from."""
        can_ask = cloud.service.account.auth != "key" or bool(cloud.has_key)
        self._again.setVisible(can_ask and (cloud.models is not None or bool(cloud.models_trouble)))
        if cloud.models_trouble:
            self._listed.setText(cloud.models_trouble)
        elif cloud.models is not None:
            self._listed.setText(f"{cloud.name} lists {counted(len(cloud.models), 'model')}.")
        elif can_ask:
            self._listed.setText(f"Asking {cloud.name} for its models…")
        else:
            self._listed.setText("Names from the profile; the service's own list comes once it has its key.")
        set_look(self._listed, "error" if cloud.models_trouble else "muted")

    def _parts(self, choices: Choices, cloud: CloudChoices) -> list[QWidget]:
        told = (cloud_choices.unlisted(cloud), *warnings_of(choices, date.today()))
        parts: list[QWidget] = [_warning(sentence) for sentence in told if sentence]
        look = cloud.look
        if look is None:
            if cloud_choices.target_of(cloud.service.provider, choices.method) is not None:
                parts.append(label(f"Writing the rows as {cloud.name} takes them…", "muted"))
            return parts
        if look.error_rows:
            parts.append(self._errors(cloud))
        for tally in look.train.refusals:
            rows = counted(tally.count, "row")
            parts.append(_warning(f"{rows} cannot be written, first row {tally.rows[0]:,}: {tally.what}"))
        parts.extend(_warning(problem) for problem in look.train.problems)
        parts.extend(
            label(f"{counted(tally.count, 'row')}: {tally.what}", "muted", wrap=True)
            for tally in look.train.losses[:MOST_LOSSES]
        )
        if look.train.rows and not (look.error_rows or look.train.refusals or look.train.problems):
            parts.append(_holding(Badge(f"All {len(look.train.rows):,} rows can be sent", "ok", "ok")))
        return parts

    def _errors(self, cloud: CloudChoices) -> QWidget:
        look = cloud.look
        assert look is not None
        sign = Badge(f"{counted(look.error_rows, 'row')} with errors for {cloud.name}", "error", "error")
        number, file = look.first_error_row, look.file
        where = label(f"Row {number:,} of {file.name}: {look.first_error}", wrap=True, selectable=True)
        button = push_button(f"Show row {number:,} in Data")
        button.clicked.connect(lambda: self.rows_requested.emit(file, number))
        holder = QWidget()
        holder.setLayout(column(row(sign, None), where, row(button, None), spacing=4))
        return holder

    def _tell_model(self) -> None:
        self.model_chosen.emit(self._model.currentText())


def _model_box(known: QStringListModel) -> QComboBox:
    box = CalmComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    box.setMinimumContentsLength(30)
    completer = QCompleter(known, box)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    box.setCompleter(completer)
    return box


def _warning(sentence: str) -> Badge:
    sign = Badge(sentence, "warning", "warning")
    sign.let_wrap()
    return sign


def _holding(sign: Badge) -> QWidget:
    holder = QWidget()
    holder.setLayout(row(sign, None))
    return holder
