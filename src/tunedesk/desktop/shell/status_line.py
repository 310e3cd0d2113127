"""The line at the foot: what runs in the background, how far it is, and how to cancel it."""

from PySide6.QtWidgets import QProgressBar, QWidget

from tunedesk.desktop.background import Background
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.layout import GRID, label, row

HEIGHT = 28


class StatusLine(QWidget):
    def __init__(self, background: Background) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        self._background = background
        self._work = label(look="muted")
        self._bar = QProgressBar(textVisible=False)
        self._bar.setAccessibleName("Progress of the background work")
        self._bar.setFixedWidth(15 * GRID)
        self._cancel = action(self, "Cancel this work", "close", tint="muted")
        self._cancel.triggered.connect(self._cancel_first)
        self._canceller = tool_button(self._cancel)
        self._facts = label(look="muted")
        parts = row(self._work, self._bar, self._canceller, None, self._facts)
        parts.setContentsMargins(GRID + 4, 0, GRID + 4, 0)
        self.setLayout(parts)
        background.jobs_changed.connect(self._refresh)
        self._refresh()

    def show_facts(self, text: str) -> None:
        """What the pane on the screen has to say about itself."""
        self._facts.setText(text)

    def _refresh(self) -> None:
        jobs = self._background.jobs
        self._bar.setVisible(bool(jobs))
        self._canceller.setVisible(bool(jobs) and jobs[0].can_cancel)
        if not jobs:
            self._work.setText("Ready")
            return
        more = f" and {len(jobs) - 1} more" if len(jobs) > 1 else ""
        self._work.setText(f"{jobs[0].label}{more}")
        done, total = jobs[0].progress
        self._bar.setMaximum(1000 if total else 0)
        self._bar.setValue(1000 * done // total if total else 0)

    def _cancel_first(self) -> None:
        if self._background.jobs:
            self._background.cancel(self._background.jobs[0])
