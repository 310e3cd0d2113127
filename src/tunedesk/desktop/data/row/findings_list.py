"""The findings of one row, each with its rule, its place and its fix. Shows and tells; does not mend."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QMenu, QScrollArea, QToolButton, QWidget

from tunedesk.desktop.theme.icons import pixmap
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import action, push_button, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row
from tunedesk.lint.finding import Finding

MOST_RELATED = 3
MOST_SHOWN = 60
"""A row with more findings than this has one reason for them all."""
NARROW = 440
"""Pixels."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something more that can be done about a finding, in the menu of its line.

    suits: for which findings it is offered. changes: whether a read-only file refuses it.
    """

    text: Callable[[Finding], str]
    icon: str
    suits: Callable[[Finding], bool]
    then: Callable[[Finding], None]
    changes: bool = True


class FindingLine(QFrame):
    """One finding. Enter or a click goes to its place."""

    chosen = Signal(Finding)
    fix_chosen = Signal(Finding)
    rule_asked = Signal(str)
    row_asked = Signal(int)

    def __init__(
        self,
        finding: Finding,
        related: Sequence[tuple[int, int]],
        offers: Sequence[Offer],
        *,
        can_fix: bool,
    ) -> None:
        """related: ids and numbers of the rows that the finding is about as well."""
        super().__init__()
        self._finding = finding
        set_look(self, "finding")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{finding.severity.value} {finding.code}: {finding.message}")
        self._picture = QLabel()
        self._rule = push_button(finding.code)
        set_look(self._rule, "link")
        self._rule.setToolTip("What this rule means, with examples")
        self._rule.setAccessibleName(f"About rule {finding.code}")
        self._rule.clicked.connect(lambda: self.rule_asked.emit(finding.code))
        words = label(finding.message, wrap=True)
        parts = row(self._picture, words, *(self._row_link(*each) for each in related), self._rule)
        parts.setStretch(1, 1)
        answers = row()
        self._has_fix = finding.fix is not None and can_fix
        if self._has_fix:
            answers.addWidget(self._fix_button(finding))
        if offers:
            answers.addWidget(self._more_button(finding, offers))
        answers.addStretch(1)
        self._whole = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._whole.setContentsMargins(GRID, 4, GRID, 4)
        self._whole.addLayout(parts, 1)
        self._whole.addLayout(answers)
        self.setLayout(self._whole)
        self._redraw()

    def _row_link(self, row_id: int, number: int) -> QWidget:
        link = push_button(f"Row {number:,}")
        set_look(link, "link")
        link.setToolTip("Show the other row")
        link.clicked.connect(lambda: self.row_asked.emit(row_id))
        return link

    def _fix_button(self, finding: Finding) -> QWidget:
        assert finding.fix is not None
        button = push_button(finding.fix.label, "wrench")
        button.setToolTip(
            "Mends it at once where nothing that is trained changes, or the row could not be used before; "
            "otherwise shows first what would change"
        )
        button.setAccessibleName(f"{finding.fix.label} ({finding.code})")
        button.clicked.connect(lambda: self.fix_chosen.emit(finding))
        return button

    def _more_button(self, finding: Finding, offers: Sequence[Offer]) -> QWidget:
        opening = action(self, f"More about {finding.code}", "more", tint="muted")
        button = tool_button(opening)
        menu = QMenu(button)
        for offer in offers:
            entry = action(self, offer.text(finding), offer.icon)
            entry.triggered.connect(lambda _=False, offer=offer: offer.then(finding))
            menu.addAction(entry)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _redraw(self) -> None:
        severity = self._finding.severity.value
        self._picture.setPixmap(pixmap(severity, self, "muted" if severity == "info" else severity))
        self._picture.setToolTip(severity)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the button of the fix stands below the words."""
        super().resizeEvent(event)
        narrow = self._has_fix and event.size().width() < NARROW
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._whole.direction() != way:
            self._whole.setDirection(way)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self.chosen.emit(self._finding)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._finding)
        else:
            super().keyPressEvent(event)


class FindingsList(QScrollArea):
    finding_chosen = Signal(Finding)
    fix_chosen = Signal(Finding)
    rule_asked = Signal(str)
    row_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("Findings of this row")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lines: list[FindingLine] = []
        self._offers: list[Offer] = []
        self._rest = label("", "muted")
        self._list = column(spacing=0)
        page = QWidget()
        page.setLayout(column(self._list, self._rest, None, spacing=0))
        self.setWidget(page)
        self.show_findings((), lambda row_id: None, can_fix=False)

    def add_offer(self, offer: Offer) -> None:
        """From the next findings on, in the order in which they were added."""
        self._offers.append(offer)

    def show_findings(
        self, findings: Sequence[Finding], number_of: Callable[[int], int | None], *, can_fix: bool
    ) -> None:
        """number_of: the number of a row that a finding names, None when it is gone."""
        for old in self._lines:
            old.hide()
            old.deleteLater()
        self._lines = [
            FindingLine(
                finding,
                _numbered(finding.related, number_of),
                [each for each in self._offers if each.suits(finding) and (can_fix or not each.changes)],
                can_fix=can_fix,
            )
            for finding in findings[:MOST_SHOWN]
        ]
        for line in self._lines:
            line.chosen.connect(self.finding_chosen)
            line.fix_chosen.connect(self.fix_chosen)
            line.rule_asked.connect(self.rule_asked)
            line.row_asked.connect(self.row_asked)
            self._list.addWidget(line)
        left = len(findings) - len(self._lines)
        self._rest.setText(f"and {left:,} more")
        self._rest.setVisible(left > 0)


def _numbered(row_ids: Iterable[int], number_of: Callable[[int], int | None]) -> list[tuple[int, int]]:
    """The first few of the rows that are still there."""
    numbered = ((row_id, number_of(row_id)) for row_id in row_ids)
    return [(row_id, number) for row_id, number in numbered if number is not None][:MOST_RELATED]
