"""Drafts of new examples: shows what a model would get, asks it after consent, and adds its answers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.background import Job
from tunedesk.desktop.data.tools.draft_page import DraftPage, LocalModel, Wanted
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.widgets.buttons import action
from tunedesk.errors import UserError

if TYPE_CHECKING:  # sockets and engines, which looking at rows does not need
    from tunedesk.chat.drafting import DraftRequest, Drafts
    from tunedesk.chat.endpoint import EndpointWriter
    from tunedesk.chat.local_writer import LocalWriter

MOST_SEEDS = 50
"""More rows than this are not shown to a model; the first of the selection are."""
NO_ROWS = "Select rows with a question and an answer: the model is shown them."


class DraftTool(QObject):
    failed = Signal(Exception)
    sending_changed = Signal(str)
    """What goes where right now; empty when nothing does any more."""

    def __init__(self, owner: QWidget, desk: ToolDesk, shelf: ToolShelf) -> None:
        super().__init__(owner)
        self._desk = desk
        self._shelf = shelf
        self._page: DraftPage | None = None
        self._models: tuple[LocalModel, ...] = ()
        self._request: DraftRequest | None = None
        self._host = ""
        tip = "Let a model write new examples after the selected ones"
        self.action = action(owner, "&Draft examples…", "pencil", "Ctrl+Shift+N", tip=tip)
        self.action.triggered.connect(self.open)

    def show_models(self, models: Sequence[LocalModel]) -> None:
        """The models of this computer."""
        self._models = tuple(models)
        if self._page is not None:
            self._page.show_models(self._models)

    def open(self) -> None:
        if self._desk.dataset() is None:
            return
        if self._page is None:
            self._page = page = DraftPage()
            page.show_models(self._models)
            page.look_asked.connect(self._look)
            page.draft_asked.connect(self._draft)
        self._shelf.show_tool(self._page)
        self._look()

    def dataset_changed(self) -> None:
        """Another dataset is shown, or none: its rows were not agreed to."""
        self._request = None
        if self._page is not None and self._shelf.open_tool is self._page:
            self._shelf.close_tool()

    def selection_changed(self) -> None:
        """Other rows would be shown to the model now."""
        if self._page is not None and self._shelf.open_tool is self._page:
            self._look()

    def _look(self) -> None:
        from tunedesk.chat.drafting import DraftRequest, messages_for

        page, dataset = self._page, self._desk.dataset()
        if page is None or dataset is None:
            return
        self._desk.flush()
        wanted, snapshot = page.wanted, dataset.session.now
        rows = [row for row in self._desk.selected() if row in snapshot.ids][:MOST_SEEDS]
        self._request = None
        if not rows:
            page.show_trouble(NO_ROWS)
            return
        try:
            host = _host_of(wanted)
            seeds = tuple((row, snapshot.raw(row)) for row in rows)
            request = DraftRequest(seeds, wanted.count, wanted.task, wanted.wish)
            first = next(islice(messages_for(request, snapshot.mapping), 1), None)
        except UserError as error:
            page.show_trouble(error.sentence)
            return
        if first is None:
            page.show_trouble(NO_ROWS)
            return
        self._request, self._host = request, host
        page.show_sent(host, len(rows), first, is_here=wanted.model is not None)

    def _draft(self) -> None:
        """What is on the page was agreed to: exactly these rows go to exactly this host."""
        from tunedesk.chat.drafting import Consent, draft

        page, dataset, request = self._page, self._desk.dataset(), self._request
        if page is None or dataset is None or request is None:
            return
        wanted, snapshot = page.wanted, dataset.session.now
        consent = Consent(self._host, tuple(row for row, _ in request.seeds))
        page.show_working()
        if wanted.model is None:
            self.sending_changed.emit(f"Sending rows to {self._host}")

        def work(job: Job) -> Drafts | None:
            writer = _writer_of(wanted)
            try:
                return draft(
                    writer, request, snapshot, consent, progress=job.report, cancelled=job.is_cancelled
                )
            finally:
                writer.close()

        def then(drafts: Drafts | None) -> None:
            self.sending_changed.emit("")
            if drafts is not None and self._desk.dataset() is dataset:
                if drafts.raws:
                    dataset.session.append_many(drafts.raws, "Add drafts", drafts.mark)
                page.show_outcome(_told(drafts), is_good=bool(drafts.raws) and not drafts.problem)

        def failed(error: Exception) -> None:
            self.sending_changed.emit("")
            page.show_outcome(error.sentence if isinstance(error, UserError) else str(error), is_good=False)

        def stopped() -> None:
            self.sending_changed.emit("")
            page.show_outcome("Cancelled: nothing was added.", is_good=False)

        self._desk.background.run(work, then, failed, stopped=stopped, owner=self, label="Drafting")


def _host_of(wanted: Wanted) -> str:
    """UserError while the address or the model's name there is not complete."""
    from tunedesk.chat.endpoint import Endpoint
    from tunedesk.chat.local_writer import HOST

    if wanted.model is not None:
        return HOST
    if not wanted.address or not wanted.remote_model:
        raise UserError("Name the address and the model there.", hint="Nothing is sent before you agree.")
    return Endpoint(wanted.address, wanted.remote_model).host


def _writer_of(wanted: Wanted) -> EndpointWriter | LocalWriter:
    from tunedesk.chat.endpoint import Endpoint, EndpointWriter
    from tunedesk.chat.local_writer import LocalWriter
    from tunedesk.runs.generation import Load

    if wanted.model is not None:
        return LocalWriter(Load(str(wanted.model.path)), wanted.model.name)
    return EndpointWriter(Endpoint(wanted.address, wanted.remote_model), wanted.key)


def _told(drafts: Drafts) -> str:
    made = len(drafts.raws)
    words = f"{made:,} draft{'' if made == 1 else 's'} added at the end, to be looked at."
    if drafts.duplicates:
        words += f" {drafts.duplicates:,} were there already."
    if drafts.unreadable:
        words += f" {drafts.unreadable:,} answers were no examples."
    return f"{words} {drafts.problem}".strip()
