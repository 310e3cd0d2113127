"""Keeps the right half in step with one row of the open dataset: shows it, takes edits, offers fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.parsing import ParsedRow
from tunedesk.dataset.steps import Change
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.row.detail_side import JSON, TRAINED, TURNS, DetailSide
from tunedesk.desktop.data.row.json_layout import spread
from tunedesk.desktop.data.row.side_panel import SidePanel
from tunedesk.desktop.data.row.turn_view import TurnView, turns_of
from tunedesk.desktop.text.exact_edit import Mark
from tunedesk.lint.finding import Finding

if TYPE_CHECKING:
    from tunedesk.lint.fixes import FixResult
    from tunedesk.template.rendered import Rendered

NO_ROW = -1


class RowDetail(QObject):
    failed = Signal(Exception)

    def __init__(self, side: DetailSide, panel: SidePanel, background: Background) -> None:
        super().__init__(side)
        self._side = side
        self._panel = panel
        self._background = background
        self._open: OpenDataset | None = None
        self._row = NO_ROW
        self._turns: tuple[TurnView, ...] = ()
        self._findings: tuple[Finding, ...] = ()
        self._at = -1
        self._was_pushed = False
        """The JSON view is shown because the row before could not be shown as turns."""
        side.turns.text_edited.connect(self._set_text)
        side.turns.role_chosen.connect(self._set_role)
        side.turns.training_chosen.connect(self._set_trained)
        side.turns.turn_moved.connect(self.move_turn)
        side.turns.turn_duplicated.connect(self.duplicate_turn)
        side.turns.turn_deleted.connect(self.delete_turn)
        side.raw.raw_edited.connect(self._set_raw)
        side.findings.finding_chosen.connect(self.go_to)
        side.findings.fix_chosen.connect(self.fix)
        side.findings.rule_asked.connect(panel.show_rule)
        side.view_chosen.connect(lambda view: self._render())

    @property
    def row_id(self) -> int:
        return self._row

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self._findings

    def show_dataset(self, dataset: OpenDataset | None) -> None:
        self._open, self._row = dataset, NO_ROW
        if dataset is not None:
            dataset.renderer.rendered.connect(self._show_rendered)
            dataset.linter.findings_changed.connect(self._take_findings)

    def show_row(self, row_id: int) -> None:
        """Show another row; what was still being typed goes into the row it was typed in."""
        self._side.flush()
        self._panel.close_change()
        self._row, self._at = row_id, -1
        self._show(same_row=False)

    def follow(self, change: Change) -> None:
        """The document changed."""
        if self._row in change.changed or change.is_structural:
            self._side.flush()
            self._show(same_row=True)

    def refresh(self) -> None:
        if self._row != NO_ROW:
            self._show(same_row=True)

    def add_turn(self) -> None:
        """Below the current turn, with the role that usually follows."""
        dataset = self._editable()
        if dataset is None or self._open_value() is None:
            return
        place = self._side.turns.current_turn + 1
        before = self._turns[place - 1].role if place else ""
        dataset.session.add_turn(
            self._row, place, "user" if before in ("", "assistant", "system") else "assistant"
        )
        self._side.turns.go_to(place)

    def duplicate_turn(self, turn: int) -> None:
        dataset = self._editable()
        if dataset is not None and 0 <= turn < len(self._turns):
            view = self._turns[turn]
            dataset.session.duplicate_turn(self._row, turn, view.role, view.text or "")

    def delete_turn(self, turn: int) -> None:
        dataset = self._editable()
        if dataset is not None and 0 <= turn < len(self._turns):
            dataset.session.delete_turn(self._row, turn)

    def move_turn(self, turn: int, to: int) -> None:
        dataset = self._editable()
        if dataset is not None and 0 <= turn < len(self._turns) and 0 <= to < len(self._turns):
            dataset.session.move_turn(self._row, turn, to)
            self._side.turns.go_to(to)

    def step_finding(self, step: int) -> bool:
        """Go to the next (+1) or previous (-1) finding of this row; False when there is none."""
        to = self._at + step if self._at >= 0 or step > 0 else len(self._findings) - 1
        if not 0 <= to < len(self._findings):
            return False
        self._at = to
        self.go_to(self._findings[to])
        return True

    def go_to(self, finding: Finding) -> None:
        self._at = self._findings.index(finding) if finding in self._findings else -1
        if not self._turns:
            self._side.choose_view(JSON)
            self._side.raw.go_to_problem()
        elif finding.pointer:
            self._side.choose_view(TURNS)
            self._side.turns.go_to_pointer(finding.pointer, finding.start)

    def fix_current(self) -> None:
        """Fix the finding that was last gone to, else the first that has a fix."""
        at_first = self._findings[self._at : self._at + 1] if self._at >= 0 else ()
        finding = next((each for each in (*at_first, *self._findings) if each.fix is not None), None)
        if finding is not None:
            self.fix(finding)

    def fix(self, finding: Finding) -> None:
        """Apply a safe fix; show what any other would change."""
        dataset = self._editable()
        if dataset is None or dataset.linter.target is None:
            return
        row_id, raw, target = self._row, dataset.session.now.raw(self._row), dataset.linter.target

        def work(job: Job) -> FixResult:
            from tunedesk.lint.fixes import apply_fix

            return apply_fix(raw, finding, target)

        def then(result: FixResult) -> None:
            if self._open is dataset and self._row == row_id and dataset.session.now.raw(row_id) == raw:
                self._offer(dataset, finding, raw, result)

        self._background.run(work, then, self.failed.emit, owner=self)

    def _offer(self, dataset: OpenDataset, finding: Finding, raw: bytes, result: FixResult) -> None:
        row_id, label = self._row, f"Fix {finding.code}"
        if result.verified_safe:
            dataset.session.apply(row_id, result.raw, label)
            return

        def apply() -> None:
            if dataset is self._open and dataset.session.now.raw(row_id) == raw:
                dataset.session.apply(row_id, result.raw, label)

        title = finding.fix.label if finding.fix is not None else label
        after = "" if result.raw is None else spread(_text(result.raw))
        self._panel.show_change(f"{title}?", spread(_text(raw)), after, apply)

    def _show(self, *, same_row: bool) -> None:
        parsed = self._parsed()
        if parsed is None:
            self._row, self._turns = NO_ROW, ()
            return
        self._turns = turns_of(parsed.value) if parsed.value is not None else ()
        read_only = self._open is None or self._open.session.read_only
        self._side.turns.show_turns(self._turns, read_only=read_only, same_row=same_row)
        self._side.raw.show_row(parsed, read_only=read_only)
        self._side.allow_turns(bool(self._turns))
        if not self._turns and self._side.view == TURNS:
            self._was_pushed = True
            self._side.choose_view(JSON)
        elif self._turns and self._was_pushed and not same_row:
            self._was_pushed = False
            self._side.choose_view(TURNS)
        self._show_findings()
        self._render()

    def _show_findings(self) -> None:
        if self._open is None or self._row == NO_ROW:
            return
        linter = self._open.linter
        self._findings = linter.findings(self._row)
        self._at = min(self._at, len(self._findings) - 1)
        self._side.show_title(
            f"Row {self._open.session.number_of(self._row):,}",
            *linter.counts(self._row),
            is_checked=linter.is_complete,
        )
        self._side.findings.show_findings(
            self._findings, self._open.session.number_of, can_fix=not self._open.session.read_only
        )
        marks: dict[str, list[Mark]] = {}
        for finding in self._findings:
            severity = finding.severity.value
            if finding.pointer:
                tint = "muted" if severity == "info" else severity
                marks.setdefault(finding.pointer, []).append(
                    Mark(finding.start, finding.end, tint, f"{finding.message} ({finding.code})")
                )
        self._side.turns.mark({pointer: tuple(each) for pointer, each in marks.items()})

    def _take_findings(self, row_ids: frozenset[int] | None) -> None:
        if self._parsed() is not None and (row_ids is None or self._row in row_ids):
            self._show_findings()

    def _render(self) -> None:
        if self._open is not None and self._row != NO_ROW and self._side.view == TRAINED:
            self._open.renderer.render(self._row, self._side.trained.max_length)

    def _show_rendered(self, row_id: int, made: Rendered | str) -> None:
        if row_id != self._row:
            return
        if isinstance(made, str):
            self._side.trained.show_trouble(made)
        else:
            self._side.trained.show_rendered(made)

    def _set_text(self, turn: int, text: str) -> None:
        if self._open is not None and self._parsed() is not None:
            self._open.session.set_text(self._row, turn, text)

    def _set_raw(self, raw: bytes) -> None:
        if self._open is not None and self._parsed() is not None:
            self._open.session.set_raw(self._row, raw)

    def _set_role(self, turn: int, role: str) -> None:
        dataset = self._editable()
        if dataset is not None:
            dataset.session.set_role(self._row, turn, role)

    def _set_trained(self, turn: int, trained: bool) -> None:
        dataset = self._editable()
        if dataset is not None:
            dataset.session.set_trained(self._row, turn, trained)

    def _editable(self) -> OpenDataset | None:
        """The dataset, with nothing left untold in the editors; None when there is no row to edit."""
        self._side.flush()
        return self._open if self._parsed() is not None else None

    def _open_value(self) -> dict[str, object] | None:
        parsed = self._parsed()
        return parsed.value if parsed is not None else None

    def _parsed(self) -> ParsedRow | None:
        """The row as it stands now; None when none is shown or it is gone."""
        if self._open is None or self._row == NO_ROW or self._row not in self._open.session.now.ids:
            return None
        return self._open.session.parsed(self._row)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
