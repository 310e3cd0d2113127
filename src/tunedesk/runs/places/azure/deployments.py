"""Deployments at Azure: made, listed with what they cost, and deleted, through its control plane."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlsplit

from tunedesk.errors import UserError
from tunedesk.plan.estimates import Estimate
from tunedesk.plan.price_table import PriceTable
from tunedesk.runs.accounts import AzureResource
from tunedesk.runs.deployment import (
    DeploymentOrder,
    check_order,
    deployments_path,
    hourly_cost,
    is_tuned,
)
from tunedesk.runs.places.azure.arm import Arm

FIRST_WAIT, LONGEST_WAIT = 5.0, 30.0
MOST_PAGES = 50
_DONE = ("Succeeded",)
_FAILED = ("Failed", "Canceled", "Disabled")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One that is there. state: Azure's own word, "Succeeded" when it answers. created: ISO 8601, "" unknown.

    tuned: whether its model is a tuned one, so that it costs money by the hour.
    """

    name: str
    model: str
    sku: str
    capacity: int
    state: str
    created: str

    @property
    def tuned(self) -> bool:
        return is_tuned(self.model)

    @property
    def is_ready(self) -> bool:
        return self.state in _DONE


@dataclass(frozen=True, slots=True)
class Reminder:
    """A tuned model that is deployed, and what that costs an hour. sentence: for people."""

    deployment: Deployment
    hourly: Estimate
    sentence: str


def deploy(
    arm: Arm,
    order: DeploymentOrder,
    tell: Callable[[str], None] = lambda sentence: None,
    cancelled: Callable[[], bool] = lambda: False,
    accepted: Callable[[], None] = lambda: None,
) -> Deployment:
    """Make it and wait until it answers, which takes minutes. It costs money from then on.

    tell: gets Azure's word for its state when that changes. cancelled: stops the waiting only; the
    deployment goes on being made, and is returned as it is. accepted: called as soon as it costs money, so
    that it can be noted before anything else goes wrong. UserError: refused, failed, or the name is that of
    another model's deployment.
    """
    check_order(order)
    there = arm.ask("GET", order.path, accept=(404,))
    if there.status != 404 and (known := _deployment(there.value)).model != order.model:
        raise UserError(
            f"A deployment {order.name} is there already, of the model {known.model}.",
            hint="Choose another name, or delete that one first.",
        )
    answer = arm.ask("PUT", order.path, order.body)
    accepted()
    return _wait(arm, order, answer.value, tell, cancelled)


def list_deployments(arm: Arm, resource: AzureResource) -> tuple[Deployment, ...]:
    """All of a resource by name. UserError: refused."""
    found: list[Deployment] = []
    path = deployments_path(resource)
    for _ in range(MOST_PAGES):
        answer = arm.ask("GET", path)
        rows = answer.value.get("value")
        found += [_deployment(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        following = answer.value.get("nextLink")
        if not isinstance(following, str) or not following:
            break
        path = _same_place(following, deployments_path(resource))
    return tuple(sorted(found, key=lambda each: each.name))


def delete_deployment(
    arm: Arm, resource: AzureResource, name: str, cancelled: Callable[[], bool] = lambda: False
) -> None:
    """Delete it and wait until it is gone, so that it costs nothing more; one that is not there is gone.

    The tuned model stays, and can be deployed again. UserError: refused.
    """
    path = f"{deployments_path(resource)}/{quote(name, safe='')}"
    if arm.ask("DELETE", path, accept=(404,)).status == 404:
        return
    for wait in _waits():
        if arm.ask("GET", path, accept=(404,)).status == 404 or cancelled():
            return
        arm.pause(wait)


def reminders(
    found: Sequence[Deployment], table: PriceTable, today: date, account: str = "", provider: str = "azure"
) -> tuple[Reminder, ...]:
    """What goes on costing money: every deployed tuned model, used or not."""
    return tuple(
        _reminder(each, hourly_cost(table, each.model, each.sku, today, account, provider))
        for each in found
        if each.tuned
    )


def _reminder(found: Deployment, hourly: Estimate) -> Reminder:
    since = f" since {found.created[:10]}" if found.created else ""
    if hourly.is_known:
        cost = f"costs {hourly.text} an hour, used or not (price of {hourly.as_of})"
    else:
        cost = f"costs money by the hour; {hourly.why.rstrip('.')}"
    return Reminder(
        found, hourly, f"{found.name} ({found.model}, {found.sku}) is deployed{since} and {cost}."
    )


def _wait(
    arm: Arm,
    order: DeploymentOrder,
    value: dict[str, Any],
    tell: Callable[[str], None],
    cancelled: Callable[[], bool],
) -> Deployment:
    told = ""
    for wait in _waits():
        found = _deployment(value)
        if found.state != told:
            told = found.state
            tell(f"{order.name}: {found.state or 'no state is told'}")
        if found.state in _FAILED:
            raise UserError(
                f"Azure could not deploy {order.model}: {found.state}.",
                hint="Its page in Azure's portal says why; a quota or the region may not allow it.",
            )
        if found.is_ready or cancelled():
            return found
        arm.pause(wait)
        value = arm.ask("GET", order.path).value
    raise AssertionError("the waits do not end")


def _waits() -> Iterator[float]:
    """Seconds, growing: a deployment takes some minutes, at times an hour."""
    return (min(LONGEST_WAIT, FIRST_WAIT * 1.5**number) for number in itertools.count())


def _deployment(value: dict[str, Any]) -> Deployment:
    properties, sku, system = (_part(value, key) for key in ("properties", "sku", "systemData"))
    model, capacity = _part(properties, "model"), sku.get("capacity")
    return Deployment(
        name=str(value.get("name") or ""),
        model=str(model.get("name") or ""),
        sku=str(sku.get("name") or ""),
        capacity=capacity if isinstance(capacity, int) else 0,
        state=str(properties.get("provisioningState") or ""),
        created=str(system.get("createdAt") or ""),
    )


def _part(value: dict[str, Any], key: str) -> dict[str, Any]:
    part = value.get(key)
    return part if isinstance(part, dict) else {}


def _same_place(link: str, path: str) -> str:
    """The next page's path; UserError when it leads away from the list that was asked for."""
    url = urlsplit(link)
    if not url.path.lower().endswith(path.lower()):
        raise UserError(
            "Azure's list goes on at an unexpected place.", hint="Look at Azure's portal instead."
        )
    kept = "&".join(part for part in url.query.split("&") if part and not part.startswith("api-version="))
    return f"{path}?{kept}" if kept else path
