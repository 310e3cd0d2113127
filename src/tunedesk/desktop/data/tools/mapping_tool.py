"""The meaning of a table's columns: guesses it, shows what comes of it, and asks for it to be kept."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.mapping import ColumnMapping, preview
from tunedesk.dataset.mapping_guess import suggest_mapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.data.tools.mapping_page import MappingPage
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.widgets.buttons import action

FIRST_ROWS = 200
"""Looked at for columns and their meaning."""
SHOWN_ROWS = 3


class MappingTool(QObject):
    wanted = Signal(object)
    """A ColumnMapping for the shown dataset; None: forget the one that there is."""

    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self._desk = desk
        self._shelf = shelf
        self._page: MappingPage | None = None
        self._rows: list[dict[str, Any]] = []
        tip = "Which column of a table is the question, which the answer"
        self.action = action(owner, "What the &columns mean…", "list", tip=tip)
        self.action.triggered.connect(self.open)

    def open(self) -> None:
        dataset = self._desk.dataset()
        if dataset is None:
            return
        if self._page is None:
            self._page = page = MappingPage()
            page.preview_asked.connect(self._show_preview)
            page.guess_asked.connect(self._guess)
            page.forget_asked.connect(lambda: self._end(None))
            page.apply_asked.connect(lambda: self._end(page.mapping))
        self._shelf.show_tool(self._page)
        self._rows = _first_rows(dataset.session.now)
        known = dataset.document.mapping
        mapping = known or suggest_mapping(self._rows) or ColumnMapping()
        self._page.begin(_columns(self._rows), mapping, is_kept=known is not None)

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none; a table that nobody has explained yet is asked about at once."""
        if self._page is not None and self._shelf.open_tool is self._page:
            self._shelf.close_tool()
        dataset = self._desk.dataset()
        if dataset is None or dataset.document.read_only or dataset.document.mapping is not None:
            return
        rows = _first_rows(dataset.session.now)
        is_unknown = all(detect_format(row) is RowFormat.UNKNOWN for row in rows)
        if is_unknown and any(isinstance(cell, str) for row in rows for cell in row.values()):
            self.open()

    def _guess(self) -> None:
        assert self._page is not None
        mapping = suggest_mapping(self._rows) or ColumnMapping()
        self._page.begin(_columns(self._rows), mapping, is_kept=False)

    def _show_preview(self, mapping: ColumnMapping) -> None:
        assert self._page is not None
        examples = preview(self._rows[:SHOWN_ROWS], mapping)
        self._page.show_preview(examples, says_something=mapping.says_something)

    def _end(self, mapping: ColumnMapping | None) -> None:
        self._shelf.close_tool()
        self.wanted.emit(mapping)


def _first_rows(snapshot: Snapshot) -> list[dict[str, Any]]:
    raws = (snapshot.raw_at(position) for position in range(min(FIRST_ROWS, len(snapshot))))
    return [value for raw in raws if (value := parse_row(raw).value) is not None]


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))
