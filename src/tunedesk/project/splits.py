"""Writing a split's parts as new dataset files of the project; the file that was split stays as it is."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.split_recipe import SplitRecipe
from tunedesk.dataset.splitting import SplitPlan
from tunedesk.errors import UserError
from tunedesk.paths import sync_folder
from tunedesk.project.folder import Project, save_project


def recipe_of(project: Project, source: Path) -> SplitRecipe | None:
    """How a dataset was split the last time; None when it never was."""
    return project.splits.get(source.resolve())


def part_paths(
    project: Project, source: Path, plan: SplitPlan, folder: Path | None = None
) -> dict[str, Path]:
    """Where the parts that have rows will be written, by role: "datasets/mail-train.jsonl"."""
    below = (folder or (source.parent if project.is_loose else project.root / "datasets")).resolve()
    stem = source.name.split(".")[0]
    return {part.role: below / f"{stem}-{part.role}.jsonl" for part in plan.parts if part.row_ids}


def write_split(
    project: Project,
    source: Path,
    snapshot: Snapshot,
    plan: SplitPlan,
    *,
    folder: Path | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Project | None:
    """The project with its new datasets and the recipe; None when cancelled, and then nothing is written.

    Rows are written as lines of JSON, as they stand in the snapshot; their marks stay with the source. What
    the source's columns mean holds for its parts. A part without rows is not written and leaves its role as
    it was. UserError when the project is read-only, a file is there already, or a file cannot be written.
    """
    if project.read_only:
        raise UserError(project.read_only_reason, hint="Close the other window, or copy the project.")
    source = source.resolve()
    paths = part_paths(project, source, plan, folder)
    _refuse_existing(source, paths, overwrite)
    made = {role: _beside(path) for role, path in paths.items()}
    try:
        for temporary in made.values():
            temporary.parent.mkdir(parents=True, exist_ok=True)
        if not _write_parts(made, snapshot, plan, progress, cancelled):
            return None
        for role, temporary in made.items():
            os.replace(temporary, paths[role])
            sync_folder(paths[role].parent)
    except OSError as error:
        message = f"The parts cannot be written: {error.strerror or error}."
        raise UserError(message, hint="Check the folder's permissions and the space on the disk.") from error
    finally:
        for temporary in made.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    return _with_parts(project, source, paths, plan.recipe)


def _refuse_existing(source: Path, paths: dict[str, Path], overwrite: bool) -> None:
    for path in paths.values():
        if path == source:
            message = f"{path.name} is the dataset that is split, and would be overwritten by a part of it."
            raise UserError(message, hint="Choose another folder for the parts.")
        if not overwrite and os.path.lexists(path):
            message = f"{path} is there already."
            raise UserError(message, hint="Say that it may be overwritten, or choose another folder.")


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.urandom(4).hex()}")


def _write_parts(
    made: dict[str, Path],
    snapshot: Snapshot,
    plan: SplitPlan,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> bool:
    """False when it was cancelled."""
    done = 0
    for part in plan.parts:
        if part.role not in made:
            continue
        with made[part.role].open("xb") as file:
            for row in part.row_ids:
                if done % 1024 == 0:
                    if cancelled():
                        return False
                    progress(done, len(snapshot))
                file.write(snapshot.raw(row) + b"\n")
                done += 1
            file.flush()
            os.fsync(file.fileno())
    progress(done, len(snapshot))
    return True


def _with_parts(project: Project, source: Path, paths: dict[str, Path], recipe: SplitRecipe) -> Project:
    datasets = {role: path for role, path in project.datasets.items() if path != source} | paths
    if source not in datasets.values():
        datasets["other"] = source
    mappings = dict(project.mappings)
    if source in mappings:
        mappings |= dict.fromkeys(paths.values(), mappings[source])
    changed = replace(
        project, datasets=datasets, mappings=mappings, splits={**project.splits, source: recipe}
    )
    save_project(changed)
    return changed
