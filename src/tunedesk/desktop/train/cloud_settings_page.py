"""The wizard's fourth step at a service: what it is asked to do, what of it is left to it, and the price."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QSpinBox, QWidget

from tunedesk.desktop.train import cloud_choices, cloud_words
from tunedesk.desktop.train.cloud_choices import CloudChoices, Service
from tunedesk.desktop.train.price_card import PriceCard
from tunedesk.desktop.train.setting_row import SettingRow
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.train.wizard import Choices
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, label, row
from tunedesk.runs.job import Method

MOST_DAYS = 30
"""As OpenAI's files.create allows."""


class CloudSettingsPage(QWidget):
    setting_edited = Signal(str, str)
    setting_reset = Signal(str)
    all_reset = Signal()
    delete_chosen = Signal(bool)
    """Whether the files that were sent shall be deleted when the training has ended."""
    expiry_chosen = Signal(int)
    """Days after which the service deletes them by itself; 0: it does not."""

    def __init__(self) -> None:
        super().__init__()
        self._made_for: tuple[Service, Method] | None = None
        self._rows: dict[str, SettingRow] = {}
        self._settings = QWidget()
        self._reset_all = push_button("Reset all", "undo")
        self._reset_all.clicked.connect(self.all_reset)
        self.price = PriceCard()
        self._delete = QCheckBox("&Delete the files when the training has ended")
        self._delete.clicked.connect(self.delete_chosen)
        self._delete_help = label(look="muted", wrap=True)
        self._expires = QCheckBox("Let the service delete them by itself after")
        self._days = QSpinBox(minimum=1, maximum=MOST_DAYS, value=7, suffix=" days")
        self._days.setAccessibleName("Days after which the service deletes the files")
        self._expires.clicked.connect(self._tell_days)
        self._days.valueChanged.connect(self._tell_days)
        self._expiry = QWidget()
        self._expiry.setLayout(row(self._expires, self._days, None))
        files = card(
            label("The files that are sent", "heading"), self._delete, self._delete_help, self._expiry
        )
        self._inner = column(
            self.price, self._settings, row(None, self._reset_all), files, None, spacing=2 * GRID
        )
        self.setLayout(self._inner)

    def row(self, name: str) -> SettingRow:
        """The row of a setting, by its name in job.json."""
        return self._rows[name]

    def show_choices(self, choices: Choices) -> None:
        cloud = choices.cloud
        if cloud is None:
            return
        if self._made_for != (cloud.service, choices.method):
            self._make_rows(cloud, choices.method)
        problems = cloud_choices.setting_problems(cloud, choices.method)
        provider = cloud.service.provider
        for name, one in self._rows.items():
            usual = provider.training_types[0] if name == "training_type" else ""
            value = cloud.own.get(name, "") or usual
            one.show_help(cloud_words.help_for(name, provider, value), "")
            recommended = usual or cloud_words.LEFT_TO_SERVICE
            one.show_value(value, recommended, bool(cloud.own.get(name, "")), problems.get(name, ""))
        self._reset_all.setVisible(any(cloud.own.values()))
        self._show_files(cloud)
        self.price.show_choices(choices)

    def _make_rows(self, cloud: CloudChoices, method: Method) -> None:
        """Each service takes settings of its own."""
        self._made_for = (cloud.service, method)
        provider = cloud.service.provider
        self._rows = {}
        for name in cloud_choices.setting_names(provider, method):
            types = provider.training_types if name == "training_type" else ()
            one = SettingRow(name, types, cloud_words.title_for(name, provider), "otherwise ")
            one.show_placeholder("" if types else "auto" if name != "suffix" else "none")
            one.edited.connect(self.setting_edited)
            one.reset.connect(self.setting_reset)
            self._rows[name] = one
        self._settings = swap(self._inner, self._settings, card(*self._rows.values(), spacing=2 * GRID))

    def _show_files(self, cloud: CloudChoices) -> None:
        provider = cloud.service.provider
        can = provider.can_delete_files
        self._delete.setEnabled(can)
        self._delete.setChecked(cloud.delete_files and can)
        help = f"{cloud.name} keeps them until somebody deletes them."
        if not can:
            help = f"{cloud.name} has no way to delete them."
        elif cloud.delete_files:
            help = "TuneDesk deletes them as soon as it hears of the end, also when the training failed."
        self._delete_help.setText(help)
        self._expiry.setVisible(provider.files_expire)
        self._expires.setChecked(cloud.expires_days > 0)
        self._days.setEnabled(cloud.expires_days > 0)

    def _tell_days(self) -> None:
        self.expiry_chosen.emit(self._days.value() if self._expires.isChecked() else 0)
