"""The rows of a dataset exactly as a service gets them, and what becomes of those that it would not take."""

from collections.abc import Callable
from dataclasses import dataclass

from tunedesk.dataset.export_plan import (
    ExportOptions,
    Progress,
    RowSource,
    Tally,
    converted_rows,
    plan_export,
)
from tunedesk.dataset.target_profiles import profile_named


@dataclass(frozen=True, slots=True)
class CloudRows:
    """rows: without line ends. losses: what the form of the target cannot say. refusals: rows that cannot be
    written for it at all and are therefore not among `rows`. problems: sentences about the whole file.
    """

    target: str
    rows: tuple[bytes, ...]
    losses: tuple[Tally, ...] = ()
    refusals: tuple[Tally, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """Of the file that is sent, without a byte order mark."""
        return sum(len(row) + 1 for row in self.rows)


def rows_for(
    source: RowSource,
    target: str,
    report: Progress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> CloudRows | None:
    """Every row but blank lines, written for a target of the linter. None: cancelled.

    UserError: there is no such target, or it cannot read rows of this kind.
    """
    profile = profile_named(target)
    options = ExportOptions(bom=False)
    planned = plan_export(source, profile, options, report, cancelled)
    if planned is None:
        return None
    rows = []
    for made in converted_rows(source, profile, planned.format, options, planned.marks):
        if cancelled():
            return None
        if made.raw is not None:
            rows.append(made.raw)
    return CloudRows(target, tuple(rows), planned.losses, planned.refusals, planned.problems)
