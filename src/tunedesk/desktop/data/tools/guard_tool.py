"""Off-topic guards: makes the rows in the background and adds what is wanted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.guarding import Guards, make_guards, questions_in, read_questions
from tunedesk.desktop.background import Job
from tunedesk.desktop.data.tools.guard_page import GuardPage
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.shell.window_actions import ask_for_file
from tunedesk.desktop.widgets.buttons import action


class GuardTool(QObject):
    failed = Signal(Exception)

    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self._owner = owner
        self._desk = desk
        self._shelf = shelf
        self._page: GuardPage | None = None
        self._guards: Guards | None = None
        self._job: Job | None = None
        tip = "Examples that politely decline what is off topic"
        self.action = action(owner, "Off-topic &guards…", "shield", tip=tip)
        self.action.triggered.connect(self.open)

    def open(self) -> None:
        if self._desk.dataset() is None:
            return
        if self._page is None:
            self._page = page = GuardPage()
            page.guards_asked.connect(self._make)
            page.file_asked.connect(self._ask_for_file)
            page.apply_asked.connect(self._add)
        self._shelf.show_tool(self._page)
        self._page.ask()

    def dataset_changed(self) -> None:
        """The guards were made for another dataset."""
        self._guards = None
        if self._page is not None and self._shelf.open_tool is self._page:
            self._shelf.close_tool()

    def read_file(self, path: Path) -> None:
        """Take the questions of a text file, one a line."""

        def then(questions: tuple[str, ...]) -> None:
            if self._page is not None:
                self._page.show_questions("\n".join(questions))

        self._desk.background.run(lambda job: read_questions(path), then, self.failed.emit, owner=self)

    def _ask_for_file(self) -> None:
        dialog = ask_for_file(self._owner, "Choose a list of questions", saving=False, start=None)
        dialog.setNameFilter("Text, one question a line (*.txt *.md);;All files (*)")
        dialog.fileSelected.connect(lambda name: self.read_file(Path(name)))

    def _make(self, questions: str, answers: str, share: float, seed: int) -> None:
        page, dataset = self._page, self._desk.dataset()
        if page is None or dataset is None:
            return
        if self._job is not None:
            self._desk.background.cancel(self._job)
        self._guards = None
        self._desk.flush()
        snapshot = dataset.session.now

        def then(guards: Guards | None) -> None:
            self._job = None
            if guards is not None:
                self._guards = guards
                page.show_guards(guards)

        def failed(error: Exception) -> None:
            self._job = None
            page.show_trouble(str(error))

        self._job = self._desk.background.run(
            lambda job: make_guards(
                snapshot,
                questions_in(questions),
                answers.splitlines(),
                share=share,
                seed=seed,
                progress=job.report,
                cancelled=job.is_cancelled,
            ),
            then,
            failed,
            owner=self,
        )

    def _add(self) -> None:
        dataset, guards = self._desk.dataset(), self._guards
        if dataset is None or guards is None or self._page is None:
            return
        dataset.session.append_many(guards.raws, "Add off-topic guards", guards.mark)
        self._guards = None
        self._page.say(f"Added {len(guards.raws):,} rows at the end. Undo takes them back.", "ok")
        self._page.offer("Add guards", enabled=False)
