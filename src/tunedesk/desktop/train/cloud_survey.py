"""Looks at the rows as a service would get them: written for it, linted for it, counted. Knows no Qt."""

from collections.abc import Mapping, Sequence

from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.train.cloud_choices import RowsLook
from tunedesk.desktop.train.survey import IsCancelled, Progress, Report, SplitSource, lint_split
from tunedesk.desktop.train.wizard import TRAINED_ON
from tunedesk.lint.targets import target_named
from tunedesk.runs.cloud_rows import CloudRows, rows_for


def look_for_service(
    sources: Sequence[SplitSource],
    snapshots: Mapping[str, Snapshot],
    target: str,
    model: str,
    report: Report,
    is_cancelled: IsCancelled,
) -> RowsLook | None:
    """None: cancelled, or there are no training rows. UserError: the target cannot read rows of this kind."""
    used = [source for source in sources if source.role in TRAINED_ON and source.role in snapshots]
    total = 2 * sum(len(snapshots[source.role]) for source in used)
    progress = Progress(report, total, is_cancelled)
    made: dict[str, CloudRows] = {}
    for source in used:
        snapshot = snapshots[source.role]
        written = rows_for(snapshot, target, progress.add, is_cancelled)
        if written is None:
            return None
        made[source.role] = written
        progress.before += len(snapshot)
    if "train" not in made:
        return None
    checked = target_named(target, model=model)
    facts = [lint_split(source, snapshots, checked, progress) for source in used]
    if is_cancelled():
        return None
    wrong = next((one for one in facts if one.error_rows), None)
    valid = made.get("valid")
    return RowsLook(
        train=made["train"],
        valid=valid if valid and valid.rows else None,
        error_rows=sum(one.error_rows for one in facts),
        file=wrong.path if wrong else used[0].path,
        first_error_row=wrong.first_error_row if wrong else 0,
        first_error=wrong.first_error if wrong else "",
    )
