"""Applies one finding's fix to every row that has it: counted and shown first, one undo step afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.row.findings_list import Offer
from tunedesk.desktop.data.row.json_layout import spread
from tunedesk.desktop.data.row.side_panel import ChangedRow, ChangeOffer, SidePanel
from tunedesk.lint.finding import Finding, FixKind

if TYPE_CHECKING:
    from tunedesk.lint.fix_rule import RuleFixes

SHOWN = 20
"""Changed rows in the preview; the count says how many there are."""


class Mending(QObject):
    failed = Signal(Exception)

    def __init__(
        self, panel: SidePanel, background: Background, dataset: Callable[[], OpenDataset | None]
    ) -> None:
        super().__init__(panel)
        self._panel = panel
        self._background = background
        self._dataset = dataset

    @property
    def offer(self) -> Offer:
        """For the menu of a finding."""
        return Offer(
            text=lambda finding: f"Fix {finding.code} in all rows…",
            icon="wrench",
            suits=lambda finding: finding.fix is not None and finding.fix.kind is not FixKind.SUGGESTION,
            then=self.preview,
        )

    def preview(self, finding: Finding) -> None:
        """Work out every row's fix in the background, then say how many there are and show the first."""
        dataset = self._dataset()
        if dataset is None or dataset.linter.target is None:
            return
        now, target, linter = dataset.session.now, dataset.linter.target, dataset.linter
        row_ids = linter.rows_with_findings()

        def work(job: Job) -> RuleFixes | None:
            from tunedesk.lint.fix_rule import fix_rule

            return fix_rule(
                finding.code,
                _rows(now, row_ids, linter.findings),
                target,
                progress=lambda done: job.report(done, len(row_ids)),
                cancelled=job.is_cancelled,
            )

        def then(fixes: RuleFixes | None) -> None:
            if fixes is not None and dataset is self._dataset():
                self._show(dataset, finding, now, fixes)

        label = f"Working out the fixes of {finding.code}"
        self._background.run(work, then, self.failed.emit, owner=self, label=label)

    def _show(self, dataset: OpenDataset, finding: Finding, seen: Snapshot, fixes: RuleFixes) -> None:
        code, count = finding.code, fixes.rows

        def apply() -> None:
            if dataset is not self._dataset():
                return
            if dataset.session.now.version != seen.version:  # something was edited meanwhile: look again
                self.preview(finding)
                return
            dataset.session.mend_many(fixes.replaced, fixes.deleted, f"Fix {code} in {_rows_in_words(count)}")

        self._panel.show_change(
            ChangeOffer(
                title=f"Fix {code} in {_rows_in_words(count)}?",
                note=_note(fixes),
                changes=tuple(_changes(seen, fixes)),
                apply=apply,
                answer=f"Apply to {_rows_in_words(count)}",
                is_about_many=True,
            )
        )


def _rows(
    now: Snapshot, row_ids: Sequence[int] | frozenset[int], findings: Callable[[int], Sequence[Finding]]
) -> Iterator[tuple[int, bytes, Sequence[Finding]]]:
    for row_id in sorted(row_ids):
        if row_id in now.ids:
            yield row_id, now.raw(row_id), findings(row_id)


def _note(fixes: RuleFixes) -> str:
    parts = []
    if fixes.deleted:
        parts.append(f"{_rows_in_words(len(fixes.deleted))} will be deleted.")
    if fixes.unsafe:
        parts.append(f"{_rows_in_words(fixes.unsafe)} will be trained differently.")
    elif fixes.rows:
        parts.append("Nothing that is trained changes, or the rows could not be used before.")
    if fixes.left:
        parts.append(f"{_rows_in_words(fixes.left)} with this finding must be mended by hand.")
    if fixes.rows > SHOWN:
        parts.append(f"The first {SHOWN} are shown.")
    return " ".join([*parts, "One undo takes it back."])


def _changes(seen: Snapshot, fixes: RuleFixes) -> Iterator[ChangedRow]:
    for row_id in sorted((*fixes.replaced, *fixes.deleted), key=seen.ids.index)[:SHOWN]:
        new = fixes.replaced.get(row_id)
        after = spread(_text(new)) if new is not None else ""
        yield ChangedRow(f"Row {seen.ids.index(row_id) + 1:,}", spread(_text(seen.raw(row_id))), after)


def _rows_in_words(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
