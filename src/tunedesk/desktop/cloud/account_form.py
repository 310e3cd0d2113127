"""The fields of one service: its profile, name, address, login, and what only some services ask for."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from tunedesk.desktop.theme.icons import set_icon
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.calm_combo import CalmComboBox
from tunedesk.desktop.widgets.layout import GRID, column, form, row
from tunedesk.runs.accounts import Account, AzureResource
from tunedesk.runs.provider import Provider

LOGINS = {"key": "A key", "entra": "Microsoft Entra ID", "none": "None: a server on this computer"}


class AccountForm(QWidget):
    edited = Signal()
    """Something stands in it that may not be saved yet."""
    profile_chosen = Signal(str)
    """Another profile, by its id."""

    def __init__(self) -> None:
        super().__init__()
        self._profiles: tuple[Provider, ...] = ()
        self._profile, self._login = CalmComboBox(), CalmComboBox()
        self._name, self._address = QLineEdit(), QLineEdit()
        self._organization, self._project, self._region = QLineEdit(), QLineEdit(), QLineEdit()
        self._models = QLineEdit()
        self._subscription, self._group, self._resource = QLineEdit(), QLineEdit(), QLineEdit()
        self._fold = push_button("More")
        self._fold.setCheckable(True)
        set_look(self._fold, "link")
        self._fold.toggled.connect(self._unfold)
        self._more = QWidget()
        self._lay_out()
        self._connect()
        self._unfold(False)

    def _lay_out(self) -> None:
        self._name.setPlaceholderText("how it is called here")
        self._models.setPlaceholderText("names of models that its list does not have, with commas")
        self._region.setPlaceholderText("as you know it, such as swedencentral")
        self._profile.setAccessibleName("Profile")
        self._login.setAccessibleName("Login")
        basic = form()
        basic.addRow("Profile", self._profile)
        basic.addRow("Name", self._name)
        basic.addRow("Address", self._address)
        basic.addRow("Login", self._login)
        self._more_form = form()
        for name, field in self._more_fields():
            self._more_form.addRow(name, field)
        self._more.setLayout(self._more_form)
        self.setLayout(column(basic, row(self._fold, None), self._more, spacing=GRID))

    def _more_fields(self) -> tuple[tuple[str, QLineEdit], ...]:
        return (
            ("Region", self._region),
            ("More models", self._models),
            ("Organisation", self._organization),
            ("Project", self._project),
            ("Azure subscription", self._subscription),
            ("Resource group", self._group),
            ("Azure resource", self._resource),
        )

    def _connect(self) -> None:
        for _, field in (("", self._name), ("", self._address), *self._more_fields()):
            field.textEdited.connect(self.edited)
        self._login.activated.connect(self.edited)
        self._profile.activated.connect(self._choose)

    @property
    def profile(self) -> Provider | None:
        place = self._profile.currentIndex()
        return self._profiles[place] if 0 <= place < len(self._profiles) else None

    @property
    def account(self) -> Account:
        """As it stands in the fields; whether it may be saved is for others to say."""
        profile = self.profile
        azure = AzureResource(*(one.text().strip() for one in self._azure_fields()))
        return Account(
            name=self._name.text().strip(),
            provider=profile.id if profile else "",
            base_url=self._address.text().strip(),
            auth=self._login.currentData() or "key",
            organization=self._organization.text().strip(),
            project=self._project.text().strip(),
            region=self._region.text().strip(),
            models=tuple(one.strip() for one in self._models.text().split(",") if one.strip()),
            azure=azure if azure != AzureResource() else None,
        )

    def show_profiles(self, profiles: Sequence[Provider]) -> None:
        if tuple(profiles) == self._profiles:
            return
        chosen = self.profile
        self._profiles = tuple(profiles)
        self._profile.clear()
        for one in profiles:
            self._profile.addItem(one.title, one.id)
        self._profile.setCurrentIndex(self._profile.findData(chosen.id) if chosen else -1)

    def show_account(self, account: Account) -> None:
        self._profile.setCurrentIndex(self._profile.findData(account.provider))
        self._fit()
        azure = account.azure or AzureResource()
        texts = (
            (self._name, account.name),
            (self._address, account.base_url),
            (self._organization, account.organization),
            (self._project, account.project),
            (self._region, account.region),
            (self._models, ", ".join(account.models)),
            *zip(self._azure_fields(), msgspec.structs.astuple(azure), strict=True),
        )
        for field, text in texts:
            field.setText(text)
        self._login.setCurrentIndex(max(0, self._login.findData(account.auth)))

    def begin(self, profile: Provider, name: str) -> None:
        """An account that is not saved yet, as the profile suggests it."""
        auth = profile.auth[0] if profile.auth else "key"
        self.show_account(Account(name=name, provider=profile.id, base_url=profile.base_url, auth=auth))
        self._unfold_where_needed(profile)
        self._address.setFocus() if not profile.base_url else self._name.setFocus()

    def _azure_fields(self) -> tuple[QLineEdit, QLineEdit, QLineEdit]:
        return self._subscription, self._group, self._resource

    def _choose(self) -> None:
        """Another profile has another address, unless the user typed one of their own."""
        profile = self.profile
        if profile is None:
            return
        known = {one.base_url for one in self._profiles}
        if self._address.text().strip() in known:
            self._address.setText(profile.base_url)
        self._fit()
        self._unfold_where_needed(profile)
        self.profile_chosen.emit(profile.id)
        self.edited.emit()

    def _fit(self) -> None:
        """The logins and fields that the profile knows."""
        profile = self.profile
        if profile is None:
            return
        before = self._login.currentData()
        self._login.clear()
        for auth in profile.auth:
            self._login.addItem(LOGINS[auth], auth)
        self._login.setCurrentIndex(max(0, self._login.findData(before)))
        self._address.setPlaceholderText(profile.base_url_hint or "https://host/v1")
        _show(self._more_form, self._azure_fields(), profile.deploys == "azure")
        _show(self._more_form, (self._organization, self._project), profile.id in ("openai", "custom"))

    def _unfold_where_needed(self, profile: Provider) -> None:
        self._fold.setChecked(bool(profile.deploys))

    def _unfold(self, shown: bool) -> None:
        self._more.setVisible(shown)
        self._fold.setText("Hide what is asked for seldom" if shown else "Region, models and more")
        set_icon(self._fold, "chevron-down" if shown else "chevron-right", "accent")


def _show(rows: QFormLayout, fields: Sequence[QWidget], shown: bool) -> None:
    for field in fields:
        rows.setRowVisible(field, shown)
