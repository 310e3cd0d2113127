"""Keeps the findings of one dataset up to date in the background: all rows once, then each edited row."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Change
from tunedesk.desktop.background import Background, Job
from tunedesk.errors import UserError

if TYPE_CHECKING:  # lint brings tokenizers and jinja2, which the first paint does not need
    from tunedesk.dataset.parsing import ParsedRow
    from tunedesk.lint.finding import Finding
    from tunedesk.lint.session import LintSession
    from tunedesk.lint.settings import LintSettings
    from tunedesk.lint.silencing import LiveSilencer, Silenced
    from tunedesk.lint.targets import Target
    from tunedesk.template.chat_template import ChatTemplate

Counts = tuple[int, int, int]
"""Errors, warnings, notes."""
NOTHING: Counts = (0, 0, 0)
PARTIAL_SECONDS = 1.5
"""So often the findings of a long first pass are shown."""
MANY_ROWS = 200
"""Looking at more edited rows than this is shown in the status line."""


class Checks(NamedTuple):
    """For whom rows are checked, and a project's own choice of rules."""

    target: str
    rules: LintSettings


class Pass(NamedTuple):
    """A look at every row, finished or not. about_file: what is wrong with the file as such."""

    session: LintSession
    target: Target
    counts: dict[int, Counts]
    about_file: tuple[Finding, ...] = ()


class Shown:
    """What of a session's findings is to be shown; for any thread."""

    def __init__(self, session: LintSession, snapshot: Snapshot, silencer: LiveSilencer | None) -> None:
        self._session = session
        self._snapshot = snapshot
        self._silencer = silencer if silencer is not None and not silencer.is_idle else None

    def findings(self, row_id: int) -> tuple[Finding, ...]:
        findings = self._session.findings(row_id)
        # A row that came since, or went, is judged when its edit is looked at.
        if self._silencer is None or not findings or row_id not in self._snapshot.ids:
            return findings
        return self._silencer.part(findings, lambda: self._parsed(row_id)).shown

    def counts(self, row_id: int) -> Counts:
        """Errors, warnings and notes; much cheaper than the findings where nothing is silenced."""
        if self._silencer is None:
            return self._session.counts_of(row_id)
        severities = [finding.severity.value for finding in self.findings(row_id)]
        return severities.count("error"), severities.count("warning"), severities.count("info")

    def _parsed(self, row_id: int) -> ParsedRow:
        from tunedesk.dataset.parsing import parse_row

        return parse_row(self._snapshot.raw(row_id))


class Linter(QObject):
    findings_changed = Signal(object)
    """The ids of the rows whose findings may be others now; None: all."""

    _partly_done = Signal(object, object)

    def __init__(
        self, snapshot_of: Callable[[], Snapshot], background: Background, parent: QObject | None = None
    ) -> None:
        """snapshot_of: the rows as they are shown."""
        super().__init__(parent)
        self._snapshot_of = snapshot_of
        self._background = background
        self._session: LintSession | None = None
        self._target: Target | None = None
        self._others: Mapping[str, Path] = {}
        self._counts: dict[int, Counts] = {}
        self._about_file: tuple[Finding, ...] = ()
        self._silencer: LiveSilencer | None = None
        self._whole: Job | None = None
        self._late: list[int] = []
        self._partly_done.connect(self._take_part)

    @property
    def is_complete(self) -> bool:
        """Whether every row has been looked at; not before the first pass, nor after a cancelled one."""
        return self._session is not None and self._whole is None

    @property
    def target(self) -> Target | None:
        return self._target

    def start(
        self,
        path: Path,
        template: ChatTemplate | None,
        model: Path | None,
        checks: Checks,
        max_length: int,
        others: Mapping[str, Path],
    ) -> None:
        """Lint every row for a target; what ran before is cancelled.

        path: the file that is linted. model: the folder of the template. others: the other splits' files.
        """
        self._others = dict(others)
        if self._whole is not None:
            self._background.cancel(self._whole)
        self._late.clear()
        snapshot = self._snapshot_of()

        def work(job: Job) -> Pass:
            from tunedesk.lint.session import LintSession
            from tunedesk.lint.targets import target_named

            target = target_named(checks.target, template, max_length if template else None)
            target = checks.rules.applied(replace(target, mapping=snapshot.mapping))
            session = LintSession(target, _read_others(self._others), model=model)
            told = time.monotonic()

            def progress(done: int, total: int) -> None:
                nonlocal told
                job.report(done, total)
                if time.monotonic() - told > PARTIAL_SECONDS:
                    told = time.monotonic()
                    self._partly_done.emit(job, _pass_of(session, target, self._shown_of(snapshot, session)))

            session.lint_all(snapshot, progress, job.is_cancelled)
            about_file = () if job.is_cancelled() else _about_file(path, len(snapshot), target)
            return _pass_of(session, target, self._shown_of(snapshot, session), about_file)

        self._whole = self._background.run(work, self._take_all, owner=self, label="Looking for problems")

    def findings(self, row_id: int) -> tuple[Finding, ...]:
        """Those that are to be shown."""
        if self._session is None:
            return ()
        return self._shown_of(self._snapshot_of(), self._session).findings(row_id)

    def silenced(self, row_id: int) -> tuple[Silenced, ...]:
        """Findings of the row that somebody has suppressed, with the reasons."""
        from tunedesk.dataset.parsing import parse_row

        if self._session is None or self._silencer is None:
            return ()
        snapshot = self._snapshot_of()
        findings = self._session.findings(row_id)
        return self._silencer.part(findings, lambda: parse_row(snapshot.raw(row_id))).silenced

    def silence(self, silencer: LiveSilencer) -> None:
        """Show no findings that this one silences; what was found stays found."""
        self._silencer = silencer
        session, target = self._session, self._target
        if session is None or target is None or self._whole is not None:
            return
        shown = self._shown_of(self._snapshot_of(), session)
        self._background.run(
            lambda job: _pass_of(session, target, shown), self._take_counts, owner=self, can_cancel=False
        )

    def all_findings(self, row_id: int) -> tuple[Finding, ...]:
        """Those of a row that are silenced too."""
        return self._session.findings(row_id) if self._session is not None else ()

    def rows_looked_at(self) -> frozenset[int]:
        """Rows with any findings, silenced ones too."""
        return self._session.rows_with_findings() if self._session is not None else frozenset()

    def find_near_duplicates(self, told: Callable[[str], None]) -> None:
        """Look in the background for rows that say nearly the same; told: gets a sentence at the end."""
        session, target, snapshot = self._session, self._target, self._snapshot_of()
        if session is None or target is None or self._whole is not None:
            told("Wait until every row has been looked at.")
            return
        others = self._others

        def work(job: Job) -> tuple[Pass, str] | None:
            from tunedesk.lint.near_duplicates import describe

            found = session.find_near_duplicates(snapshot, _read_others(others), job.report, job.is_cancelled)
            if found is None:
                return None
            return _pass_of(session, target, self._shown_of(snapshot, session)), describe(found)

        def then(found: tuple[Pass, str] | None) -> None:
            if found is not None:
                self._take_counts(found[0])
                told(found[1])

        self._background.run(work, then, owner=self, label="Looking for rows that are nearly the same")

    def file_findings(self) -> tuple[Finding, ...]:
        """What is wrong with the file as a whole, and no row's fault."""
        return (*self._about_file, *self._session.file_findings()) if self._session is not None else ()

    def counts(self, row_id: int) -> Counts:
        return self._counts.get(row_id, NOTHING)

    def rows_with_findings(self) -> frozenset[int]:
        return frozenset(self._counts)

    def totals(self) -> Counts:
        """Errors, warnings and notes of the whole file."""
        errors = warnings = notes = 0
        for counts in self._counts.values():
            errors, warnings, notes = errors + counts[0], warnings + counts[1], notes + counts[2]
        return errors, warnings, notes

    def follow(self, change: Change) -> None:
        """Lint the rows that an edit touched."""
        row_ids = (*change.changed, *change.inserted, *change.deleted)
        if self._whole is not None and not self._whole.is_cancelled():
            self._late.extend(row_ids)
            return
        self._update(row_ids)

    def _take_part(self, job: Job, found: Pass) -> None:
        """What was found so far can be looked at while the rest is checked."""
        if job is self._whole and not job.is_cancelled():
            self._session, self._target, self._counts, _ = found
            self.findings_changed.emit(None)

    def _take_all(self, found: Pass) -> None:
        self._whole = None
        self._session, self._target, self._counts, self._about_file = found
        self.findings_changed.emit(None)
        late, self._late = self._late, []
        self._update(late)

    def _take_counts(self, found: Pass) -> None:
        if found.session is self._session and self._whole is None:
            self._counts = found.counts
            self.findings_changed.emit(None)

    def _shown_of(self, snapshot: Snapshot, session: LintSession) -> Shown:
        return Shown(session, snapshot, self._silencer)

    def _update(self, row_ids: Sequence[int]) -> None:
        session = self._session
        if session is None or not row_ids:
            return
        snapshot = self._snapshot_of()

        def work(job: Job) -> dict[int, Counts]:
            rows = {row_id: snapshot.raw(row_id) if row_id in snapshot.ids else None for row_id in row_ids}
            return _counts_of(self._shown_of(snapshot, session), session.update_many(rows))

        label = "Looking at the edited rows" if len(row_ids) > MANY_ROWS else ""
        self._background.run(work, self._take_some, owner=self, label=label, can_cancel=False)

    def _take_some(self, counts: dict[int, Counts]) -> None:
        self._counts.update(counts)
        for row_id in [row_id for row_id, each in counts.items() if each == NOTHING]:
            self._counts.pop(row_id, None)
        self.findings_changed.emit(frozenset(counts))


def _about_file(path: Path, rows: int, target: Target) -> tuple[Finding, ...]:
    """What is wrong with the file as it is saved; nothing when it is gone, which other places tell."""
    from tunedesk.lint.file_facts import file_facts
    from tunedesk.lint.rules.files import lint_file_facts

    return lint_file_facts(file_facts(path, rows), target) if path.is_file() else ()


def _pass_of(
    session: LintSession, target: Target, shown: Shown, about_file: tuple[Finding, ...] = ()
) -> Pass:
    counts = _counts_of(shown, session.rows_with_findings())
    return Pass(
        session, target, {row_id: each for row_id, each in counts.items() if each != NOTHING}, about_file
    )


def _counts_of(shown: Shown, row_ids: frozenset[int] | set[int]) -> dict[int, Counts]:
    return {row_id: shown.counts(row_id) for row_id in row_ids}


def _read_others(others: Mapping[str, Path]):  # type: ignore[no-untyped-def]
    """The other splits' rows, for leaks between them; a split that cannot be read has its own notice."""
    from tunedesk.dataset.files import read_rows
    from tunedesk.dataset.parsing import parse_row

    rows = {}
    for name, path in others.items():
        try:
            rows[name] = [parse_row(raw) for _, raw in read_rows(path)]
        except (UserError, OSError):
            continue
    return rows
