"""Settings, Services: which there are, and one of them with its fields, its key and what is known of it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QScrollArea, QSplitter, QStackedWidget, QWidget

from tunedesk.desktop.cloud.account_form import AccountForm
from tunedesk.desktop.cloud.key_form import KeyForm
from tunedesk.desktop.cloud.profile_card import ProfileCard
from tunedesk.desktop.cloud.service_desk import Known, KnownService, Tested
from tunedesk.desktop.theme.icons import icon
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import action, push_button
from tunedesk.desktop.widgets.empty_state import EmptyState
from tunedesk.desktop.widgets.layout import GRID, card, column, label, line, row
from tunedesk.runs.accounts import Account
from tunedesk.runs.addresses import host_of

PAGE_WIDTH = 760
ROW_HEIGHT = 36
PRIVACY = (
    "Nothing is sent by adding a service. A key goes from here into the key store, and from there only to "
    "the address that you give. Rows are sent only after you have seen them and agreed."
)


class ServicesPage(QWidget):
    saved = Signal(str, object, str, bool)
    """The name until now ("" for a new service), the `Account`, a key or "", and whether to remember it."""
    key_entered = Signal(str, str, bool)
    key_forgotten = Signal(str)
    test_wanted = Signal(str)
    login_wanted = Signal(str)
    """Microsoft's login in the browser is wanted for this service."""
    removed = Signal(str)
    copy_wanted = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._known = Known()
        self._chosen = ""
        """The name of the service that is shown; "" for one that is not saved yet."""
        self._wanted = ""
        self._begins_when_known = False
        """Whether a new service is wanted, whose profiles are not known yet."""
        self._is_dirty = False
        """Whether something stands in the fields that is not saved."""
        self._list = QListWidget()
        self._list.setAccessibleName("Services")
        self._list.setMinimumWidth(200)
        self._list.setIconSize(QSize(16, 16))
        self._list.currentItemChanged.connect(self._choose)
        self.add_action = action(self, "Add a service…", "plus")
        self.add_action.triggered.connect(self.begin_new)
        self._form, self._key, self._profile = AccountForm(), KeyForm(), ProfileCard()
        self._title = label(look="title")
        self._state = Badge()
        self._told = label(wrap=True, selectable=True)
        self._save = push_button("Save", primary=True)
        self._test = push_button("Test the connection", "refresh")
        self._remove = push_button("Remove", "trash")
        self._forget = push_button("Forget the key", "close")
        self._login = push_button("Log in in the browser", "user")
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        empty = EmptyState(
            "cloud",
            "No service yet",
            "A service trains models elsewhere: a provider, or a TuneDesk server of your own. "
            "Without one, everything stays on this computer.",
            self.add_action,
        )
        self._told.hide()
        key_head = row(label("Key", "heading"), self._state, None, self._forget, spacing=2 * GRID)
        self._key_card = card(key_head, self._key)
        self._login_card = card(
            label("Login with Microsoft Entra ID", "heading"),
            label(
                "The login of the Azure CLI is used where there is one (az login). "
                "Otherwise log in here, in your browser.",
                "muted",
                wrap=True,
            ),
            row(self._login, None),
        )
        foot = row(self._remove, None, self._test, self._save)
        foot.setContentsMargins(3 * GRID, GRID + 4, 3 * GRID, GRID + 4)
        inner = column(
            self._title,
            label(PRIVACY, "muted", wrap=True),
            card(self._form, self._told),
            self._key_card,
            self._login_card,
            self._profile,
            None,
            spacing=2 * GRID,
        )
        inner.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        holder, around = QWidget(), QWidget()
        holder.setMaximumWidth(PAGE_WIDTH)
        holder.setLayout(inner)
        across = row(holder, None, spacing=0)
        across.setStretch(0, 1)
        across.setStretch(1, 0)
        around.setLayout(across)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(around)
        area.setAccessibleName("The service")
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        add = push_button("Add a service…", "plus")
        add.clicked.connect(self.add_action.trigger)
        below = row(add, None)
        below.setContentsMargins(GRID + 4, GRID + 4, GRID + 4, GRID + 4)
        left = QWidget()
        left.setLayout(column(self._list, line(), below, spacing=0))
        right = QWidget()
        whole = column(area, line(), foot, spacing=0)
        whole.setStretch(0, 1)
        right.setLayout(whole)
        self.splitter = QSplitter()
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(left)
        self.splitter.addWidget(right)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([240, 900])
        self.splitter.setChildrenCollapsible(False)
        for page in (empty, self.splitter):
            self._stack.addWidget(page)
        self.setLayout(column(self._stack, spacing=0))

    def _connect(self) -> None:
        self._form.edited.connect(self._edited)
        self._form.profile_chosen.connect(lambda _: self._profile.show_profile(self._form.profile))
        self._save.clicked.connect(self._tell_saved)
        self._test.clicked.connect(self._want_test)
        self._login.clicked.connect(self._want_login)
        self._remove.clicked.connect(lambda: self.removed.emit(self._chosen))
        self._forget.clicked.connect(lambda: self.key_forgotten.emit(self._chosen))
        self._key.key_entered.connect(lambda key, keep: self.key_entered.emit(self._chosen, key, keep))
        self._profile.copy_wanted.connect(self.copy_wanted)

    def show_known(self, known: Known) -> None:
        """The list anew; what is being typed for the same service stays."""
        self._known = known
        self._form.show_profiles(known.profiles)
        self._key.show_store(known.backend, can_remember=known.can_remember)
        is_new = self._stack.currentIndex() == 1 and not self._chosen
        self._list.blockSignals(True)
        self._list.clear()
        for service in known.services:
            self._list.addItem(self._item(service))
        self._list.blockSignals(False)
        if self._begins_when_known:
            self.begin_new()
        elif self._wanted and self._find(self._wanted):
            self.show_service(self._wanted)
        elif not is_new:
            self._show_again()

    def _show_again(self) -> None:
        if self._find(self._chosen) is None:
            self._chosen = self._known.services[0].name if self._known.services else ""
        self._stack.setCurrentIndex(1 if self._chosen else 0)
        if self._chosen:
            self.show_service(self._chosen)

    def show_service(self, name: str, *, asks_for_key: bool = False) -> None:
        """The service of this name, as soon as it is known."""
        service = self._find(name)
        if service is None:
            self._wanted = name
            return
        self._wanted = ""
        if name != self._chosen or not self._is_dirty:
            self._form.show_account(service.account)
            self._key.clear()
            self._told.hide()
            self._is_dirty = False
        self._chosen = name
        self._stack.setCurrentIndex(1)
        self._list.blockSignals(True)
        self._list.setCurrentRow(self._known.services.index(service))
        self._list.blockSignals(False)
        self._show_state(service)
        if asks_for_key:
            self._key.take_focus()

    def begin_new(self) -> None:
        """The fields of a service that is not saved yet."""
        if not self._known.profiles:
            self._begins_when_known = True
            return
        self._begins_when_known = False
        self._chosen = ""
        self._list.blockSignals(True)
        self._list.setCurrentRow(-1)
        self._list.blockSignals(False)
        self._stack.setCurrentIndex(1)
        profile = self._known.profiles[0]
        self._form.begin(profile, "")
        self._title.setText("A new service")
        self._key.clear()
        self._profile.show_profile(profile)
        self._told.hide()
        self._fit(None)

    def show_tested(self, tested: Tested) -> None:
        if tested.name == self._chosen:
            self._tell(tested.sentence, "ok" if tested.worked else "error")
            self._test.setEnabled(True)

    def show_trouble(self, sentence: str) -> None:
        """Why it could not be saved; the fields stay as they are."""
        self._wanted, self._is_dirty = "", True
        self._save.setEnabled(True)
        self._tell(sentence, "error")

    def show_copied(self, path: object) -> None:
        self._profile.show_told(f"Your copy: {path}. Edit it, and choose it above as the profile.")

    def _item(self, service: KnownService) -> QListWidgetItem:
        item = QListWidgetItem(service.name)
        host = host_of(service.account.base_url)
        needs_key = service.account.auth == "key" and not service.has_key
        item.setToolTip(f"{host}\n{service.trouble}".strip())
        name, tint = ("warning", "warning") if service.trouble or needs_key else ("cloud", "muted")
        item.setIcon(icon(name, self, tint))
        item.setSizeHint(QSize(0, ROW_HEIGHT))
        state = service.trouble or ("no key yet" if needs_key else "ready")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{service.name}, {host}, {state}")
        return item

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._is_dirty = False
            self.show_service(item.text())

    def _show_state(self, service: KnownService) -> None:
        self._title.setText(service.name)
        self._key.show_service(service.name)
        self._profile.show_profile(service.provider)
        if service.trouble:
            self._tell(service.trouble, "error")
        self._fit(service)

    def _fit(self, service: KnownService | None) -> None:
        """What can be done with a service that is saved, or with one that is not."""
        is_new = service is None
        uses_key = self._form.account.auth == "key"
        has_key = bool(service and service.has_key)
        self._key_card.setVisible(uses_key)
        self._login_card.setVisible(not is_new and self._form.account.auth == "entra")
        words, look = ("there is one", "ok") if has_key else ("none yet", "warning")
        self._state.show_state(words, look, look)
        self._state.setVisible(not is_new)
        self._forget.setVisible(has_key)
        self._key.show_button(not is_new)
        if is_new:
            self._key.show_service("the new service")
        self._save.setText("Add the service" if is_new else "Save")
        self._save.setEnabled(is_new or self._is_dirty)
        self._test.setVisible(not is_new)
        self._test.setEnabled(has_key or not uses_key)
        self._remove.setVisible(not is_new)

    def _edited(self) -> None:
        self._is_dirty = True
        self._save.setEnabled(True)
        self._test.setEnabled(False)
        self._key_card.setVisible(self._form.account.auth == "key")

    def _tell_saved(self) -> None:
        account: Account = self._form.account
        key, remember = self._key.typed if account.auth == "key" else ("", False)
        self._wanted, self._is_dirty = account.name, False
        self._save.setEnabled(False)
        self.saved.emit(self._chosen, account, key, remember)

    def _want_test(self) -> None:
        self._test.setEnabled(False)
        self._tell(f"Asking {host_of(self._form.account.base_url)} for its models…", "muted")
        self.test_wanted.emit(self._chosen)

    def _want_login(self) -> None:
        self._tell("Go on in your browser; this page says when you are logged in.", "muted")
        self.login_wanted.emit(self._chosen)

    def _tell(self, sentence: str, look: str) -> None:
        self._told.setText(sentence)
        set_look(self._told, look)
        self._told.show()

    def _find(self, name: str) -> KnownService | None:
        return next((one for one in self._known.services if one.name == name), None)
