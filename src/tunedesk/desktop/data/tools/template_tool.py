"""Examples from a table by a template: reads the table in the background and adds what is wanted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.example import example_of
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.hydrating import Filled, FilledRows, PromptTemplate, fill, fill_rows
from tunedesk.dataset.parsing import parse_row
from tunedesk.desktop.background import Job
from tunedesk.desktop.data.tools.template_page import TemplatePage
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.shell.window_actions import ask_for_file
from tunedesk.desktop.widgets.buttons import action
from tunedesk.errors import UserError

Rows = list[tuple[int, bytes]]
FIRST_ROWS = 50
"""Looked at for the columns that are offered."""


class TemplateTool(QObject):
    failed = Signal(Exception)

    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self._owner = owner
        self._desk = desk
        self._shelf = shelf
        self._page: TemplatePage | None = None
        self._rows: Rows = []
        self._name = ""
        self._filled: FilledRows | None = None
        self._job: Job | None = None
        tip = "Make examples of the rows of a table"
        self.action = action(owner, "Fill a &template…", "braces", tip=tip)
        self.action.triggered.connect(self.open)

    def open(self) -> None:
        if self._desk.dataset() is None:
            return
        if self._page is None:
            self._page = page = TemplatePage()
            page.table_asked.connect(self._ask_for_table)
            page.fill_asked.connect(self._fill)
            page.apply_asked.connect(self._add)
            page.show_table("no table yet", (), 0)
        self._shelf.show_tool(self._page)
        if not self._rows:
            self._page.show_trouble("Choose a table: CSV, a workbook, Parquet or lines of JSON.")

    def dataset_changed(self) -> None:
        """Examples would be added to another dataset now."""
        if self._page is not None and self._shelf.open_tool is self._page:
            self._shelf.close_tool()

    def read_table(self, path: Path) -> None:
        """Take a table's rows; they are kept until another is chosen."""

        def then(rows: Rows) -> None:
            self._rows, self._name = rows, path.name
            if self._page is not None:
                self._page.show_table(path.name, _columns(rows), len(rows))

        self._desk.background.run(
            lambda job: list(read_rows(path)),
            then,
            self.failed.emit,
            owner=self,
            label=f"Reading {path.name}",
        )

    def _ask_for_table(self) -> None:
        dataset = self._desk.dataset()
        start = dataset.document.path if dataset is not None else None
        dialog = ask_for_file(self._owner, "Choose a table", saving=False, start=start)
        dialog.fileSelected.connect(lambda name: self.read_table(Path(name)))

    def _fill(self, template: PromptTemplate, number: int, keep_incomplete: bool) -> None:
        page = self._page
        if page is None or not self._rows:
            return
        if self._job is not None:
            self._desk.background.cancel(self._job)
        self._filled = None
        self._show_preview(template, number)
        rows, name = self._rows, self._name

        def then(filled: FilledRows | None) -> None:
            self._job = None
            if filled is not None:
                self._filled = filled
                reason = filled.left_out[0].reason if filled.left_out else ""
                lost = len(rows) - len(filled.raws)
                page.show_outcome(len(filled.raws), lost, reason if lost else "")

        def failed(error: Exception) -> None:
            self._job = None
            page.show_trouble(error.sentence if isinstance(error, UserError) else str(error))

        self._job = self._desk.background.run(
            lambda job: fill_rows(
                rows,
                len(rows),
                template,
                name,
                keep_incomplete=keep_incomplete,
                progress=job.report,
                cancelled=job.is_cancelled,
            ),
            then,
            failed,
            owner=self,
        )

    def _show_preview(self, template: PromptTemplate, number: int) -> None:
        assert self._page is not None
        try:
            filled = fill(template, self._rows[min(number, len(self._rows)) - 1][1])
        except UserError as error:
            self._page.show_preview((), error.sentence)
            return
        example = example_of(parse_row(filled.raw).value)
        turns = [(message.role, message.content or "") for message in example.messages]
        self._page.show_preview(turns, _lacks(filled))

    def _add(self) -> None:
        dataset, filled = self._desk.dataset(), self._filled
        if dataset is None or filled is None or self._page is None:
            return
        self._desk.flush()
        dataset.session.append_many(filled.raws, "Add examples from a template", filled.mark)
        self._page.say(f"Added {len(filled.raws):,} examples at the end. Undo takes them back.", "ok")
        self._page.offer("Add examples", enabled=False)


def _columns(rows: Rows) -> list[str]:
    found: dict[str, None] = {}
    for _, raw in rows[:FIRST_ROWS]:
        found.update(dict.fromkeys(parse_row(raw).value or {}))
    return list(found)


def _lacks(filled: Filled) -> str:
    parts = [f"There is no column {name}." for name in filled.unknown]
    parts += [f"The column {name} is empty in this row." for name in filled.empty]
    return " ".join(parts)
