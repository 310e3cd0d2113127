"""The split of a dataset: plans in the background, shows the plan, and asks for its parts to be written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.example import example_of
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.split_recipe import SplitRecipe
from tunedesk.dataset.splitting import SplitPlan, plan_split
from tunedesk.desktop.background import Job
from tunedesk.desktop.data.tools.split_page import SplitPage
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.widgets.buttons import action
from tunedesk.project.splits import part_paths, recipe_of

if TYPE_CHECKING:
    from tunedesk.project.folder import Project

FIRST_ROWS = 50
"""Looked at for the keys that are offered."""
MANY_ROWS = 5000


class SplitTool(QObject):
    wanted = Signal(object, object, bool)
    """The snapshot, its SplitPlan, and whether files may be overwritten."""

    def __init__(
        self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf, project: Callable[[], Project | None]
    ) -> None:
        super().__init__(owner)
        self._desk = desk
        self._shelf = shelf
        self._project = project
        self._planning: Job | None = None
        self._planned: tuple[Snapshot, SplitPlan] | None = None
        self._page: SplitPage | None = None
        tip = "Split into training, validation and held-out rows"
        self.action = action(owner, "&Split…", "scissors", "Ctrl+Shift+P", tip=tip)
        self.action.triggered.connect(self.open)

    def open(self) -> None:
        dataset, project = self._desk.dataset(), self._project()
        if dataset is None or project is None:
            return
        if self._page is None:
            self._page = page = SplitPage()
            page.plan_asked.connect(self._plan)
            page.write_asked.connect(self._write)
        self._shelf.show_tool(self._page)
        keys, answer_keys = keys_of(dataset.session.now)
        self._page.begin(keys, answer_keys, recipe_of(project, dataset.document.path))

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none."""
        self._planned = None
        if self._page is not None and self._shelf.open_tool is self._page:
            self._shelf.close_tool()

    def _plan(self, recipe: SplitRecipe) -> None:
        page, dataset, project = self._page, self._desk.dataset(), self._project()
        if page is None or dataset is None or project is None:
            return
        if self._planning is not None:
            self._desk.background.cancel(self._planning)
        self._desk.flush()
        snapshot, source = dataset.session.now, dataset.document.path

        def work(job: Job) -> tuple[SplitPlan, list[Path], list[Path]] | None:
            plan = plan_split(snapshot, recipe, progress=job.report, cancelled=job.is_cancelled)
            if plan is None:
                return None
            files = list(part_paths(project, source, plan).values())
            return plan, files, [file for file in files if file.exists()]

        def then(found: tuple[SplitPlan, list[Path], list[Path]] | None) -> None:
            self._planning = None
            if found is not None:
                self._planned = (snapshot, found[0])
                page.show_plan(*found)

        def failed(error: Exception) -> None:
            self._planning = self._planned = None
            page.show_trouble(str(error))

        def stopped() -> None:
            if self._planning is job:
                self._planning = None
                page.show_trouble("Cancelled.")

        label = "Planning the split" if len(snapshot) > MANY_ROWS else ""
        self._planning = job = self._desk.background.run(
            work, then, failed, stopped=stopped, owner=self, label=label
        )

    def _write(self, overwrite: bool) -> None:
        if self._planned is not None:
            self.wanted.emit(*self._planned, overwrite)


def keys_of(snapshot: Snapshot) -> tuple[Sequence[str], Sequence[str]]:
    """Keys of the first rows, and of their answers where these are JSON objects; in the order met."""
    keys: dict[str, None] = {}
    answer_keys: dict[str, None] = {}
    for position in range(min(FIRST_ROWS, len(snapshot))):
        value = parse_row(snapshot.raw_at(position)).value
        if value is None:
            continue
        keys.update(dict.fromkeys(key for key, item in value.items() if not isinstance(item, list | dict)))
        answer_keys.update(dict.fromkeys(_json_keys(example_of(value, snapshot.mapping).last_assistant)))
    return tuple(keys), tuple(answer_keys)


def _json_keys(answer: str) -> list[str]:
    try:
        found = json.loads(answer) if answer.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return []
    return [key for key, item in found.items() if isinstance(item, str)] if isinstance(found, dict) else []
