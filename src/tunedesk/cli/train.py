"""`tunedesk train`: runs on this computer; `resume` and `stop`: runs anywhere, followed in the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import asdict

from tunedesk import paths
from tunedesk.cli.cloud_keys import KeyFinder
from tunedesk.cli.following import follow, outcome
from tunedesk.cli.following_service import follow_job
from tunedesk.cli.output import progress
from tunedesk.cli.projects import find_model, surroundings, training_file
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.errors import UserError
from tunedesk.plan.advice import recommend
from tunedesk.plan.counting import count_rows
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.fitting import in_words, smallest_change
from tunedesk.plan.hardware import find_hardware
from tunedesk.plan.memory import estimate_memory
from tunedesk.plan.readiness import gigabytes
from tunedesk.runs.adapters import read_adapter_folder
from tunedesk.runs.hyperparameters import Hyperparameters, with_settings
from tunedesk.runs.job import DataFile, Job, Method, decode_job
from tunedesk.runs.places import places, this_computer
from tunedesk.runs.planning import memory_plan
from tunedesk.runs.presets import read_preset
from tunedesk.runs.requests import RunRequest, named_from, prepare_run
from tunedesk.runs.run_folder import RunFolder, RunState, rows_digest
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import read_model_folder


def train(arguments: argparse.Namespace) -> int:
    """0: finished, or stopped by its user; 1: the run failed; 2 (UserError): it could not start."""
    if arguments.job:
        run = run_from_job(arguments)
    else:
        request, facts = request_from(arguments)
        run = prepare_run(request)
        tell_needs(request, facts)
    progress(f"run folder: {run.path}")
    this_computer.start(run)
    return outcome(run, follow(run))


def resume(arguments: argparse.Namespace) -> int:
    """Go on with a stopped, interrupted or paused run; a running one is followed."""
    run = RunFolder(arguments.run.absolute())
    is_elsewhere = run.job().place == "cloud"
    match run.state():
        case RunState.FINISHED:
            print(f"The run {run.path} is finished already.")
            return 0
        case RunState.RUNNING:
            progress("the run is running already")
        case _:
            places.resume(run, KeyFinder(arguments.key_env))
    return follow_job(run) if is_elsewhere else outcome(run, follow(run))


def stop(arguments: argparse.Namespace) -> int:
    """Ask a running run to stop with a checkpoint, or a service to cancel its job, and wait until it has."""
    run = RunFolder(arguments.run.absolute())
    is_elsewhere, state = run.job().place == "cloud", run.state()
    if is_elsewhere and state is RunState.INTERRUPTED:
        places.resume(run, KeyFinder(arguments.key_env))  # nobody follows the job, which may still run there
    elif state not in (RunState.RUNNING, RunState.PAUSED):
        raise UserError(f"The run {run.path} is not running; it is {state.value}.")
    places.control(run, "stop")
    return follow_job(run) if is_elsewhere else outcome(run, follow(run, lambda line: None))


def request_from(arguments: argparse.Namespace) -> tuple[RunRequest, DataFacts]:
    """What --dataset, --valid, --model, --out and --set ask for; files are taken as they are on disk."""
    around = surroundings(arguments.dataset)
    dataset = training_file(arguments.dataset, around)
    valid = arguments.valid or (
        around.dataset("valid") if around and dataset == around.dataset("train") else None
    )
    name = arguments.model or (around.manifest.default_model if around else None)
    if name is None:
        raise UserError("No model is given.", hint="Add --model with a model's folder or name, or starter.")
    model = find_model(name)
    train_rows, valid_rows = rows_of(dataset), rows_of(valid) if valid else []
    mapping = around.mapping(dataset) if around else None
    own = own_settings(arguments)
    method = method_of(arguments)
    settings, facts = recommended(model, train_rows, len(valid_rows), own, mapping, method)
    adapter = adapter_of(arguments.adapter) if arguments.adapter else None
    if adapter:
        settings = shape_of(adapter, settings, own)
    out = new_run_path(arguments.out)
    request = RunRequest(
        runs_dir=out.parent if out else (around.root if around else paths.home()) / "runs",
        dataset=dataset,
        train=train_rows,
        model=model,
        valid=valid_rows,
        valid_source=named_from(dataset, valid) if valid else "",
        hyperparameters=settings,
        name=out.name if out else "",
        mapping=mapping,
        valid_mapping=around.mapping(valid) if around and valid else None,
        method=method,
        adapter=adapter,
    )
    return request, facts


def method_of(arguments: argparse.Namespace) -> Method:
    """--method, or the usual one."""
    method: Method = arguments.method or "sft"
    return method


def own_settings(arguments: argparse.Namespace) -> list[str]:
    """Those of --preset and then those of --set. UserError: the preset is for another method."""
    if not arguments.preset:
        return list(arguments.set)
    preset = read_preset(arguments.preset)
    if preset.method != method_of(arguments):
        raise UserError(
            f"The preset {arguments.preset} is for the method {preset.method}.",
            hint=f"Add --method {preset.method}, or choose another preset.",
        )
    return [*preset.assignments, *arguments.set]


def adapter_of(path: Path) -> Path:
    """The adapter's folder: this one, or that of the run in it."""
    inside = RunFolder(path.absolute()).adapter_dir
    return inside if inside.is_dir() else path.absolute()


def shape_of(adapter: Path, settings: Hyperparameters, own: Sequence[str]) -> Hyperparameters:
    """The settings with the adapter's rank and scale; says so where a person asked for others."""
    shaped = read_adapter_folder(adapter).settings(settings)
    asked = {setting.partition("=")[0].strip() for setting in own}
    for name in ("lora_rank", "lora_alpha", "rslora", "dora"):
        given, has = asdict(settings)[name], asdict(shaped)[name]
        if name in asked and given != has:
            progress(f"warning: {name}={given} is not used: the adapter to go on from has {has}.")
    return shaped


def rows_of(path: Path) -> list[bytes]:
    return [raw for _, raw in read_rows(path, progress)]


def recommended(
    model: Path,
    rows: Sequence[bytes],
    valid_rows: int,
    settings: Sequence[str],
    mapping: ColumnMapping | None = None,
    method: Method = "sft",
) -> tuple[Hyperparameters, DataFacts]:
    """The recommended settings for model and rows, then the user's own. UserError names a wrong one."""
    with_settings(Hyperparameters(), settings)  # wrong use is told before anything is counted
    facts = count_rows(rows, valid_rows, ChatTemplate.load(model), mapping=mapping, pairs=method != "sft")
    advice = recommend(facts, read_model_folder(model), find_hardware(), method)
    return with_settings(Hyperparameters(), [*advice.assignments(), *settings]), facts


def tell_needs(request: RunRequest, facts: DataFacts) -> None:
    """Memory needed and free, before anything starts; an estimate warns, it does not forbid."""
    settings, hardware = request.hyperparameters, find_hardware()
    model, free = read_model_folder(request.model), hardware.free_for_training
    plan = memory_plan(model, settings, facts, hardware, request.method)
    needed = estimate_memory(model, plan)
    progress(f"memory: about {gigabytes(needed.total)} needed, {gigabytes(free)} free")
    if needed.total > free:
        progress(f"warning: this may not fit. {in_words(smallest_change(model, plan, free))}")


def new_run_path(out: Path | None) -> Path | None:
    if out is None:
        return None
    path = out.absolute()
    if path.exists():
        raise UserError(f"{out} exists already.", hint="Give a new folder, or go on with: tunedesk resume.")
    return path


def run_from_job(arguments: argparse.Namespace) -> RunFolder:
    """The run folder that a job.json lies in when it waits to be started, else a new one in --out."""
    refuse_what_the_job_says(arguments)
    path = arguments.job.absolute()
    job = read_job(path)
    run = RunFolder(path.parent)
    out = new_run_path(arguments.out)
    if (
        out is None
        and not arguments.set
        and path == run.job_path
        and (path.parent / job.train.path).is_file()
    ):
        if run.state() is not RunState.WAITING:
            raise UserError(
                f"The run {run.path} has begun already.",
                hint=f"Go on with: tunedesk resume {run.path}, or give --out to do it again elsewhere.",
            )
        return run
    if out is None:
        raise UserError("A folder for the new run is missing.", hint="Add --out with a new folder.")
    again = msgspec.structs.replace(
        job,
        run=out.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        hyperparameters=with_settings(job.hyperparameters, arguments.set),
        adapter=msgspec.structs.replace(job.adapter, path=str(path.parent / job.adapter.path))
        if job.adapter
        else None,
    )
    dataset = Path(job.dataset.path)
    valid = job_rows(path.parent, job.valid, dataset.parent / job.valid.source) if job.valid else []
    return RunFolder.create(out.parent, again, job_rows(path.parent, job.train, dataset), valid)


def refuse_what_the_job_says(arguments: argparse.Namespace) -> None:
    """UserError: an option that a job.json answers already, and that would be passed over."""
    given = {
        "--valid": arguments.valid,
        "--model": arguments.model,
        "--method": arguments.method,
        "--adapter": arguments.adapter,
        "--preset": arguments.preset,
    }
    if answered := [option for option, value in given.items() if value is not None]:
        raise UserError(
            f"{answered[0]} does not go with --job, which says it already.",
            hint="Change settings with --set, or make a new run with --dataset.",
        )


def read_job(path: Path) -> Job:
    try:
        return decode_job(path.read_bytes(), str(path))
    except OSError as trouble:
        raise UserError(f"{path} cannot be read: {trouble.strerror}.", hint="Check the path.") from trouble


def job_rows(folder: Path, data: DataFile, source: Path) -> list[bytes]:
    """Rows from beside job.json; of a lone job.json, from the dataset it names, if that is still the same."""
    beside = folder / data.path
    if data.path and beside.is_file():
        return rows_of(beside)
    rows = rows_of(source)
    if data.sha256 and rows_digest(rows) != data.sha256:
        raise UserError(
            f"The rows of {source} are not those that the job was made with.",
            hint="Save the changes of then, or make a new run with --dataset.",
        )
    return rows
