"""The line above the panes: which project, which file, and what leaves this computer."""

import os
from pathlib import Path

from PySide6.QtWidgets import QWidget

from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.elided_label import ElidedLabel
from tunedesk.desktop.widgets.layout import GRID, label, line, row

HEIGHT = 40


def shown_path(path: Path) -> str:
    """Short where it can be: below the user's own folder it begins with a tilde."""
    own = Path.home()
    return f"~{os.sep}{path.relative_to(own)}" if path.is_relative_to(own) else str(path)


class TopLine(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        self._sending: dict[str, str] = {}
        self._project = label("TuneDesk", "heading")
        self._place = ElidedLabel()
        self._place.setProperty("look", "muted")
        self._state = Badge("", "check", "muted")
        self._privacy = Badge("", "shield", "muted")
        self._line = line(vertical=True)
        parts = row(self._project, self._place, self._state, self._line, self._privacy, spacing=GRID + 4)
        parts.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
        parts.setStretch(1, 1)
        self.setLayout(parts)
        self.show_saved("")
        self.show_privacy("")

    def show_privacy(self, sending: str, source: str = "") -> None:
        """sending: what goes where right now; empty: nothing does. source: who says so."""
        self._sending.pop(source, None)
        if sending:
            self._sending[source] = sending
        if self._sending:
            told = list(reversed(self._sending.values()))
            more = f" and {len(told) - 1} more" if len(told) > 1 else ""
            self._privacy.show_state(f"{told[0]}{more}", "send", "warning")
            self._privacy.setToolTip("\n".join((*told, "You agreed to this before it began.")))
            return
        self._privacy.show_state("Nothing leaves this computer", "shield", "muted")
        self._privacy.setToolTip(
            "TuneDesk opens no connection. Before anything is sent, it shows what, to whom and at what price."
        )

    def show_project(self, name: str, place: str) -> None:
        self._project.setText(name or "TuneDesk")
        self._place.show_text(place)

    def show_saved(self, words: str, icon: str = "check", tint: str = "muted") -> None:
        """Whether the file on disk has the edits; empty when nothing is open."""
        self._state.setVisible(bool(words))
        self._line.setVisible(bool(words))
        self._state.show_state(words, icon, tint)
