"""Deploys a run's tuned model at Azure, and deletes the deployment, in the background. It draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from PySide6.QtCore import QObject, Signal

from tunedesk.desktop.background import Background, Job
from tunedesk.errors import UserError
from tunedesk.plan.estimates import Estimate
from tunedesk.plan.price_table import read_prices
from tunedesk.runs.accounts import Account
from tunedesk.runs.deployment import (
    SKUS,
    Deployed,
    DeploymentOrder,
    hourly_cost,
    note_deployment,
    order_for,
    portal_link,
    read_deployment,
    resource_of,
)
from tunedesk.runs.events import Finished
from tunedesk.runs.places.azure.arm import SCOPE, Arm
from tunedesk.runs.places.azure.credentials import token_provider
from tunedesk.runs.places.azure.deployments import delete_deployment, deploy
from tunedesk.runs.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """What is known of a run's deployment without asking Azure.

    order: what would be made; None where the account does not say its resource, and `missing` says so.
    hourly: what an hour costs, by kind. deployed: what was made from here, None for nothing.
    """

    run: RunFolder
    account: Account
    order: DeploymentOrder | None
    hourly: dict[str, Estimate]
    deployed: Deployed | None
    portal: str = ""
    missing: str = ""


class DeploymentDesk(QObject):
    changed = Signal()
    """Other facts, or something began or ended."""
    told = Signal(str)
    """Azure's own word for how a deployment stands."""
    failed = Signal(Exception)

    def __init__(self, background: Background, arm_for: Callable[[Account], Arm] | None = None) -> None:
        """arm_for: gives Azure's control plane with an account's login; on a background thread."""
        super().__init__(background)
        self._background = background
        self._arm_for = arm_for or _arm_for
        self._facts: DeploymentFacts | None = None
        self._run: RunFolder | None = None
        self._working: Job | None = None

    @property
    def facts(self) -> DeploymentFacts | None:
        """None: the run has nothing to deploy, or nobody has looked yet."""
        return self._facts

    @property
    def is_working(self) -> bool:
        return self._working is not None

    def look(self, run: RunFolder | None) -> None:
        """At this run from now on; `changed` follows."""
        if run != self._run:
            self._run, self._facts = run, None
            self.changed.emit()
        if run is not None:
            self._background.run(
                lambda job: look_at(run), lambda facts: self._take(run, facts), self.failed.emit, owner=self
            )

    def deploy(self, order: DeploymentOrder) -> None:
        """Make it and wait until it answers; it costs money from then on, whether it is waited for or not."""
        facts = self._facts
        if facts is None or self._working is not None:
            return
        run, account = facts.run, facts.account

        def work(job: Job) -> DeploymentFacts | None:
            note = Deployed(name=order.name, model=order.model, sku=order.sku, since=_now())
            made = deploy(
                self._arm_for(account),
                order,
                self.told.emit,
                job.is_cancelled,
                accepted=lambda: note_deployment(run, note),
            )
            if not made.is_ready:
                self.told.emit(f"{made.name}: {made.state}; it goes on without being waited for")
            return look_at(run)

        self._work(work, run, f"Deploying at {account.name}")

    def delete(self) -> None:
        """Delete what was deployed, and wait until it is gone; the tuned model stays."""
        facts = self._facts
        if facts is None or facts.deployed is None or self._working is not None:
            return
        run, account, name = facts.run, facts.account, facts.deployed.name

        def work(job: Job) -> DeploymentFacts | None:
            delete_deployment(self._arm_for(account), resource_of(account), name)
            note_deployment(run, None)
            return look_at(run)

        self._work(work, run, f"Deleting the deployment at {account.name}", can_cancel=False)

    def _work(
        self,
        work: Callable[[Job], DeploymentFacts | None],
        run: RunFolder,
        label: str,
        can_cancel: bool = True,
    ) -> None:
        def ended(facts: DeploymentFacts | None) -> None:
            self._working = None
            self._take(run, facts)

        def failed(error: Exception) -> None:
            self._stopped(run)
            self.failed.emit(error)

        self._working = self._background.run(
            work,
            ended,
            failed,
            stopped=lambda: self._stopped(run),
            owner=self,
            label=label,
            can_cancel=can_cancel,
        )
        self.changed.emit()

    def _stopped(self, run: RunFolder) -> None:
        """What was made may be there all the same."""
        self._working = None
        self.changed.emit()
        if run == self._run:
            self.look(run)

    def _take(self, run: RunFolder, facts: DeploymentFacts | None) -> None:
        if run == self._run:
            self._facts = facts
        self.changed.emit()


def look_at(run: RunFolder) -> DeploymentFacts | None:
    """None for a run whose model needs no deployment, or that has none yet. UserError: a damaged file."""
    cloud, ended = run.job().cloud, run.history().ended
    if (
        cloud is None
        or cloud.provider.deploys != "azure"
        or not (isinstance(ended, Finished) and ended.model)
    ):
        return None
    table, today = read_prices(), datetime.now().astimezone().date()
    account = cloud.account
    hourly = {
        sku: hourly_cost(table, cloud.model, sku, today, account.name, cloud.provider.id) for sku in SKUS
    }
    found = DeploymentFacts(run, account, None, hourly, read_deployment(run))
    try:
        order = order_for(run)
    except UserError as missing:
        return replace(found, missing=missing.sentence)
    return replace(found, order=order, portal=portal_link(order.resource))


def _arm_for(account: Account) -> Arm:
    return Arm(token_provider(account, SCOPE))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
