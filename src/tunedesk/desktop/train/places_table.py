"""All places side by side, one of which is chosen: time, money, memory, where data goes. Knows no rules."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QRadioButton, QWidget

from tunedesk.desktop.train.cloud_reckoning import HEADERS, PlaceLine
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.layout import GRID, column, label, line

WIDTHS = (104, 60, 70, 66, 60, 84, 70)
"""The least pixels of a column; what does not fit goes on in the next line."""
NAME_WIDTH = 170
BREAK = "\u200b"
"""Where a long address may go on in the next line."""


class PlacesTable(QWidget):
    chosen = Signal(str)
    """An account's name, or "" for this computer."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[PlaceLine, ...] = ()
        self._buttons: dict[str, QRadioButton] = {}
        self._group: QButtonGroup | None = None
        self._body = QWidget()
        self._holder = column(self._body, spacing=0)
        self.setLayout(self._holder)
        self.setAccessibleName("Places")

    def show_lines(self, lines: Sequence[PlaceLine], chosen: str) -> None:
        if tuple(lines) != self._lines:
            focused = next((name for name, one in self._buttons.items() if one.hasFocus()), None)
            self._lines = tuple(lines)
            self._make()
            if focused in self._buttons:
                self._buttons[focused].setFocus()
        if chosen in self._buttons:
            self._buttons[chosen].setChecked(True)

    def _make(self) -> None:
        new = QWidget()
        grid = QGridLayout(new)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID)
        for place, (header, width) in enumerate(zip(HEADERS, WIDTHS, strict=True)):
            grid.addWidget(_cell(header, "muted"), 0, place)
            grid.setColumnMinimumWidth(place, width)
            grid.setColumnStretch(place, width)
        self._buttons, self._group = {}, QButtonGroup(self)
        below = 1
        for one in self._lines:
            grid.addWidget(line(), below, 0, 1, len(HEADERS))
            self._add(grid, below + 1, one)
            below += 3
        self._body = swap(self._holder, self._body, new)

    def _add(self, grid: QGridLayout, at: int, one: PlaceLine) -> None:
        button = QRadioButton()
        cut = button.fontMetrics().elidedText(one.title, Qt.TextElideMode.ElideRight, NAME_WIDTH)
        button.setText(cut.replace("&", "&&"))
        button.setAccessibleName(one.title)
        button.setEnabled(not one.reason)
        button.setToolTip(one.title)
        told = ", ".join(f"{name} {text}" for name, text in zip(HEADERS[1:], one.cells, strict=True))
        button.setAccessibleDescription(". ".join(part for part in (told, *one.warnings, one.reason) if part))
        button.clicked.connect(lambda: self.chosen.emit(one.name))
        assert self._group is not None
        self._group.addButton(button)
        self._buttons[one.name] = button
        grid.addWidget(button, at, 0, Qt.AlignmentFlag.AlignTop)
        tips = one.tips or ("",) * len(one.cells)
        for place, (text, tip) in enumerate(zip(one.cells, tips, strict=True), start=1):
            words = text.replace(".", f".{BREAK}") if HEADERS[place] == "Data goes to" else text
            cell = _cell(words, "muted" if one.reason else "")
            cell.setToolTip(tip)
            grid.addWidget(cell, at, place)
        notes: list[QWidget] = [_note(text) for text in one.warnings]
        if one.reason:
            notes.append(_cell(one.reason, "muted"))
        if notes:
            holder = QWidget()
            holder.setLayout(column(*notes, spacing=4))
            grid.addWidget(holder, at + 1, 1, 1, len(HEADERS) - 1)


def _cell(text: str, look: str = "") -> QLabel:
    cell = label(text, look, wrap=True)
    cell.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    return cell


def _note(text: str) -> Badge:
    note = Badge(text, "warning", "warning")
    note.let_wrap()
    return note
