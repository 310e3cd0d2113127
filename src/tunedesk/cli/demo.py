"""`tunedesk demo --headless`: the whole path on a fresh copy of the sample, with nothing simulated."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from tunedesk import paths
from tunedesk.cli.following import follow
from tunedesk.cli.mending import apply_recorded_mends, apply_safe_fixes, count_findings, read_faults
from tunedesk.cli.output import duration, print_json, print_table, progress
from tunedesk.cli.projects import find_model
from tunedesk.cli.train import recommended
from tunedesk.dataset.document import Document
from tunedesk.errors import UserError
from tunedesk.evaluate.answers import AnswerDesk
from tunedesk.evaluate.heldout import HeldoutResult, evaluate_heldout, read_heldout
from tunedesk.lint.report import read_split
from tunedesk.lint.session import LintSession
from tunedesk.lint.targets import target_named
from tunedesk.project.folder import Project, close_project, open_document, open_project, sample_copy
from tunedesk.runs.digests import model_digest
from tunedesk.runs.events import Failed, Finished
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.generation import Load, Voice
from tunedesk.runs.hyperparameters import Hyperparameters, with_settings
from tunedesk.runs.places import this_computer
from tunedesk.runs.requests import RunRequest, prepare_run
from tunedesk.runs.run_folder import RunFolder, new_run_id
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import read_model_folder


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What `--json` prints. rows: trained on. Losses in nats; exact matches as shares of 0 to 1.

    seconds_to_first_step: from the start of the run's engine to its first step; run: the run's folder.
    """

    seed: int
    rows: int
    findings_before: int
    findings_after: int
    steps: int
    train_loss_first: float
    train_loss_last: float
    valid_loss: float | None
    heldout_exact_match_base: float
    heldout_exact_match_tuned: float
    seconds_total: float
    seconds_to_first_step: float
    run: str


@dataclass(frozen=True, slots=True)
class Mended:
    """The training rows after mending, and the findings before and after."""

    rows: tuple[bytes, ...]
    version: int
    findings_before: int
    findings_after: int


def demo(arguments: argparse.Namespace) -> int:
    """0 when the tuned model is better than the base on the held-out rows, else 1."""
    began = time.monotonic()
    model = find_model(arguments.model)
    with_settings(Hyperparameters(), settings_of(arguments))  # wrong use is told before anything is copied
    project = open_project(fresh_sample(arguments.out))
    try:
        result = whole_path(project, model, settings_of(arguments), began)
    finally:
        close_project(project)
    if arguments.json:
        print_json(asdict(result))
    else:
        print_result(result)
    return 0 if result.heldout_exact_match_tuned > result.heldout_exact_match_base else 1


def fresh_sample(out: Path | None) -> Path:
    """A new copy of the sample project, in `out` or in a new folder of the user's data."""
    folder = out or paths.home() / "demos" / new_run_id(datetime.now())
    try:
        return sample_copy(fresh_in=folder.absolute())
    except OSError as trouble:
        message = f"The sample cannot be copied to {folder}: {trouble.strerror}."
        raise UserError(message, hint="Give an empty or new folder with --out.") from trouble


def settings_of(arguments: argparse.Namespace) -> list[str]:
    steps = [f"max_steps={arguments.steps}"] if arguments.steps else []
    return [f"seed={arguments.seed}", *steps, *arguments.set]


def whole_path(project: Project, model: Path, settings: Sequence[str], began: float) -> DemoResult:
    """Mend, ask the base model, train, ask the tuned model. UserError with exit code 1: the run failed."""
    mended = mend(project, model)
    valid = [row.raw for row in read_split(project.datasets["valid"])]
    hyper, _ = recommended(model, mended.rows, len(valid), settings)
    untuned = Load(str(model), None, hyper.quantization, hyper.threads, model_digest(model))
    base = heldout(project, untuned, "base")
    run, history, first = train(project, model, mended, valid, hyper)
    tuned = heldout(project, replace(untuned, adapter=str(run.adapter_dir)), "tuned")
    steps = [history.steps[number] for number in sorted(history.steps)]
    assert isinstance(history.ended, Finished)
    return DemoResult(
        seed=hyper.seed,
        rows=len(mended.rows),
        findings_before=mended.findings_before,
        findings_after=mended.findings_after,
        steps=history.ended.steps,
        train_loss_first=steps[0].loss,
        train_loss_last=steps[-1].loss,
        valid_loss=history.ended.valid_loss,
        heldout_exact_match_base=base.exact,
        heldout_exact_match_tuned=tuned.exact,
        seconds_total=round(time.monotonic() - began, 1),
        seconds_to_first_step=round(first, 1),
        run=str(run.path),
    )


def mend(project: Project, model: Path) -> Mended:
    """Lint the training rows, mend them in the document as the tutorial tells, save, and lint again."""
    path = project.datasets["train"]
    document = open_document(project, path)
    session = lint_session(project, model, document)
    before, ids = count_findings(session), tuple(document.row_ids())
    progress(f"{before} findings in {len(ids)} rows of {path}")
    fixed = apply_safe_fixes(document, session)
    mends = apply_recorded_mends(document, session, ids, read_faults(project.root / "faults.json"))
    document.save()
    after = count_findings(lint_session(project, model, document))
    progress(f"{sum(fixed.values())} safe fixes and {mends} mends by hand; {after} findings left")
    rows = tuple(raw for _, raw in document.snapshot().rows())
    mended = Mended(rows, document.version, before, after)
    document.close()
    return mended


def lint_session(project: Project, model: Path, document: Document) -> LintSession:
    """All findings of the document as it is now, for the model that will be trained."""
    target = target_named("local", ChatTemplate.load(model), read_model_folder(model).context)
    others = {
        role: read_split(path) for role, path in project.datasets.items() if path != document.path.resolve()
    }
    session = LintSession(target, others)
    session.lint_all(document.snapshot())
    return session


def heldout(project: Project, request: Load, voice: Voice) -> HeldoutResult:
    """The held-out rows, answered greedily and scored."""
    questions = read_heldout(project.datasets["heldout"])
    progress(f"asking the {voice} model {len(questions)} held-out questions")
    with AnswerDesk() as desk:
        desk.load(request)
        result = evaluate_heldout(desk, questions, voice)
    progress(f"{voice}: {result.exact:.0%} exact, {result.valid_json:.0%} valid JSON")
    return result


def train(
    project: Project, model: Path, mended: Mended, valid: Sequence[bytes], hyper: Hyperparameters
) -> tuple[RunFolder, RunHistory, float]:
    """A run of its own in the project, as the window would start it; with the seconds to its first step."""
    run = prepare_run(
        RunRequest(
            runs_dir=project.runs_dir,
            dataset=project.datasets["train"],
            train=mended.rows,
            model=model,
            valid=valid,
            valid_source=project.datasets["valid"].name,
            hyperparameters=hyper,
            document_version=mended.version,
        )
    )
    started = time.time()
    this_computer.start(run)
    history = follow(run)
    if isinstance(history.ended, Failed):
        raise UserError(f"The run failed: {history.ended.reason}", hint=history.ended.hint, exit_code=1)
    if not isinstance(history.ended, Finished):
        raise UserError("The run was stopped.", hint=f"Go on with: tunedesk resume {run.path}", exit_code=1)
    return run, history, history.steps[1].time - started


def print_result(result: DemoResult) -> None:
    print_table(
        [
            ("", "before", "after"),
            ("findings", str(result.findings_before), str(result.findings_after)),
            ("training loss", f"{result.train_loss_first:.3f}", f"{result.train_loss_last:.3f}"),
            (
                "held-out exact match",
                f"{result.heldout_exact_match_base:.1%}",
                f"{result.heldout_exact_match_tuned:.1%}",
            ),
        ]
    )
    spent = duration(result.seconds_total)
    print(f"\n{result.steps} steps on {result.rows} rows in {spent}, seed {result.seed}")
    print(f"talk to it with: tunedesk chat {result.run}")
