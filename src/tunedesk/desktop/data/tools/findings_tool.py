"""All findings of the shown dataset: counts by rule, suppressions, what is known, look-alikes, reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.background import Job
from tunedesk.desktop.data.linter import Checks
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.shell.window_actions import ask_for_file
from tunedesk.desktop.widgets.buttons import action
from tunedesk.lint.baseline import Baseline, fingerprint, store_baseline, stored_baseline
from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.settings import LintSettings
from tunedesk.lint.silencing import LiveSilencer
from tunedesk.lint.suppressions import Suppression, SuppressionStore

if TYPE_CHECKING:
    from tunedesk.desktop.data.tools.findings_page import FindingsPage, RuleCount
    from tunedesk.desktop.data.tools.suppress_page import SuppressPage
    from tunedesk.project.folder import Project


class FindingsTool(QObject):
    failed = Signal(Exception)
    rule_asked = Signal(str)
    checks_wanted = Signal(object)
    """Checks that the project shall keep."""

    def __init__(
        self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf, project: Callable[[], Project | None]
    ) -> None:
        super().__init__(owner)
        self._owner = owner
        self._desk = desk
        self._shelf = shelf
        self._project = project
        self._page: FindingsPage | None = None
        self._reason: SuppressPage | None = None
        self._row = -1
        self._stays_open = False
        self._suppressions: tuple[Suppression, ...] = ()
        self._baseline: Baseline | None = None
        self.action = action(owner, "All &findings", "warning", "F9", tip="Every finding, rule by rule")
        self.action.triggered.connect(self.open)

    def open(self) -> None:
        from tunedesk.desktop.data.tools.findings_page import FindingsPage

        if self._desk.dataset() is None:
            return
        if self._page is None:
            self._page = page = FindingsPage()
            page.rule_asked.connect(self.rule_asked)
            page.rows_asked.connect(self._show_rows)
            page.removing_asked.connect(self._remove)
            page.baseline_asked.connect(self._set_baseline)
            page.near_asked.connect(self._find_near)
            page.report_asked.connect(self._ask_where)
            page.checks_chosen.connect(self._choose_checks)
        self._shelf.show_tool(self._page)
        self._show_checks()
        self.look_again()

    def _show_checks(self) -> None:
        dataset = self._desk.dataset()
        if self._page is not None and dataset is not None:
            self._page.show_checks(dataset.checks.target, dataset.checks.rules)

    def _choose_checks(self, target: str, rules: LintSettings) -> None:
        self._stays_open = True
        self.checks_wanted.emit(Checks(target, rules))

    def suppress(self, row_id: int, finding: Finding) -> None:
        """Ask for the reason why a finding may stand."""
        from tunedesk.desktop.data.tools.suppress_page import SuppressPage

        if self._reason is None:
            self._reason = SuppressPage()
            self._reason.suppress_asked.connect(self._suppress)
        self._row = row_id
        self._shelf.show_tool(self._reason)
        self._reason.begin(finding)

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none: it has suppressions of its own."""
        is_open = self._shelf.open_tool in (self._page, self._reason) and self._shelf.open_tool is not None
        if is_open and not self._stays_open:
            self._shelf.close_tool()
        self._stays_open = False
        self._show_checks()
        dataset, project = self._desk.dataset(), self._project()
        self._suppressions, self._baseline = (), None
        if dataset is None or project is None:
            return
        dataset.linter.findings_changed.connect(lambda _: self.look_again())
        self._read(dataset, project)

    def look_again(self) -> None:
        """Count anew, in the background, while the page is on the screen."""
        dataset, page = self._desk.dataset(), self._page
        if dataset is None or page is None or self._shelf.open_tool is not page:
            return
        linter, snapshot, suppressions = dataset.linter, dataset.session.now, self._suppressions

        def work(job: Job) -> tuple[list[RuleCount], tuple[Finding, ...], set[int]]:
            rows = [row for row in linter.rows_with_findings() if row in snapshot.ids]
            used = {
                each.suppression.id
                for row in (linter.rows_looked_at() if suppressions else ())
                for each in linter.silenced(row)
            }
            return _counted(rows, linter.findings), linter.file_findings(), used

        def then(found: tuple[list[RuleCount], tuple[Finding, ...], set[int]]) -> None:
            counts, about_file, used = found
            unused = [each for each in suppressions if each.id not in used] if linter.is_complete else []
            page.show_rules(counts, about_file)
            page.show_silenced(suppressions, unused, has_baseline=self._baseline is not None)

        self._desk.background.run(work, then, self.failed.emit, owner=self)

    def _read(self, dataset: OpenDataset, project: Project) -> None:
        path, state = dataset.document.path, project.state

        def then(found: tuple[tuple[Suppression, ...], Baseline | None]) -> None:
            if self._desk.dataset() is dataset:
                self._suppressions, self._baseline = found
                dataset.linter.silence(LiveSilencer(*found))
                self.look_again()

        self._desk.background.run(
            lambda job: (SuppressionStore(state, path).all(), stored_baseline(state, path)),
            then,
            self.failed.emit,
            owner=self,
        )

    def _change(self, work: Callable[[OpenDataset, Project], object]) -> None:
        """Change what is kept in the project, and read it again."""
        dataset, project = self._desk.dataset(), self._project()
        if dataset is None or project is None:
            return
        self._desk.background.run(
            lambda job: work(dataset, project),
            lambda _: self._read(dataset, project),
            self.failed.emit,
            owner=self,
        )

    def _suppress(self, finding: Finding, reason: str, only_here: bool) -> None:
        row_id = self._row
        self._shelf.close_tool()

        def work(dataset: OpenDataset, project: Project) -> None:
            parsed = dataset.session.parsed(row_id)
            pointer = finding.pointer if only_here else None
            SuppressionStore(project.state, dataset.document.path).add(finding.code, parsed, pointer, reason)

        self._desk.flush()
        self._change(work)

    def _remove(self, suppressions: tuple[Suppression, ...]) -> None:
        self._change(
            lambda dataset, project: SuppressionStore(project.state, dataset.document.path).remove(
                suppressions
            )
        )

    def _set_baseline(self, wanted: bool) -> None:
        def work(dataset: OpenDataset, project: Project) -> None:
            baseline = _baseline_of(dataset) if wanted else None
            store_baseline(project.state, dataset.document.path, baseline)

        self._desk.flush()
        self._change(work)

    def _show_rows(self, code: str) -> None:
        dataset = self._desk.dataset()
        if dataset is None:
            return
        linter = dataset.linter
        rows = [
            row
            for row in dataset.session.now.ids
            if row in linter.rows_with_findings() and any(each.code == code for each in linter.findings(row))
        ]
        self._desk.reveal(rows)

    def _find_near(self) -> None:
        dataset, page = self._desk.dataset(), self._page
        if dataset is None or page is None:
            return

        dataset.linter.find_near_duplicates(page.show_near)

    def _ask_where(self, ending: str) -> None:
        dataset = self._desk.dataset()
        if dataset is None:
            return
        start = dataset.document.path.with_suffix(f".findings.{ending}")
        dialog = ask_for_file(self._owner, "Save the report", saving=True, start=start)
        dialog.setNameFilter(f"Report (*.{ending})")
        dialog.setDefaultSuffix(ending)
        dialog.fileSelected.connect(lambda name: self.save_report(Path(name), ending))

    def save_report(self, path: Path, ending: str) -> None:
        """Write what is found now; ending: html, sarif, junit, json or txt."""
        dataset, page = self._desk.dataset(), self._page
        if dataset is None or page is None:
            return
        target = dataset.linter.target

        def work(job: Job) -> None:
            from tunedesk.desktop.data.tools.findings_report import write_report

            write_report(path, ending, dataset, target.name if target is not None else dataset.checks.target)

        self._desk.background.run(
            work,
            lambda _: page.say(f"Saved {path}.", "ok"),
            self.failed.emit,
            owner=self,
            label="Writing the report",
        )


def _counted(rows: list[int], findings: Callable[[int], tuple[Finding, ...]]) -> list[RuleCount]:
    """Rows by rule, the worst first, and of these the most frequent."""
    from tunedesk.desktop.data.tools.findings_page import RuleCount

    order = list(Severity)
    counts: dict[str, int] = {}
    worst: dict[str, int] = {}
    for row in rows:
        for code in dict.fromkeys(each.code for each in findings(row)):
            counts[code] = counts.get(code, 0) + 1
        for each in findings(row):
            worst[each.code] = min(worst.get(each.code, len(order)), order.index(each.severity))
    codes = sorted(counts, key=lambda code: (worst[code], -counts[code], code))
    return [RuleCount(code, order[worst[code]].value, counts[code]) for code in codes]


def _baseline_of(dataset: OpenDataset) -> Baseline:
    """Everything that is found now, what was known before included."""
    counts: dict[str, int] = {}
    for row in dataset.linter.rows_looked_at():
        parsed = dataset.session.parsed(row)
        for finding in dataset.linter.all_findings(row):
            mark = fingerprint(finding, parsed)
            counts[mark] = counts.get(mark, 0) + 1
    return Baseline(counts=counts)
