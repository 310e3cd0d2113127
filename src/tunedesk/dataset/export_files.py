"""Writes the files of an export: none is there before all are whole."""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from tunedesk.dataset.converting import ConvertedRow
from tunedesk.dataset.export_dialects import merged
from tunedesk.dataset.export_plan import BETWEEN_REPORTS, ExportPlan, Progress, converted_rows, has_bom
from tunedesk.dataset.parsing import BOM
from tunedesk.errors import UserError
from tunedesk.paths import sync_folder, write_atomically


def write_export(
    plan: ExportPlan,
    folder: Path,
    progress: Progress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write the plan's files into the folder, which is made; () when cancelled, and then nothing is there.

    All files appear at the end, each whole. UserError when rows are refused and not to be left out, when
    there is no row, when a file exists already, when the rows are no longer those of the plan, and when the
    disk is full.
    """
    if plan.refusals and not plan.options.skip_refused:
        first = plan.refusals[0]
        message = f"Row {first.rows[0]} cannot be written as {plan.format}: {first.what}."
        raise UserError(message, hint="Mend such rows, or leave them out of the export.")
    if not plan.rows:
        raise _nothing_to_write(plan)
    paths = [folder / file.name for file in plan.files]
    for path in paths:
        if path.exists() and not overwrite:
            raise UserError(f"{path} exists already.", hint="Choose another name or folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _write(plan, folder, paths, progress, cancelled)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror or error}."
        raise UserError(message, hint="Check its permissions and the space on the disk.") from error


def _nothing_to_write(plan: ExportPlan) -> UserError:
    if plan.refusals:
        message = f"No row can be written as {plan.format} for {plan.target.title}: {plan.refusals[0].what}."
        return UserError(message, hint="Choose another target or format.")
    return UserError("There is no row to write.", hint="Name a dataset with at least one example.")


def _write(
    plan: ExportPlan,
    folder: Path,
    paths: Sequence[Path],
    progress: Progress,
    cancelled: Callable[[], bool],
) -> tuple[Path, ...]:
    made = [path.with_name(f".{path.name}.{secrets.token_hex(4)}") for path in paths]
    try:
        rows = converted_rows(plan.source, plan.target, plan.format, plan.options, plan.marks)
        raws = _reporting(rows, len(plan.source), progress, cancelled)
        is_piece = bool(plan.target.part_bytes)
        for number, (planned, path) in enumerate(zip(plan.files, made, strict=True)):
            with path.open("xb") as file:
                if has_bom(plan.target, plan.options) and not (number and is_piece):
                    file.write(BOM)
                _fill(file, islice(raws, planned.rows))
                if cancelled():
                    return ()
                if file.tell() != planned.bytes:
                    raise _changed()
                file.flush()
                os.fsync(file.fileno())
        if next(raws, None) is not None:
            raise _changed()
        for new, path in zip(made, paths, strict=True):
            os.replace(new, path)
        sync_folder(folder)
    finally:
        for path in made:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
    return (*paths, *_write_companions(plan, folder))


def _fill(file: BinaryIO, raws: Iterator[bytes]) -> None:
    for raw in raws:
        file.write(raw)
        file.write(b"\n")


def _reporting(
    rows: Iterator[ConvertedRow], total: int, progress: Progress, cancelled: Callable[[], bool]
) -> Iterator[bytes]:
    for made in rows:
        if made.row % BETWEEN_REPORTS == 0:
            progress(made.row, total)
        if made.raw is not None:
            yield made.raw
        if made.row % BETWEEN_REPORTS == 0 and cancelled():
            return


def _write_companions(plan: ExportPlan, folder: Path) -> tuple[Path, ...]:
    found = []
    for name, text in plan.companions:
        path = folder / name
        write_atomically(path, merged(path, text).encode())
        found.append(path)
    return tuple(found)


def _changed() -> UserError:
    return UserError("The rows have changed since they were looked at.", hint="Start the export again.")
