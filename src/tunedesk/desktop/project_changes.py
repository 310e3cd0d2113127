"""What a person decides about the open project, written into it in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tunedesk.desktop.background import Job
from tunedesk.desktop.desk import Desk

if TYPE_CHECKING:  # the panes come after the first paint
    from tunedesk.dataset.document import Document
    from tunedesk.dataset.mapping import ColumnMapping
    from tunedesk.dataset.snapshot import Snapshot
    from tunedesk.dataset.splitting import SplitPlan
    from tunedesk.desktop.data.linter import Checks
    from tunedesk.project.folder import Project


def write_parts(desk: Desk, document: Document, snapshot: Snapshot, plan: SplitPlan, overwrite: bool) -> None:
    """The parts of a split become datasets; the document's file stays."""

    def work(project: Project, job: Job) -> Project | None:
        from tunedesk.project.splits import write_split

        return write_split(
            project,
            document.path,
            snapshot,
            plan,
            overwrite=overwrite,
            progress=job.report,
            cancelled=job.is_cancelled,
        )

    desk.change_project(work, "Writing the parts")


def keep_checks(desk: Desk, checks: Checks) -> None:
    """For whom rows are checked, and by which rules."""

    def work(project: Project, job: Job) -> Project:
        from tunedesk.project.folder import with_lint

        return with_lint(project, checks.target, checks.rules)

    desk.change_project(work, "Keeping which rules run")


def keep_mapping(desk: Desk, document: Document, mapping: ColumnMapping | None) -> None:
    """What the document's columns mean."""

    def work(project: Project, job: Job) -> Project:
        from tunedesk.project.folder import with_mapping

        return with_mapping(project, document.path, mapping)

    desk.change_project(work, "Keeping what the columns mean")
