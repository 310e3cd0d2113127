"""The wiring of services and prices: one desk for each, and the pages of the settings that stand on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.background import Background
from tunedesk.desktop.cloud.price_desk import PriceDesk
from tunedesk.desktop.cloud.service_desk import ServiceDesk
from tunedesk.desktop.cloud.watch import CloudWatch
from tunedesk.desktop.shell.layout_memory import LayoutMemory
from tunedesk.desktop.widgets.notice_bar import Answer, Notice, NoticeBar
from tunedesk.errors import UserError

if TYPE_CHECKING:  # the pages come when they are first shown
    from tunedesk.desktop.cloud.services_page import ServicesPage
    from tunedesk.desktop.runs.pane import RunsPane
    from tunedesk.runs.accounts import Account
    from tunedesk.runs.keys import KeyStore


class Clouds(QObject):
    failed = Signal(Exception)

    def __init__(
        self,
        background: Background,
        memory: LayoutMemory,
        notices: NoticeBar,
        keys: KeyStore | None = None,
    ) -> None:
        """keys: None for the system's store, which is looked for when it is first needed."""
        super().__init__(background)
        self._background = background
        self._memory = memory
        self._notices = notices
        self.services = ServiceDesk(background, keys)
        self.prices = PriceDesk(background)
        self.watch = CloudWatch(background, self.services, notices)
        self._page: ServicesPage | None = None
        self.watch.failed.connect(self.failed)
        self.services.failed.connect(self.failed)
        self.prices.failed.connect(self.failed)
        self.services.removed.connect(self._offer_to_restore)
        self.services.key_kept_in_memory.connect(self._tell_kept_in_memory)

    def make_services_page(self) -> QWidget:
        from tunedesk.desktop.cloud.services_page import ServicesPage

        self._page = page = ServicesPage()
        desk = self.services
        self._memory.follow(page.splitter, "services")
        page.saved.connect(desk.save)
        page.key_entered.connect(desk.give_key)
        page.key_forgotten.connect(desk.forget_key)
        page.test_wanted.connect(desk.test)
        page.login_wanted.connect(desk.log_in)
        page.removed.connect(desk.remove)
        page.copy_wanted.connect(desk.copy_profile)
        desk.found.connect(page.show_known)
        desk.tested.connect(page.show_tested)
        desk.save_refused.connect(page.show_trouble)
        desk.profile_copied.connect(page.show_copied)
        if desk.known is not None:
            page.show_known(desk.known)
        desk.look()
        return page

    def ask_for_key(self, name: str) -> None:
        """Show the service of this name with its key asked for, on a page that has been made."""
        if self._page is not None:
            self._page.show_service(name, asks_for_key=True)

    def furnish(self, pane: RunsPane) -> None:
        """What a run's page needs of services: where keys are kept, and what deploys at Azure."""
        from tunedesk.desktop.runs.deployment_card import DeploymentCard
        from tunedesk.desktop.runs.deployment_desk import DeploymentDesk

        page = pane.page.cloud
        desk = DeploymentDesk(self._background)
        card = DeploymentCard(desk)
        card.destroyed.connect(desk.deleteLater)
        desk.failed.connect(self._report_unless_told)
        page.set_more(card)
        pane.deployable_chosen.connect(card.show_run)
        self.services.found.connect(page.show_known)
        if self.services.known is not None:
            page.show_known(self.services.known)

    def _report_unless_told(self, error: Exception) -> None:
        """The card tells what has a sentence."""
        if not isinstance(error, UserError):
            self.failed.emit(error)

    def add_service(self) -> None:
        """Show the fields of a new one, on a page that has been made."""
        if self._page is not None:
            self._page.begin_new()

    def make_prices_page(self) -> QWidget:
        from tunedesk.desktop.cloud.prices_page import PricesPage

        page, desk = PricesPage(), self.prices
        page.entered.connect(desk.enter)
        page.reset_wanted.connect(desk.reset)
        page.electricity_set.connect(desk.set_electricity)
        page.file_chosen.connect(desk.take_in)

        desk.found.connect(page.show_table)
        desk.refused.connect(page.show_trouble)
        desk.look()
        return page

    def _offer_to_restore(self, account: Account) -> None:
        words = f"{account.name} was removed, and its key is forgotten. Its runs can no longer be followed."
        restore = Answer("Bring it back", lambda: self.services.save("", account))
        self._notices.show_notice(Notice(words, answers=(restore,), key="removed service"))

    def _tell_kept_in_memory(self, why: str) -> None:
        words = f"{why} The key is known until TuneDesk is closed."
        self._notices.show_notice(Notice(words, "warning", key="key in memory"))
