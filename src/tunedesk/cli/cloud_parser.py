"""The grammar of what has to do with services: accounts, prices and jobs there; it imports nothing else."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

SKUS = ("globalstandard", "standard", "datazonestandard", "developertier")
DATASET = "training rows, or a project folder"
UNITS = ("per_1M_train_tokens", "per_train_hour", "per_host_hour", "per_1M_in", "per_1M_out")


def add_accounts(accounts: argparse.ArgumentParser) -> None:
    """`accounts ACTION`."""
    actions = _actions(accounts)
    listed = _action(actions, "list", "the accounts, their addresses, and where their keys are")
    listed.add_argument("--json", action="store_true")
    _add_new_account(_action(actions, "add", "set up a service, or a server of one's own"))
    key = _action(actions, "key", "keep an account's key; it is asked for, or read from standard input")
    key.add_argument("name", metavar="NAME")
    key.add_argument("--forget", action="store_true", help="take the key out of the system's store")
    remove = _action(actions, "remove", "take an account out, and forget its key")
    remove.add_argument("name", metavar="NAME")
    test = _action(
        actions, "test", "ask the service for its models, to see whether address and key are right"
    )
    test.add_argument("name", metavar="NAME")
    test.add_argument("--json", action="store_true")
    add_key_from(test)
    login = _action(actions, "login", "log in with Microsoft Entra ID in the browser")
    login.add_argument("name", metavar="NAME")
    _action(actions, "logout", "forget the login with Microsoft Entra ID")
    profiles = _action(actions, "profiles", "the profiles of services, what is unverified in each")
    profiles.add_argument("id", nargs="?", metavar="ID", help="tell all about this one")
    profiles.add_argument("--copy", metavar="NEW", help="make a copy of ID to edit, with this id")


def add_prices(prices: argparse.ArgumentParser) -> None:
    """`prices [ACTION]`; without an action they are listed."""
    actions = _actions(prices, required=False)
    listed = _action(actions, "list", "the prices, with their days and sources")
    for parser in (prices, listed):
        parser.add_argument("--provider", metavar="ID", default=argparse.SUPPRESS, help="only of this one")
        parser.add_argument("--model", metavar="M", default=argparse.SUPPRESS, help="only of this model")
        parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    change = _action(actions, "set", "enter a price of your own, over the one that ships")
    _add_row(change)
    change.add_argument("amount", metavar="AMOUNT", help="such as 4.50, or unknown")
    change.add_argument("--currency", default="USD", metavar="CODE", help="default USD")
    change.add_argument("--source", default="entered by hand", metavar="TEXT", help="where it was read")
    change.add_argument("--as-of", metavar="DAY", help="when it was read (default: today)")
    change.add_argument("--retires-on", metavar="DAY", help="the model's last day")
    reset = _action(actions, "reset", "take a price of your own away again, or all of them")
    _add_row(reset, optional=True)
    reset.add_argument("--all", action="store_true", help="every price of your own")
    put = _action(actions, "import", "take over the prices of a file, after a look at what changes")
    put.add_argument("file", type=Path, metavar="FILE")
    put.add_argument("--yes", action="store_true", help="without asking")
    out = _action(actions, "export", "write all prices into a file")
    out.add_argument("file", type=Path, metavar="FILE")
    power = _action(actions, "power", "say what this computer's current costs")
    power.add_argument("--watts", metavar="W", help="what it draws while it trains")
    power.add_argument("--tariff", metavar="AMOUNT", help="of a kWh")
    power.add_argument("--currency", metavar="CODE")
    calendar = _action(actions, "calendar", "the last days of models, and of what was tuned from them")
    calendar.add_argument("--json", action="store_true")
    even = _action(actions, "break-even", "from how many tokens an hour hosting a tuned model pays")
    _add_break_even(even)


def add_cloud(cloud: argparse.ArgumentParser) -> None:
    """`cloud ACTION`."""
    actions = _actions(cloud)
    train = _action(actions, "train", "show what will be sent and what it costs, ask, send it and follow it")
    _add_job(train)
    train.add_argument("--out", type=Path, metavar="RUN", help="the new run's folder")
    train.add_argument("--yes", action="store_true", help="agree to what is shown, without being asked")
    stale = "use prices that are older than half a year"
    train.add_argument("--accept-old-prices", action="store_true", help=stale)
    train.add_argument("--send-secrets", action="store_true", help="send rows that hold what looks like keys")
    train.add_argument("--detach", action="store_true", help="do not follow it; a process of its own does")
    add_key_from(train)
    check = _action(actions, "check", "all that train shows; nothing is sent")
    _add_job(check)
    check.add_argument("--json", action="store_true")
    compare = _action(actions, "compare", "where it can be trained: time, money, memory, where the data goes")
    _add_compare(compare)
    files = _action(actions, "files", "the files of a run that still lie at its service")
    files.add_argument("run", type=Path, metavar="RUN")
    files.add_argument("--delete", action="store_true", help="delete them there")
    add_key_from(files)
    _add_deployments(actions)


def add_key_from(command: argparse.ArgumentParser) -> None:
    """The one way to give a key to a command that nobody watches: never as an argument."""
    text = "take the key from this environment variable"
    command.add_argument("--key-env", metavar="NAME", help=text)


def _add_new_account(add: argparse.ArgumentParser) -> None:
    add.add_argument("name", metavar="NAME", help="as you want to call it")
    add.add_argument("--provider", required=True, metavar="ID", help="a profile, see accounts profiles")
    add.add_argument("--base-url", metavar="URL", help="its address (default: the profile's)")
    add.add_argument("--auth", choices=("key", "entra", "none"), help="default: what is usual there")
    add.add_argument("--region", default="", metavar="R")
    add.add_argument("--organization", default="", metavar="ORG", help="of OpenAI")
    add.add_argument("--project", default="", metavar="P", help="of OpenAI")
    add.add_argument("--model", action="append", default=[], metavar="M", help="a model to offer; repeatable")
    for name in ("subscription", "resource-group", "resource"):
        add.add_argument(f"--azure-{name}", default="", metavar="NAME", help="for deployments through Azure")
    add.add_argument("--no-key", action="store_true", help="do not ask for the key now")


def _add_row(command: argparse.ArgumentParser, optional: bool = False) -> None:
    nargs = "?" if optional else None
    command.add_argument(
        "provider", nargs=nargs, metavar="PROVIDER", help="a profile's id or an account's name"
    )
    command.add_argument("model", nargs=nargs, metavar="MODEL", help="as the provider names it, * for any")
    command.add_argument("unit", nargs=nargs, choices=UNITS, metavar="UNIT", help=", ".join(UNITS))
    command.add_argument("--tier", default="", metavar="T", help="global, regional, datazone or developer")


def _add_break_even(even: argparse.ArgumentParser) -> None:
    form = "PROVIDER/TIER:MODEL or PROVIDER:MODEL"
    even.add_argument("hosted", metavar="HOSTED", help=f"paid by the hour: {form}")
    even.add_argument("per_token", metavar="PER-TOKEN", help=f"paid by the token: {form}")
    text = "part of all tokens that is written, 0 to 1 (default 0.25)"
    even.add_argument("--written", default="0.25", metavar="SHARE", help=text)


def _add_job(command: argparse.ArgumentParser) -> None:
    command.add_argument("--account", required=True, metavar="NAME")
    command.add_argument(
        "--model", required=True, metavar="M", help="base model, or a tuned one to go on from"
    )
    command.add_argument("--dataset", type=Path, required=True, metavar="FILE", help=DATASET)
    command.add_argument("--valid", type=Path, metavar="FILE", help="validation rows")
    command.add_argument("--method", choices=("sft", "dpo"), default="sft", help="default sft")
    decides = "the provider decides by default"
    command.add_argument("--epochs", type=int, metavar="N", help=decides)
    command.add_argument("--batch-size", type=int, metavar="N", help=decides)
    rate = "learning_rate_multiplier, or the rate itself where the profile says so"
    command.add_argument("--learning-rate", type=float, metavar="X", help=rate)
    command.add_argument("--beta", type=float, metavar="B", help="of preferences (dpo)")
    command.add_argument("--seed", type=int, metavar="N")
    command.add_argument("--suffix", default="", metavar="TEXT", help="part of the tuned model's name")
    command.add_argument("--training-type", default="", metavar="T", help="of Azure, such as GlobalStandard")
    command.add_argument(
        "--keep-files", action="store_true", help="do not delete them when the job has ended"
    )
    command.add_argument("--expire", type=int, metavar="HOURS", help="let the service delete them after that")
    local = "a folder with the same base model, to count tokens with and to try the adapter in"
    command.add_argument("--local-model", metavar="M", help=local)


def _add_deployments(actions: Commands) -> None:
    text = "Azure: show how a tuned model is deployed and what that costs an hour, ask, and do it"
    deploy = _action(actions, "deploy", text)
    deploy.add_argument("run", type=Path, metavar="RUN")
    deploy.add_argument("--name", metavar="NAME", help="by which it will be asked (default: from the run's)")
    deploy.add_argument("--sku", choices=SKUS, default=SKUS[0], metavar="KIND", help=", ".join(SKUS))
    text = "thousands of tokens a minute (default 50)"
    deploy.add_argument("--capacity", type=int, default=50, metavar="N", help=text)
    deploy.add_argument("--model", metavar="M", help="a checkpoint's name, instead of the run's result")
    deploy.add_argument("--show", action="store_true", help="only show it")
    deploy.add_argument("--yes", action="store_true", help="without being asked")
    listed = _action(actions, "deployments", "Azure: what is deployed, and what it costs an hour")
    text = "ask Azure for all of this account's resource (default: what was deployed from here)"
    listed.add_argument("--account", metavar="NAME", help=text)
    listed.add_argument("--runs", type=Path, metavar="DIR", help="folder of runs (default: the project's)")
    listed.add_argument("--json", action="store_true")
    undeploy = _action(actions, "undeploy", "Azure: delete a run's deployment, so that it costs nothing more")
    undeploy.add_argument("run", type=Path, metavar="RUN")
    undeploy.add_argument("--yes", action="store_true", help="without being asked")


def _add_compare(compare: argparse.ArgumentParser) -> None:
    compare.add_argument("--dataset", type=Path, required=True, metavar="FILE", help=DATASET)
    compare.add_argument("--account", action="append", default=[], metavar="NAME", help="default: all")
    text = "the model at the services (default: the first of each)"
    compare.add_argument("--model", metavar="M", help=text)
    compare.add_argument("--local-model", default="starter", metavar="M", help="here (default starter)")
    compare.add_argument("--method", choices=("sft", "dpo"), default="sft", help="default sft")
    compare.add_argument("--epochs", type=int, metavar="N", help="default: the provider decides")
    compare.add_argument(
        "--read", type=int, default=750_000, metavar="N", help="tokens read a month, later (default 750,000)"
    )
    compare.add_argument(
        "--written", type=int, default=250_000, metavar="N", help="tokens written a month (default 250,000)"
    )
    compare.add_argument("--json", action="store_true")


def _actions(command: argparse.ArgumentParser, required: bool = True) -> Commands:
    return command.add_subparsers(metavar="ACTION", dest="action", required=required)


def _action(actions: Commands, name: str, text: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser
