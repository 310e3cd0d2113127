"""`tunedesk lint`: what is wrong in a dataset file, and the fixes that need no person."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tunedesk import paths
from tunedesk.cli.lint_report import show_report, without_silenced
from tunedesk.cli.output import progress
from tunedesk.cli.projects import Surroundings, find_model, surroundings
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.parsing import ParsedRow
from tunedesk.errors import UserError
from tunedesk.lint.finding import FixKind
from tunedesk.lint.fixes import FixedRows, fix_file
from tunedesk.lint.help import help_page
from tunedesk.lint.report import NumberedRows, lint_file, read_split, with_near_duplicates
from tunedesk.lint.targets import RENDERING_TARGETS, Target, target_named
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import read_model_folder

DEFAULT_MODEL = "starter"


def lint(arguments: argparse.Namespace) -> int:
    """1 when there are findings (left, after mending), else 0. UserError: unreadable file, wrong use."""
    if arguments.explain is not None:
        print(help_page(arguments.explain.upper()))
        return 0
    if arguments.file is None:
        raise UserError("No file was named.", hint="Write `tunedesk lint FILE`, or --explain CODE.")
    if arguments.output and not arguments.fix:
        raise UserError("--output says where mended rows go, but nothing is mended.", hint="Add --fix safe.")
    path: Path = arguments.file
    around = surroundings(path) if path.is_file() else None
    target = replace(
        chosen_target(arguments.target or project_target(around), arguments.model, around),
        pedantic=arguments.pedantic,
        mapping=around.mapping(path) if around else None,
    )
    if around is not None:
        target = around.manifest.lint.applied(target)
    others = other_splits(path, around)
    if arguments.fix:
        content, fixed = fix_file(path, target, FixKind(arguments.fix), others, arguments.output)
        path = arguments.output or path
        write_dataset(path, content)
        progress(what_was_done(fixed, path))
    report = lint_file(path, target, others, progress)
    if arguments.near_duplicates:
        rows = NumberedRows([raw for _, raw in read_rows(path)])
        report, sentence = with_near_duplicates(report, rows, target, others)
        progress(sentence)
    report = without_silenced(report, path, around, arguments)
    show_report(report, path, target.name, arguments)
    return 1 if report.findings else 0


def project_target(around: Surroundings | None) -> str:
    return around.manifest.default_target if around else "local"


def chosen_target(name: str, model: str | None, around: Surroundings | None) -> Target:
    """The target, for a local one with the model's template: --model, the project's, or the starter's.

    Other tools that train local models get the template of --model; a provider has its own name for it.
    """
    if name not in RENDERING_TARGETS or (name != "local" and model is None):
        return target_named(name, model=model or "")
    default = around.manifest.default_model if around else DEFAULT_MODEL
    folder = read_model_folder(find_model(model or default))
    return target_named(name, ChatTemplate.load(folder.path), folder.context)


def other_splits(path: Path, around: Surroundings | None) -> Mapping[str, list[ParsedRow]]:
    """The rows of the project's other datasets, for the search for leaks."""
    if around is None:
        return {}
    return {role: read_split(other) for role, other in around.other_splits(path).items()}


def write_dataset(path: Path, content: bytes) -> None:
    """Replace a dataset file whole. UserError: it cannot be written."""
    try:
        paths.write_atomically(path, content)
    except OSError as trouble:
        raise UserError(
            f"{path} cannot be written: {trouble.strerror}.", hint="Name another file with --output."
        ) from trouble


def what_was_done(fixed: FixedRows, path: Path) -> str:
    codes = ", ".join(f"{code} {count}x" for code, count in sorted(fixed.applied.items())) or "nothing"
    return f"mended {codes}; rows changed: {len(fixed.changed)}, deleted: {len(fixed.deleted)}, in {path}"
