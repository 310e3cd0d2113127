"""A tuned model's deployment at Azure: what is asked for, the same by hand, and what is noted of it.

Nothing here opens a socket; `runs.places.azure.deployments` does what is asked for.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.plan.estimates import Estimate, Seller, hosting_cost
from tunedesk.plan.price_table import PriceTable
from tunedesk.plan.prices import base_model, tier_of
from tunedesk.runs.accounts import Account, AzureResource
from tunedesk.runs.events import Finished
from tunedesk.runs.run_folder import RunFolder

ARM = "https://management.azure.com"
API_VERSION = "2024-10-01"
"""Of Microsoft.CognitiveServices/accounts/deployments."""
DEVELOPER = "developertier"
SKUS = ("globalstandard", "standard", "datazonestandard", DEVELOPER)
"""What a deployment may be, the usual one first. A developer's costs no hosting, for a day."""
FILE = "deployment.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,63}\Z")
_TUNED = re.compile(r"\.ft-|^ftchkpt-|^ft:")


class DeploymentOrder(Struct, frozen=True, kw_only=True):
    """What shall be deployed, and where. name: by which it will be asked; model: the tuned one's name.

    capacity: in thousands of tokens a minute, as Azure counts a quota. model_format: OpenAI for all models
    that were tried by anyone.
    """

    resource: AzureResource
    name: str
    model: str
    sku: str = SKUS[0]
    capacity: int = 50
    model_format: str = "OpenAI"
    model_version: str = "1"

    @property
    def path(self) -> str:
        """Below Azure's control plane, with every part quoted."""
        return f"{deployments_path(self.resource)}/{quote(self.name, safe='')}"

    @property
    def body(self) -> dict[str, Any]:
        """Of the request that makes it: the edge where typed values become JSON."""
        model = {"format": self.model_format, "name": self.model, "version": self.model_version}
        return {"sku": {"name": self.sku, "capacity": self.capacity}, "properties": {"model": model}}


class Deployed(Struct, frozen=True, kw_only=True):
    """deployment.json in a run's folder: under which name its model answers. since: ISO 8601, UTC."""

    name: str
    model: str
    sku: str
    since: str


def deployments_path(resource: AzureResource) -> str:
    """Of all deployments of a resource."""
    parts = [
        ("subscriptions", resource.subscription),
        ("resourceGroups", resource.resource_group),
        ("providers", "Microsoft.CognitiveServices"),
        ("accounts", resource.account),
    ]
    return "".join(f"/{kind}/{quote(name, safe='')}" for kind, name in parts) + "/deployments"


def resource_of(account: Account) -> AzureResource:
    """UserError: the account does not say where its resource is."""
    azure = account.azure
    if azure is None or not (azure.subscription and azure.resource_group and azure.account):
        raise UserError(
            f"The account {account.name} does not say its subscription, resource group and resource.",
            hint="Add them in Settings, Services: Azure's portal shows them on the resource's page.",
        )
    return azure


def order_for(
    run: RunFolder, name: str = "", sku: str = SKUS[0], capacity: int = 50, model: str = ""
) -> DeploymentOrder:
    """The deployment of a finished run's model. model: another one of it, such as a checkpoint.

    UserError: no run of Azure, not finished, or a wrong name.
    """
    job = run.job()
    if job.cloud is None or job.cloud.provider.deploys != "azure":
        raise UserError(f"The model of {job.run} needs no deployment.", hint="It answers by its own name.")
    ended = run.history().ended
    tuned = model or (ended.model if isinstance(ended, Finished) else "")
    if not tuned:
        raise UserError(f"The run {job.run} has no tuned model yet.", hint="Wait until it is finished.")
    order = DeploymentOrder(
        resource=resource_of(job.cloud.account),
        name=name or name_for(job.run),
        model=tuned,
        sku=sku,
        capacity=capacity,
    )
    check_order(order)
    return order


def check_order(order: DeploymentOrder) -> None:
    """UserError: a name that Azure would not take, no such sku, no capacity."""
    if not _NAME.match(order.name):
        raise UserError(
            f"{order.name!r} cannot be the name of a deployment.",
            hint="Use 2 to 64 letters, digits, dots, dashes and underscores.",
        )
    if order.sku not in SKUS:
        raise UserError(f"There is no deployment of the kind {order.sku}.", hint=f"Use: {', '.join(SKUS)}.")
    if order.capacity < 1:
        raise UserError("A deployment needs a capacity of at least 1.", hint="50 is usual.")


def name_for(run: str) -> str:
    """A name by which the deployment is known again."""
    return f"tunedesk-{re.sub(r'[^A-Za-z0-9._-]', '-', run)}"[:64]


def az_text(order: DeploymentOrder, windows: bool = os.name == "nt") -> str:
    """The command of the Azure CLI that makes it; on one line for Windows' shells."""
    options = {
        "--subscription": order.resource.subscription,
        "--resource-group": order.resource.resource_group,
        "--name": order.resource.account,
        "--deployment-name": order.name,
        "--model-name": order.model,
        "--model-version": order.model_version,
        "--model-format": order.model_format,
        "--sku-name": order.sku,
        "--sku-capacity": str(order.capacity),
    }
    command = "az cognitiveservices account deployment create"
    if windows:
        words = [word for option in options.items() for word in option]
        return f"{command} {subprocess.list2cmdline(words)}"
    lines = [f"{option} {shlex.quote(value)}" for option, value in options.items()]
    return " \\\n  ".join([command, *lines])


def rest_text(order: DeploymentOrder, windows: bool = os.name == "nt") -> str:
    """The request that makes it, as curl sends it; the token is asked of the Azure CLI, and not shown.

    For Windows' shells, which cannot put a token into a line, as `az rest` sends it.
    """
    if windows:
        words = ["--method", "put", "--url", url_of(order), "--body", json.dumps(order.body)]
        return f"az rest {subprocess.list2cmdline(words)}"
    token = f"az account get-access-token --resource {ARM} --query accessToken --output tsv"
    body = json.dumps(order.body, indent=2)
    return "\n".join(
        [
            f"curl -X PUT {shlex.quote(url_of(order))} \\",
            f'  -H "Authorization: Bearer $({token})" \\',
            '  -H "Content-Type: application/json" \\',
            f"  -d {shlex.quote(body)}",
        ]
    )


def az_delete_text(order: DeploymentOrder, windows: bool = os.name == "nt") -> str:
    """The command that ends it, and its cost."""
    place = order.resource
    words = ["--subscription", place.subscription, "--resource-group", place.resource_group]
    words += ["--name", place.account, "--deployment-name", order.name]
    told = subprocess.list2cmdline(words) if windows else shlex.join(words)
    return f"az cognitiveservices account deployment delete {told}"


def url_of(order: DeploymentOrder, root: str = ARM) -> str:
    return f"{root}{order.path}?api-version={API_VERSION}"


def portal_link(resource: AzureResource) -> str:
    """The resource's page, where deployments are made and seen."""
    path = deployments_path(resource).removesuffix("/deployments")
    return f"https://portal.azure.com/#resource{path}/overview"


def is_tuned(model: str) -> bool:
    """Whether a deployed model is a tuned one, by the form of its name."""
    return _TUNED.search(model) is not None


def hourly_cost(
    table: PriceTable, model: str, sku: str, today: date, account: str = "", provider: str = "azure"
) -> Estimate:
    """What it costs to keep a model deployed for an hour, used or not."""
    seller = Seller(provider, base_model(model), tier_of(sku), account)
    return hosting_cost(table, seller, today, Decimal(1))


def note_deployment(run: RunFolder, deployed: Deployed | None) -> None:
    """Remember under which name the run's model answers; None: it is not deployed any more."""
    path = run.path / FILE
    if deployed is None:
        path.unlink(missing_ok=True)
    else:
        paths.write_atomically(path, msgspec.json.format(msgspec.json.encode(deployed)) + b"\n")


def read_deployment(run: RunFolder) -> Deployed | None:
    """None where nothing is deployed as far as it is known here. UserError: the file is damaged."""
    path = run.path / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Deployed)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise UserError(f"{path} is damaged: {error}.", hint="Delete it, and look at the portal.") from error


def deployments_noted(runs_dir: Path) -> tuple[tuple[RunFolder, Deployed], ...]:
    """Runs whose models were deployed from here and go on costing money, by name; Azure is not asked.

    UserError: a note is damaged.
    """
    if not runs_dir.is_dir():
        return ()
    found = []
    for path in sorted(runs_dir.glob(f"*/{FILE}")):
        run = RunFolder(path.parent)
        if (deployed := read_deployment(run)) is not None:
            found.append((run, deployed))
    return tuple(found)


def reminder_words(deployed: Deployed, account: str, hourly: Estimate | None) -> str:
    """One sentence: since when it is deployed, and what that costs."""
    cost = hourly.text if hourly is not None and hourly.is_known else "an unknown amount"
    since = deployed.since.replace("T", " ")[:16]
    told = (
        f"{deployed.name} is deployed at {account} since {since} UTC and costs {cost} an hour, used or not."
    )
    return f"{told} Azure deletes it after a day." if deployed.sku == DEVELOPER else told
