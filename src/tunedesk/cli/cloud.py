"""`tunedesk cloud`: jobs at services: what will be sent is shown and agreed to before anything is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tunedesk import paths
from tunedesk.cli.cloud_keys import KeyFinder
from tunedesk.cli.export_data import FileRows
from tunedesk.cli.following_service import follow_job
from tunedesk.cli.output import print_json, progress
from tunedesk.cli.prices import agreed
from tunedesk.cli.projects import Surroundings, find_model, surroundings, training_file
from tunedesk.cli.train import new_run_path
from tunedesk.errors import UserError
from tunedesk.plan.price_table import read_prices
from tunedesk.plan.retirement import ends
from tunedesk.runs.account_files import account_named
from tunedesk.runs.accounts import Account
from tunedesk.runs.cloud_requests import CloudRequest, check_cloud, prepare_cloud_run
from tunedesk.runs.cloud_rows import CloudRows, rows_for
from tunedesk.runs.consent import Consent, make_consent
from tunedesk.runs.job import CloudOrder, CloudSettings
from tunedesk.runs.places import places
from tunedesk.runs.places.cloud import ledger
from tunedesk.runs.places.cloud.models import RemoteModel, list_models
from tunedesk.runs.places.cloud.place import delete_files
from tunedesk.runs.provider_files import provider_named
from tunedesk.runs.receipt import give_consent
from tunedesk.runs.requests import Problem, named_from
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.pair_counting import AnyRowCounter


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that is known before anything is sent. told: what the form of the target cannot say, and rows that
    are left out; problems: what keeps the job from being sent.
    """

    request: CloudRequest
    consent: Consent
    told: tuple[str, ...]
    problems: tuple[Problem, ...]


def cloud(arguments: argparse.Namespace) -> int:
    """0; 1: something is in the way, nobody agreed, or the run failed. UserError: wrong use."""
    match arguments.action:
        case "train":
            return train(arguments)
        case "check":
            return check(arguments)
        case "compare":
            from tunedesk.cli.comparing import compare

            return compare(arguments)
        case "files":
            return files(arguments)
        case "deploy":
            from tunedesk.cli.deploying import deploy

            return deploy(arguments)
        case "undeploy":
            from tunedesk.cli.deploying import undeploy

            return undeploy(arguments)
        case _:
            from tunedesk.cli.deploying import deployments

            return deployments(arguments)


def train(arguments: argparse.Namespace) -> int:
    keys = KeyFinder(arguments.key_env)
    account = account_named(arguments.account)
    key = keys(account)  # a missing key is told before anything is counted
    made = prepared(arguments, listed_model(account, key, arguments.model))
    show(made)
    for problem in made.problems:
        raise UserError(problem.message, hint=problem.hint)
    refuse(made.consent, arguments)
    if not arguments.yes and not agreed(f"Send this to {made.consent.host}?"):
        print("Nothing was sent.")
        return 1
    run = prepare_cloud_run(made.request)
    give_consent(run, made.consent)
    progress(f"run folder: {run.path}")
    places.start(run, keys)
    if arguments.detach:
        print(f"Follow it with: tunedesk resume {run.path}")
        return 0
    return follow_job(run)


def check(arguments: argparse.Namespace) -> int:
    made = prepared(arguments)
    if arguments.json:
        print_json(as_object(made))
    else:
        show(made)
        for problem in made.problems:
            print(f"In the way: {problem.message} {problem.hint}".rstrip())
        print("\nNothing was sent.")
    return 1 if made.problems else 0


def files(arguments: argparse.Namespace) -> int:
    run = RunFolder(arguments.run.absolute())
    job = run.job()
    if job.cloud is None:
        raise UserError(f"The run {run.path} has no files at a service.", hint="It ran on this computer.")
    there = [file for file in ledger.read(run).files if file.is_there]
    host = job.cloud.account.name
    if not there:
        print(f"No file of this run lies at {host}.")
        return 0
    for file in there:
        print(f"{file.id}  {file.role}, {file.bytes:,} bytes")
    if not arguments.delete:
        print(f"Delete them with: tunedesk cloud files {run.path} --delete")
        return 0
    delete_files(run, KeyFinder(arguments.key_env)(job.cloud.account))
    print(f"Deleted at {host}: {len(there)}.")
    return 0


def refuse(consent: Consent, arguments: argparse.Namespace) -> None:
    """UserError: secrets, or prices so old that somebody has to say that they may be used."""
    if consent.secrets and not arguments.send_secrets:
        raise UserError(
            f"The rows hold what looks like {consent.secrets} secret keys.",
            hint="Take them out (tunedesk lint shows them), or add --send-secrets.",
        )
    if consent.must_confirm_price and not arguments.accept_old_prices:
        raise UserError(
            f"The price is of {consent.price.as_of}, more than half a year ago.",
            hint="Look at the provider's page and enter it (prices set), or add --accept-old-prices.",
        )


def listed_model(account: Account, key: str, model: str) -> RemoteModel | None:
    """What the service's own list says of the model; None, and said, where it lists no such one."""
    try:
        found = list_models(account, provider_named(account.provider), key)
    except UserError as error:
        progress(f"The service's list of models could not be looked at: {error.message}")
        return None
    listed = next((each for each in found if each.id == model), None)
    if listed is None and found:
        progress(f"warning: {model} is not among the {len(found)} models that {account.name} lists.")
    return listed


def prepared(arguments: argparse.Namespace, listed: RemoteModel | None = None) -> Prepared:
    """Read, convert and look at everything; no row is sent and no key is needed. listed: what the service's
    own list says of the model.
    """
    order, method = order_from(arguments), arguments.method
    shutdown = listed.shutdown_date if listed else None
    around = surroundings(arguments.dataset)
    dataset = training_file(arguments.dataset, around)
    other = validation_file(arguments.valid, dataset, around)
    train = rows_of(dataset, order.target)
    valid = rows_of(other, order.target) if other else None
    local = find_model(arguments.local_model) if arguments.local_model else None
    consent = make_consent(
        order,
        method,
        train.rows,
        valid.rows if valid else (),
        source=dataset.name,
        valid_source=other.name if other else "",
        counter=AnyRowCounter(ChatTemplate.load(local)) if local else None,
        shutdown_date=shutdown,
    )
    assert consent is not None, "nobody cancels this"
    out = new_run_path(_out_of(arguments))
    request = CloudRequest(
        runs_dir=out.parent if out else (around.root if around else paths.home()) / "runs",
        dataset=dataset,
        train=train.rows,
        order=consent.order,
        method=method,
        valid=valid.rows if valid else (),
        valid_source=named_from(dataset, other) if other else "",
        name=out.name if out else "",
        local_model=local,
    )
    told = [*losses(train, dataset.name), *(losses(valid, other.name) if valid and other else ())]
    problems = [*check_cloud(request), *gone(order, shutdown)]
    return Prepared(request, consent, tuple(told), tuple(problems))


def gone(order: CloudOrder, shutdown: str | None) -> list[Problem]:
    """Why nothing can be tuned from a model whose last day has passed."""
    found = ends(
        read_prices(),
        order.provider.id,
        order.model,
        date.today(),
        title=order.provider.title,
        shutdown_date=shutdown,
    )
    return [Problem(each.sentence, "Choose another model.") for each in found if each.urgency == "gone"]


def validation_file(given: Path | None, dataset: Path, around: Surroundings | None) -> Path | None:
    """--valid, else that of the project whose training split is sent."""
    if given is not None:
        return given.absolute()
    return around.dataset("valid") if around and dataset == around.dataset("train") else None


def _out_of(arguments: argparse.Namespace) -> Path | None:
    """--out, which only `train` has."""
    out: Path | None = vars(arguments).get("out")
    return out


def order_from(arguments: argparse.Namespace) -> CloudOrder:
    """UserError: no such account or profile, or the service does not know the method."""
    account = account_named(arguments.account)
    provider = provider_named(account.provider)
    target = provider.targets.get(arguments.method)
    if target is None:
        raise UserError(
            f"{provider.title} does not train with the method {arguments.method}.",
            hint=f"It knows: {', '.join(provider.methods)}.",
        )
    return CloudOrder(
        account=account,
        provider=provider,
        model=arguments.model,
        target=target,
        settings=CloudSettings(
            n_epochs=arguments.epochs,
            batch_size=arguments.batch_size,
            learning_rate_multiplier=arguments.learning_rate,
            beta=arguments.beta,
            seed=arguments.seed,
            suffix=arguments.suffix,
            training_type=arguments.training_type,
        ),
        delete_files=not arguments.keep_files,
        expires_seconds=arguments.expire * 3600 if arguments.expire else None,
    )


def rows_of(path: Path, target: str) -> CloudRows:
    """A dataset file's rows as they are sent. UserError: rows that cannot be written for the target."""
    around = surroundings(path)
    rows = rows_for(FileRows(path, around.mapping(path) if around else None), target)
    assert rows is not None, "nobody cancels this"
    return rows


def losses(rows: CloudRows, name: str) -> list[str]:
    """What the rows lose on the way, and which are left out."""
    lost = [f"{name}: {each.count:,}x {each.what} (row {each.rows[0]})" for each in rows.losses]
    left = [f"{name}: {each.count:,} left out: {each.what} (row {each.rows[0]})" for each in rows.refusals]
    return [*lost, *left, *(f"{name}: {problem}" for problem in rows.problems)]


def show(made: Prepared) -> None:
    """The page of consent."""
    consent = made.consent
    print("What will be sent, and where\n")
    for word, sentence in consent.facts:
        print(f"  {word + ':':<17}{sentence}")
    for file in consent.files:
        print(f"\nOf the {file.role} file, exactly as sent (sha256 {file.sha256[:16]}...):")
        for row in file.shown:
            print(f"  row {row.row}: {row.text}")
    show_notes(made.told, consent.warnings)


def show_notes(told: Sequence[str], warnings: Sequence[str]) -> None:
    if told or warnings:
        print()
    for line in told:
        print(f"note: {line}")
    for warning in warnings:
        print(f"careful: {warning}")


def as_object(made: Prepared) -> dict[str, object]:
    """The edge where typed values become what a script reads. Rows from 1, amounts as decimal text."""
    consent, order = made.consent, made.consent.order
    return {
        "host": consent.host,
        "service": order.provider.id,
        "account": order.account.name,
        "model": order.model,
        "method": consent.method,
        "residency": consent.residency,
        "retention": order.provider.retention,
        "deletion": consent.deletion,
        "price": {
            "low": order.low or None,
            "high": order.high or None,
            "currency": order.currency or None,
            "as_of": str(consent.price.as_of) if consent.price.as_of else None,
            "source": consent.price.source,
            "sentence": consent.price.sentence,
            "must_be_confirmed": consent.must_confirm_price,
        },
        "files": [
            {
                "role": file.role,
                "rows": file.rows,
                "bytes": file.bytes,
                "sha256": file.sha256,
                "tokens": [file.tokens.low, file.tokens.high],
                "trained_tokens": file.tokens.trained,
                "shown": [{"row": row.row, "text": row.text} for row in file.shown],
                "private": [
                    {"what": each.what, "count": each.count, "rows": list(each.rows)} for each in file.private
                ],
            }
            for file in consent.files
        ],
        "notes": list(made.told),
        "warnings": list(consent.warnings),
        "problems": [{"sentence": each.message, "hint": each.hint} for each in made.problems],
    }
