"""The right half of the data pane: one row as conversation, JSON and what is trained, and its findings."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from tunedesk.desktop.data.data_actions import DataActions
from tunedesk.desktop.data.row.findings_list import FindingsList
from tunedesk.desktop.data.row.raw_view import RawView
from tunedesk.desktop.data.row.trained_view import TrainedView
from tunedesk.desktop.data.row.turn_editor import TurnEditor
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, line, row
from tunedesk.desktop.widgets.segmented import Segmented

TURNS, JSON, TRAINED = range(3)
WIDE = 520
NARROWEST = 340
"""Pixels."""


class DetailSide(QWidget):
    view_chosen = Signal(int)

    def __init__(self, actions: DataActions) -> None:
        super().__init__()
        views = (actions.view_turns, actions.view_json, actions.view_trained)
        steps = (actions.previous_finding, actions.next_finding)
        self.turns = TurnEditor(actions.add_turn, actions.swap, actions.judge_good, actions.judge_bad)
        self.raw = RawView()
        self.trained = TrainedView()
        self.findings = FindingsList()
        self._title = label("", "heading")
        self._state = Badge("", "ok", "muted")
        self._turns_action = views[TURNS]
        self._switch = Segmented("View of the row")
        for each in views:
            self._switch.add(each)
        self._switch.chosen.connect(self.show_view)
        self._views = QStackedWidget()
        for view in (self.turns, self.raw, self.trained):
            self._views.addWidget(view)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self._views)
        self.splitter.addWidget(self._findings_box())
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([520, 150])
        head = row(
            self._title,
            self._state,
            row(*[tool_button(each) for each in steps], spacing=0),
            None,
            self._switch,
        )
        head.setContentsMargins(GRID + 4, GRID, GRID, GRID)
        whole = column(head, line(), self.splitter, spacing=0)
        whole.setStretch(2, 1)
        self.setLayout(whole)

    @property
    def view(self) -> int:
        return self._views.currentIndex()

    def show_view(self, number: int) -> None:
        self.flush()
        self._views.setCurrentIndex(number)
        self.view_chosen.emit(number)

    def choose_view(self, number: int) -> None:
        """Show a view and move the switch with it."""
        if number != self.view:
            self._switch.choose(number)

    def allow_turns(self, allowed: bool) -> None:
        """A row that cannot be read has no conversation to show."""
        self._turns_action.setEnabled(allowed)

    def show_title(self, title: str, errors: int, warnings: int, notes: int, *, is_checked: bool) -> None:
        self._title.setText(title)
        parts = ((errors, "error"), (warnings, "warning"), (notes, "note"))
        words = ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in parts if count)
        icon = "error" if errors else "warning" if warnings else "info" if notes else "ok"
        self._state.setVisible(is_checked)
        self._state.show_state(words or "No findings", icon, icon if errors or warnings else "muted")
        self._box.setVisible(bool(words))

    def show_invisible(self, shown: bool, blanks: bool) -> None:
        """Whether characters that cannot be seen are shown, and whether blanks are, in every view."""
        self.turns.show_invisible(shown, blanks)
        for editor in (self.raw.editor, self.trained.editor):
            editor.show_invisible(shown)
            editor.show_blanks(blanks)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._switch.show_words(event.size().width() >= WIDE)

    def minimumSizeHint(self) -> QSize:
        """Without the words of the switch, which go when there is no room for them."""
        return QSize(NARROWEST, super().minimumSizeHint().height())

    def flush(self) -> None:
        """Put every edit that waits for its idle moment into the document."""
        self.turns.flush()
        self.raw.flush()

    def _findings_box(self) -> QWidget:
        self._box = QWidget()
        self._box.setLayout(column(self.findings, spacing=0, margin=4))
        self._box.setMinimumHeight(9 * GRID)
        return self._box
