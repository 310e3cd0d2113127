"""The wizard's fifth step: what of the rows would be lost, useless or misleading, with links to each row."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLayout, QWidget

from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.train.wizard import Choices
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.flow import FlowLayout
from tunedesk.desktop.widgets.layout import GRID, card, column, label, row
from tunedesk.plan.audit import Audit, AuditFinding

LINKS = 24
"""Rows of one finding that get a link; the others are counted."""


class CheckPage(QWidget):
    rows_requested = Signal(object, int)
    """Show this file in Data, at this row, counted from 1."""

    def __init__(self) -> None:
        super().__init__()
        self._body = QWidget()
        self._holder = column(self._body, None)
        self.setLayout(self._holder)

    def show_choices(self, choices: Choices) -> None:
        new = QWidget()
        new.setLayout(column(*self._parts(choices), spacing=2 * GRID))
        self._body = swap(self._holder, self._body, new)

    def _parts(self, choices: Choices) -> list[QWidget]:
        if choices.audit is None:
            return [card(label("Rendering every row as it will be trained…", "muted"))]
        files = {split.role: split.path for split in choices.splits or ()}
        found = sorted(choices.audit.findings, key=lambda finding: not finding.blocks)
        return [_summary(choices.audit), *(self._finding(one, files.get(one.split)) for one in found)]

    def _finding(self, finding: AuditFinding, file: Path | None) -> QWidget:
        look = "error" if finding.blocks else "warning"
        sign = Badge("Stops the run" if finding.blocks else "Good to know", look, look)
        parts: list[QWidget | QLayout] = [row(sign, None)]
        parts.append(label(finding.sentence, wrap=True, selectable=True))
        if finding.hint:
            parts.append(label(finding.hint, "muted", wrap=True))
        if finding.rows and file is not None:
            parts.append(self._links(finding, file))
        return card(*parts)

    def _links(self, finding: AuditFinding, file: Path) -> QWidget:
        holder = QWidget()
        flow = FlowLayout(holder)
        for number in finding.rows[:LINKS]:
            button = push_button(f"Row {number:,}")
            set_look(button, "link")
            button.setAccessibleName(f"Show row {number:,} of {file.name} in Data")
            button.clicked.connect(lambda _=False, number=number: self.rows_requested.emit(file, number))
            flow.addWidget(button)
        if len(finding.rows) > LINKS:
            flow.addWidget(label(f"and {len(finding.rows) - LINKS:,} more", "muted"))
        return holder


def _summary(audit: Audit) -> QWidget:
    rows = "1 row" if audit.rows == 1 else f"{audit.rows:,} rows"
    told = (
        f"{rows} will be trained on: {audit.tokens:,} tokens, {audit.trained:,} of them learned "
        f"({audit.trained_share:.0%})."
    )
    valid = f"{audit.valid_rows:,} rows measure it." if audit.valid_rows else ""
    sign = Badge("Nothing stands in the way", "ok", "ok")
    if audit.blocking:
        sign = Badge("This would spoil the training", "error", "error")
    return card(row(sign, None), label(f"{told} {valid}".strip(), wrap=True, selectable=True))
