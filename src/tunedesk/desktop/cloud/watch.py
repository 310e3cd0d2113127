"""Looks after a project's jobs at services: takes them up again, and says what is being sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.cloud.service_desk import ServiceDesk
from tunedesk.desktop.widgets.notice_bar import Answer, Notice, NoticeBar

if TYPE_CHECKING:  # runs come after the first paint
    from tunedesk.desktop.runs.shelf import RunShelf
    from tunedesk.runs.accounts import Account

LOOK_MS = 2000
KEY = "key wanted"
DEPLOYED = "deployed"


@dataclass(frozen=True, slots=True)
class LiveJob:
    """A job that a process here follows. is_sending: whether rows leave this computer now."""

    service: str
    host: str
    is_sending: bool


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """A run whose job nobody follows any more."""

    run: Path
    account: Account


@dataclass(frozen=True, slots=True)
class Running:
    """A deployment that costs money, in a sentence."""

    run: Path
    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    live: tuple[LiveJob, ...]
    unfollowed: tuple[Unfollowed, ...]


class CloudWatch(QObject):
    sending_changed = Signal(str)
    """What goes where right now; "" when nothing does."""
    key_asked = Signal(str)
    """The user wants to give the key of this account."""
    run_asked = Signal(object)
    """The user wants to see the run in this folder."""
    runs_changed = Signal()
    """A run is followed again."""
    failed = Signal(Exception)

    def __init__(self, background: Background, services: ServiceDesk, notices: NoticeBar) -> None:
        super().__init__(background)
        self._background = background
        self._services = services
        self._notices = notices
        self._shelf: RunShelf | None = None
        self._waiting: tuple[Unfollowed, ...] = ()
        self._may_follow = True
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._looking: Job | None = None
        services.key_given.connect(self._key_given)

    def begin(self, runs_dir: Path, *, may_follow: bool) -> None:
        """Take up again what was interrupted. may_follow: whether this window may write into the project."""
        from tunedesk.desktop.runs.shelf import RunShelf

        self.end()
        self._shelf, self._may_follow = RunShelf(runs_dir), may_follow
        if self._services.known is None:
            self._services.look()
        self._look(is_first=True)
        self._remind(runs_dir)

    def _remind(self, runs_dir: Path) -> None:
        """Of deployments that go on costing money; Azure is not asked."""
        self._background.run(
            lambda job: running_deployments(runs_dir), self._show_reminders, self.failed.emit, owner=self
        )

    def _show_reminders(self, found: Sequence[Running]) -> None:
        for one in found:
            show = Answer("Show the run", partial(self.run_asked.emit, one.run))
            self._notices.show_notice(Notice(one.words, "warning", (show,), key=f"{DEPLOYED} {one.run}"))

    def end(self) -> None:
        """The project is closed; jobs and whoever follows them go on."""
        self._timer.stop()
        if self._looking is not None:
            self._background.cancel(self._looking)
            self._looking = None
        self._shelf, self._waiting = None, ()
        self._notices.withdraw(KEY)
        self.sending_changed.emit("")

    def run_started(self) -> None:
        """A job was sent on its way: look at it until it has ended."""
        self._look()
        self._timer.start()

    def _look(self, is_first: bool = False) -> None:
        shelf = self._shelf
        if shelf is None or self._looking is not None:
            return

        def then(seen: Seen) -> None:
            self._looking = None
            if shelf is not self._shelf:
                return
            self.sending_changed.emit(told(seen.live))
            if is_first and self._may_follow and seen.unfollowed:
                self._follow(seen.unfollowed)
            if seen.live and not self._timer.isActive():
                self._timer.start()
            elif not seen.live:
                self._timer.stop()

        def trouble(error: Exception) -> None:
            self._looking = None
            self._timer.stop()
            self.failed.emit(error)

        def stopped() -> None:
            self._looking = None

        self._looking = self._background.run(
            lambda job: look(shelf), then, trouble, stopped=stopped, owner=self
        )

    def _follow(self, runs: Sequence[Unfollowed]) -> None:
        """Those whose service's key is there; of the others it is asked for."""
        key_of = self._services.key_of

        def work(job: Job) -> tuple[Unfollowed, ...]:
            from tunedesk.runs.places import places
            from tunedesk.runs.run_folder import RunFolder

            keyless = []
            for one in runs:
                if one.account.auth == "key" and not key_of(one.account):
                    keyless.append(one)
                else:
                    places.resume(RunFolder(one.run), key_of)
            return tuple(keyless)

        def then(keyless: tuple[Unfollowed, ...]) -> None:
            self._waiting = keyless
            if keyless:
                self._ask_for_key(keyless[0].account.name, keyless)
            if len(keyless) < len(runs):
                self.runs_changed.emit()
                self.run_started()

        self._background.run(
            work, then, self.failed.emit, owner=self, label="Following jobs again", can_cancel=False
        )

    def _ask_for_key(self, name: str, runs: Sequence[Unfollowed]) -> None:
        of_it = [one for one in runs if one.account.name == name]
        which = f"the training {of_it[0].run.name}" if len(of_it) == 1 else f"{len(of_it)} trainings"
        words = f"Give the key of {name} to go on following {which}. The service goes on without it."
        answer = Answer("Give the key", lambda: self.key_asked.emit(name))
        self._notices.show_notice(Notice(words, "warning", (answer,), key=KEY))

    def _key_given(self, name: str) -> None:
        mine = tuple(one for one in self._waiting if one.account.name == name)
        self._waiting = tuple(one for one in self._waiting if one.account.name != name)
        if mine:
            self._notices.withdraw(KEY)
            self._follow((*mine, *self._waiting))


def look(shelf: RunShelf) -> Seen:
    """For background threads."""
    from tunedesk.desktop.runs.cloud_facts import look_at_cloud
    from tunedesk.runs.run_folder import RunFolder, RunState

    live, unfollowed = [], []
    for run in shelf.look():
        if not run.service:
            continue
        facts = look_at_cloud(RunFolder(run.path))
        if facts is None:
            continue
        if run.state in (RunState.RUNNING, RunState.PAUSED):
            live.append(LiveJob(facts.name, facts.host, facts.is_sending))
        elif run.state is RunState.INTERRUPTED and not facts.is_over:
            unfollowed.append(Unfollowed(run.path, facts.order.account))
    return Seen(tuple(live), tuple(unfollowed))


def running_deployments(runs_dir: Path) -> tuple[Running, ...]:
    """For background threads."""
    from tunedesk.plan.price_table import read_prices
    from tunedesk.runs.deployment import deployments_noted, hourly_cost, reminder_words

    noted = deployments_noted(runs_dir)
    if not noted:
        return ()
    table, found = read_prices(), []
    for run, deployed in noted:
        order = run.job().cloud
        name, provider = (order.account.name, order.provider.id) if order else ("Azure", "azure")
        hourly = hourly_cost(table, deployed.model, deployed.sku, date.today(), name, provider)
        found.append(Running(run.path, reminder_words(deployed, name, hourly)))
    return tuple(found)


def told(live: Sequence[LiveJob]) -> str:
    """For the line about privacy: what is sent stands before what is only asked about."""
    sending = [one for one in live if one.is_sending]
    if sending:
        more = f" and {len(live) - 1} more" if len(live) > 1 else ""
        return f"Sending rows to {sending[0].host}{more}"
    if not live:
        return ""
    if len(live) == 1:
        return f"Asking {live[0].host} how the training stands"
    return f"Asking services about {len(live)} trainings"
