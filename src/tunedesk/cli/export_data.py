"""`tunedesk export-data`: a dataset as the files that a target wants, and what is lost on the way."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from tunedesk.cli.output import print_json, progress
from tunedesk.cli.projects import surroundings
from tunedesk.dataset.containers.form import packing_of
from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.exporting import (
    ExportOptions,
    ExportPlan,
    Legacy,
    Tally,
    plan_export,
    write_export,
)
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.mapping_guess import LOOKED_AT, suggest_mapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.target_profiles import profile_named
from tunedesk.errors import UserError

ROWS_SHOWN = 5


@dataclass(frozen=True)
class FileRows:
    """A dataset file as it is on disk."""

    path: Path
    mapping: ColumnMapping | None

    @cached_property
    def _count(self) -> int:
        return sum(1 for _ in read_rows(self.path))

    def __len__(self) -> int:
        return self._count

    def rows(self) -> Iterator[tuple[int, bytes]]:
        return read_rows(self.path)


def export_data(arguments: argparse.Namespace) -> int:
    """With --check 1 when rows cannot be written or the target would reject the file, else 0.

    UserError: unreadable file, a format that the target does not read, rows that cannot be written.
    """
    path: Path = arguments.file
    if not arguments.out and not arguments.check:
        raise UserError("Nothing says where the files go.", hint="Add --out with a folder, or --check.")
    rows = FileRows(path, _mapping(path, arguments.map))
    plan = plan_export(rows, profile_named(arguments.target), _options(arguments))
    assert plan is not None, "nobody cancels this"
    written: tuple[Path, ...] = ()
    if not arguments.check:
        written = write_export(plan, arguments.out, overwrite=arguments.overwrite)
    if arguments.json:
        print_json(_as_json(plan, written))
    else:
        _print(plan, written)
    return 1 if arguments.check and (plan.refusals or plan.problems) else 0


def _options(arguments: argparse.Namespace) -> ExportOptions:
    return ExportOptions(
        format=_format(arguments.format) if arguments.format else None,
        name=arguments.name or _name_of(arguments.file),
        style=arguments.style,
        legacy=Legacy(_text(arguments.separator), _text(arguments.stop), arguments.leading_space),
        keep_marks=arguments.keep_marks,
        bom=arguments.bom,
        skip_refused=arguments.skip_refused,
    )


def _name_of(path: Path) -> str:
    """The file's name without its ending, and without that of its packing."""
    _, name = packing_of(path.resolve().name)
    return name.rpartition(".")[0] or name


def _format(name: str) -> RowFormat:
    try:
        return RowFormat(name)
    except ValueError as error:
        known = ", ".join(kind for kind in RowFormat if kind not in (RowFormat.UNKNOWN, RowFormat.MAPPED))
        raise UserError(f"There is no format {name}.", hint=f"Choose one of: {known}.") from error


def _text(argument: str) -> str:
    """A shell hands line feeds and tabs over as a backslash and a letter."""
    return argument.replace("\\n", "\n").replace("\\t", "\t")


def _mapping(path: Path, pairs: Sequence[str]) -> ColumnMapping | None:
    """From --map, else the project's; UserError with a suggestion when there is none and one is needed."""
    if pairs:
        named = dict(pair.partition("=")[::2] for pair in pairs)
        try:
            return msgspec.convert(named, ColumnMapping)
        except msgspec.ValidationError as error:
            keys = ", ".join(ColumnMapping.__struct_fields__)
            raise UserError(f"--map cannot be read: {error}.", hint=f"The keys are: {keys}.") from error
    around = surroundings(path)
    known = around.mapping(path) if around else None
    if known is None:
        _refuse_unknown_columns(path)
    return known


def _refuse_unknown_columns(path: Path) -> None:
    head = [parse_row(raw).value for _, raw in islice(read_rows(path), LOOKED_AT)]
    values = [value for value in head if value]
    if not values or any(detect_format(value) is not RowFormat.UNKNOWN for value in values):
        return
    guess = suggest_mapping(values)
    pairs = {} if guess is None else msgspec.to_builtins(guess)
    said = " ".join(f'"{key}={column}"' for key, column in pairs.items()) or "user=... assistant=..."
    raise UserError(
        f"The columns of {path.name} are nobody's format.", hint=f"Say what they mean: --map {said}"
    )


def _print(plan: ExportPlan, written: Sequence[Path]) -> None:
    print(f"{plan.rows:,} rows as {plan.format} for {plan.target.title}")
    for file in plan.files:
        print(f"  {file.name}: {file.rows:,} rows, {file.bytes:,} bytes")
    for name, _ in plan.companions:
        print(f"  {name}")
    _print_tallies("lost on the way:", plan.losses)
    _print_tallies("rows that cannot be written:", plan.refusals)
    for sentence in (*plan.problems, *plan.notes):
        print(sentence)
    for path in written:
        progress(f"written: {path}")


def _print_tallies(title: str, tallies: Sequence[Tally]) -> None:
    if tallies:
        print(title)
    for tally in tallies:
        shown = ", ".join(str(row) for row in tally.rows[:ROWS_SHOWN])
        more = ", ..." if tally.count > ROWS_SHOWN else ""
        print(f"  {tally.count:,}x {tally.what} (row {shown}{more})")


def _as_json(plan: ExportPlan, written: Sequence[Path]) -> dict[str, Any]:
    def listed(tallies: Sequence[Tally]) -> list[dict[str, Any]]:
        return [
            {"what": one.what, "count": one.count, "rows": one.rows, "pointer": one.pointer}
            for one in tallies
        ]

    return {
        "target": plan.target.name,
        "format": plan.format,
        "rows": plan.rows,
        "files": [{"name": file.name, "rows": file.rows, "bytes": file.bytes} for file in plan.files],
        "losses": listed(plan.losses),
        "refusals": listed(plan.refusals),
        "problems": plan.problems,
        "notes": plan.notes,
        "written": [str(path) for path in written],
    }
