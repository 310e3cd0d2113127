"""The audit gate over the rows that the wizard has looked at. Knows no Qt."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tunedesk.dataset.snapshot import Snapshot
from tunedesk.plan.audit import Audit, AuditRow, audit
from tunedesk.plan.audit_rows import audit_rows
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import Method
from tunedesk.template.chat_template import ChatTemplate

Report = Callable[[int, int], None]
TOLD_EVERY = 500
"""Rows between two reports of progress."""


def audit_snapshots(
    snapshots: Mapping[str, Snapshot],
    model: Path,
    settings: Hyperparameters,
    method: Method,
    report: Report,
    is_cancelled: Callable[[], bool],
) -> Audit:
    """Render every row as it will be cut, and judge what comes of it; a third of a millisecond each.

    snapshots: by role; those that are trained on and measured with are looked at. After a cancel the answer
    is incomplete.
    """
    template = ChatTemplate.load(model)
    total = sum(len(snapshots[role]) for role in ("train", "valid") if role in snapshots)
    done = 0

    def told(snapshot: Snapshot) -> Iterator[bytes]:
        nonlocal done
        for _, raw in snapshot.rows():
            if done % TOLD_EVERY == 0:
                report(done, total)
            done += 1
            yield raw

    def rows_of(role: str) -> list[AuditRow]:
        snapshot = snapshots.get(role)
        if snapshot is None:
            return []
        pairs = method != "sft"
        rows, mapping = told(snapshot), snapshot.mapping
        return audit_rows(rows, template, settings.max_length, mapping, pairs=pairs, cancelled=is_cancelled)

    skip = settings.wholly_cut_rows == "skip"
    return audit(rows_of("train"), rows_of("valid"), settings.max_length, skip_wholly_cut=skip)
