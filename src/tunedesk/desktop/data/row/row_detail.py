"""Keeps the right half in step with one row of the open dataset: shows it, takes edits, offers fixes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import ParsedRow
from tunedesk.dataset.steps import Change
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.row.detail_side import JSON, TRAINED, TURNS, DetailSide
from tunedesk.desktop.data.row.json_layout import spread
from tunedesk.desktop.data.row.mending import Mending
from tunedesk.desktop.data.row.row_intents import Row, RowIntents
from tunedesk.desktop.data.row.side_panel import ChangedRow, ChangeOffer, SidePanel
from tunedesk.desktop.data.row.turn_view import RowView, row_view
from tunedesk.desktop.text.exact_edit import Mark
from tunedesk.lint.finding import Finding

if TYPE_CHECKING:
    from tunedesk.lint.fixes import FixResult
    from tunedesk.template.rendered import Rendered, RenderedPair

NO_ROW = -1
UNSAFE = "This changes what the model is trained on."
ONE_UNDO = "One undo takes it back."


class RowDetail(QObject):
    failed = Signal(Exception)
    offers_changed = Signal()
    """What can be done with the row that is shown may be another; see `view`."""

    def __init__(self, side: DetailSide, panel: SidePanel, background: Background) -> None:
        super().__init__(side)
        self._side = side
        self._panel = panel
        self._background = background
        self._open: OpenDataset | None = None
        self._row = NO_ROW
        self._view = RowView()
        self._intents = RowIntents(self._edit, self._mapping)
        self._findings: tuple[Finding, ...] = ()
        self._at = -1
        self._was_pushed = False
        """The JSON view is shown because the row before could not be shown as turns."""
        self._connect_turns()
        mending = Mending(panel, background, lambda: self._open)
        mending.failed.connect(self.failed)
        side.findings.add_offer(mending.offer)
        side.raw.raw_edited.connect(self._set_raw)
        side.findings.finding_chosen.connect(self.go_to)
        side.findings.fix_chosen.connect(self.fix)
        side.findings.rule_asked.connect(panel.show_rule)
        side.view_chosen.connect(lambda view: self._render())

    @property
    def row_id(self) -> int:
        return self._row

    @property
    def view(self) -> RowView:
        """What is shown as a conversation; nothing of a row that cannot be read."""
        return self._view

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
        if not self._can_edit() or not self._view.can_change:
            return
        turns = self._view.turns
        place = self._side.turns.current_turn + 1
        before = turns[place - 1].role if place else ""
        self._intents.add_turn(place, "user" if before in ("", "assistant", "system") else "assistant")
        self._side.turns.go_to(place)

    def duplicate_turn(self, turn: int) -> None:
        if self._can_edit() and self._can_move(turn):
            self._intents.duplicate_turn(turn)

    def delete_turn(self, turn: int) -> None:
        if self._can_edit() and self._can_move(turn):
            self._intents.delete_turn(turn)

    def move_turn(self, turn: int, to: int) -> None:
        if self._can_edit() and self._can_move(turn) and 0 <= to < len(self._view.turns):
            self._intents.move_turn(turn, to)
            self._side.turns.go_to(to)

    def set_role(self, role: str) -> None:
        """Of the turn that is being edited."""
        card = self._side.turns.current_card
        if card is not None:
            card.set_role(role)

    def choose_role(self) -> None:
        card = self._side.turns.current_card
        if card is not None:
            card.choose_role()

    def add_call(self) -> None:
        card = self._side.turns.current_card
        if card is not None:
            card.add_call()

    def swap_answers(self) -> None:
        if self._can_edit() and self._view.is_pair:
            self._intents.swap_answers()

    def judge(self, good: bool) -> None:
        if self._can_edit() and self._view.is_judged:
            self._intents.judge(good)
        self._side.turns.show_judgement(self._view.label)

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
        if not self._view.is_shown:
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
        self._side.flush()
        dataset = self._open
        if dataset is None or self._parsed() is None or dataset.linter.target is None:
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
        change = ChangedRow("", spread(_text(raw)), after)
        self._panel.show_change(ChangeOffer(f"{title}?", f"{UNSAFE} {ONE_UNDO}", (change,), apply))

    def _show(self, *, same_row: bool) -> None:
        parsed = self._parsed()
        if parsed is None:
            self._row, self._view = NO_ROW, RowView()
            self.offers_changed.emit()
            return
        self._view = row_view(parsed.value, self._mapping()) if parsed.value is not None else RowView()
        read_only = self._open is None or self._open.session.read_only
        self._side.turns.show_row(self._view, read_only=read_only, same_row=same_row)
        self._side.raw.show_row(parsed, read_only=read_only)
        is_shown = self._view.is_shown
        self._side.allow_turns(is_shown)
        if not is_shown and self._side.view == TURNS:
            self._was_pushed = True
            self._side.choose_view(JSON)
        elif is_shown and self._was_pushed and not same_row:
            self._was_pushed = False
            self._side.choose_view(TURNS)
        self._show_findings()
        self._render()
        self.offers_changed.emit()

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

    def _show_rendered(self, row_id: int, made: Rendered | RenderedPair | str) -> None:
        if row_id != self._row:
            return
        if isinstance(made, str):
            self._side.trained.show_trouble(made)
        elif isinstance(made, tuple):
            self._side.trained.show_pair(made)
        else:
            self._side.trained.show_rendered(made)

    def _connect_turns(self) -> None:
        turns, intents = self._side.turns, self._intents
        turns.text_edited.connect(intents.set_text)
        turns.role_chosen.connect(intents.set_role)
        turns.training_chosen.connect(intents.set_trained)
        turns.turn_moved.connect(self.move_turn)
        turns.turn_duplicated.connect(self.duplicate_turn)
        turns.turn_deleted.connect(self.delete_turn)
        turns.call_added.connect(intents.add_call)
        turns.call_renamed.connect(intents.rename_call)
        turns.call_deleted.connect(intents.delete_call)
        turns.arguments_edited.connect(intents.set_arguments)
        turns.tool_edited.connect(intents.set_tool)

    def _edit(self, change: Callable[[Row], Row], label: str, place: str) -> None:
        """What is done by a click comes after what is still being typed."""
        if not place:
            self._side.flush()
        if self._open is not None and self._parsed() is not None:
            self._open.session.edit_row(self._row, change, label, place)

    def _set_raw(self, raw: bytes) -> None:
        if self._open is not None and self._parsed() is not None:
            self._open.session.set_raw(self._row, raw)

    def _can_edit(self) -> bool:
        """Whether there is a row to edit; nothing is left untold in the editors afterwards."""
        self._side.flush()
        return self._parsed() is not None

    def _can_move(self, turn: int) -> bool:
        return 0 <= turn < len(self._view.turns) and self._view.turns[turn].can_move

    def _mapping(self) -> ColumnMapping | None:
        return self._open.session.now.mapping if self._open is not None else None

    def _parsed(self) -> ParsedRow | None:
        """The row as it stands now; None when none is shown or it is gone."""
        if self._open is None or self._row == NO_ROW or self._row not in self._open.session.now.ids:
            return None
        return self._open.session.parsed(self._row)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
