"""`tunedesk cloud deploy`, `deployments` and `undeploy`: Azure, and what an hour costs."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from msgspec import to_builtins

from tunedesk import paths
from tunedesk.cli.output import print_json, print_table, progress
from tunedesk.cli.prices import agreed, today
from tunedesk.cli.projects import surroundings
from tunedesk.errors import UserError
from tunedesk.plan.estimates import Estimate
from tunedesk.plan.price_table import read_prices
from tunedesk.runs.account_files import account_named
from tunedesk.runs.accounts import Account
from tunedesk.runs.deployment import (
    Deployed,
    DeploymentOrder,
    az_delete_text,
    az_text,
    deployments_noted,
    hourly_cost,
    note_deployment,
    order_for,
    portal_link,
    read_deployment,
    reminder_words,
    resource_of,
    rest_text,
)
from tunedesk.runs.places.azure.arm import SCOPE, Arm
from tunedesk.runs.places.azure.credentials import token_provider
from tunedesk.runs.places.azure.deployments import (
    Deployment,
    delete_deployment,
    list_deployments,
    reminders,
)
from tunedesk.runs.places.azure.deployments import deploy as make_deployment
from tunedesk.runs.run_folder import RunFolder


def arm_for(account: Account) -> Arm:
    """Azure's control plane, with the login of Entra ID; a resource's key is not enough for it."""
    return Arm(token_provider(account, SCOPE))


def deploy(arguments: argparse.Namespace) -> int:
    """0; 1: nobody agreed. UserError: refused, or nothing to deploy."""
    run = RunFolder(arguments.run.absolute())
    order = order_for(run, arguments.name or "", arguments.sku, arguments.capacity, arguments.model or "")
    cloud = run.job().cloud
    assert cloud is not None, "order_for has seen it"
    account = cloud.account
    hourly = hourly_cost(read_prices(), cloud.model, order.sku, today(), account.name, cloud.provider.id)
    show(order, hourly)
    if arguments.show:
        return 0
    cost = hourly.text if hourly.is_known else "an unknown amount"
    if not arguments.yes and not agreed(f"Deploy it at {account.name} for {cost} an hour?"):
        print("Nothing was deployed.")
        return 1
    since = datetime.now(UTC).isoformat(timespec="seconds")
    note = Deployed(name=order.name, model=order.model, sku=order.sku, since=since)
    made = make_deployment(arm_for(account), order, progress, accepted=lambda: note_deployment(run, note))
    print(f"Deployed: {made.name} answers at {account.name}. It costs {cost} an hour until it is deleted:")
    print(f"  tunedesk cloud undeploy {run.path}")
    return 0


def show(order: DeploymentOrder, hourly: Estimate) -> None:
    """The same by hand, and what it costs."""
    print(f"In the portal: {portal_link(order.resource)}\n")
    print(f"With the Azure CLI:\n{az_text(order)}\n")
    print(f"With curl:\n{rest_text(order)}\n")
    print(f"To end it:\n{az_delete_text(order)}\n")
    print(f"Hosting, an hour, used or not: {hourly.sentence}")


def deployments(arguments: argparse.Namespace) -> int:
    """0, whatever is deployed; without an account what was deployed from here. UserError: refused."""
    if arguments.account is None:
        return noted(arguments)
    account = account_named(arguments.account)
    found = list_deployments(arm_for(account), resource_of(account))
    reminded = reminders(found, read_prices(), today(), account.name, account.provider)
    if arguments.json:
        hourly = {each.deployment.name: each.hourly for each in reminded}
        print_json({"deployments": [as_object(each, hourly.get(each.name)) for each in found]})
        return 0
    if not found:
        print(f"Nothing is deployed at {account.name}.")
        return 0
    rows = [("name", "model", "kind", "state", "since")]
    rows += [(each.name, each.model, each.sku, each.state, each.created[:10]) for each in found]
    print_table(rows, numbers=False)
    for each in reminded:
        print(f"careful: {each.sentence}")
    return 0


def noted(arguments: argparse.Namespace) -> int:
    """What was deployed from here, by the notes in the runs' folders."""
    around = surroundings(Path.cwd())
    runs: Path = arguments.runs or (around.root if around else paths.home()) / "runs"
    found, table = deployments_noted(runs.absolute()), read_prices()
    if arguments.json:
        print_json({"noted": [{"run": str(run.path), **to_builtins(each)} for run, each in found]})
        return 0
    for run, deployed in found:
        cloud = run.job().cloud
        account, model = (cloud.account.name, cloud.model) if cloud else ("", deployed.model)
        hourly = hourly_cost(table, model, deployed.sku, today(), account)
        print(f"{reminder_words(deployed, account, hourly)} ({run.path})")
    if not found:
        print(f"No deployment of a run in {runs} is noted. Ask Azure with --account NAME.")
    return 0


def as_object(found: Deployment, hourly: Estimate | None) -> dict[str, object]:
    """an_hour: decimal text, None where it is unknown or where the model is not a tuned one."""
    price = hourly.low if hourly else None
    return {
        **asdict(found),
        "tuned": found.tuned,
        "an_hour": None if price is None else f"{price:f}",
        "currency": hourly.currency or None if hourly else None,
    }


def undeploy(arguments: argparse.Namespace) -> int:
    """0; 1: nobody agreed. UserError: refused, or nothing is deployed."""
    run = RunFolder(arguments.run.absolute())
    cloud, known = run.job().cloud, read_deployment(run)
    if cloud is None or known is None:
        raise UserError(
            f"No deployment of {run.path} is noted.", hint="See: tunedesk cloud deployments --account NAME."
        )
    question = f"Delete the deployment {known.name}? The tuned model stays."
    if not arguments.yes and not agreed(question):
        print("Nothing was deleted.")
        return 1
    delete_deployment(arm_for(cloud.account), resource_of(cloud.account), known.name)
    note_deployment(run, None)
    print(f"Deleted: {known.name}. It costs nothing more.")
    return 0
