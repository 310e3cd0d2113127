"""Stars, reviews, tags, notes and drafts of the rows that are selected: from an action to the session."""

from collections.abc import Callable, Sequence
from itertools import islice

from PySide6.QtCore import QObject

from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.table import mark_plans
from tunedesk.desktop.data.table.mark_bar import MarkBar
from tunedesk.desktop.data.table.table_actions import TableActions

LOOKED_AT = 2000
"""Rows whose tags are compared before they are shown; of more rows, tags can only be added."""
MARKED_LOOKED_AT = 20_000


class Marking(QObject):
    def __init__(
        self,
        actions: TableActions,
        bar: MarkBar,
        dataset: Callable[[], OpenDataset | None],
        selected: Callable[[], Sequence[int]],
        done: Callable[[], None],
    ) -> None:
        """selected: ids of rows. done: the bar was closed; the table takes the focus again."""
        super().__init__(bar)
        self._bar = bar
        self._dataset = dataset
        self._selected = selected
        self._done = done
        self._rows: Sequence[int] = ()
        self._common: tuple[str, ...] | None = None
        actions.star.triggered.connect(lambda: self._mark(mark_plans.toggle_star, "Star rows"))
        actions.reviewed.triggered.connect(lambda: self._mark(mark_plans.toggle_reviewed, "Review rows"))
        actions.accept_draft.triggered.connect(lambda: self._mark(mark_plans.accept, "Accept drafts"))
        actions.discard_draft.triggered.connect(self._discard)
        actions.edit_tags.triggered.connect(self._ask_tags)
        actions.edit_note.triggered.connect(self._ask_note)
        bar.accepted.connect(self._take)
        bar.closed.connect(self._close)

    def toggle_star(self, row_id: int) -> None:
        self._mark(mark_plans.toggle_star, "Star row", [row_id])

    def dataset_changed(self) -> None:
        self._bar.hide()

    def _mark(self, plan: mark_plans.Plan, label: str, rows: Sequence[int] | None = None) -> None:
        dataset, rows = self._dataset(), self._selected() if rows is None else rows
        if dataset is not None and len(rows) and not dataset.session.read_only:
            dataset.session.mark(rows, plan, label)

    def _discard(self) -> None:
        dataset = self._dataset()
        if dataset is None:
            return
        now = dataset.session.now
        marked = now.marked_rows()
        drafts = [row for row in self._selected() if row in marked and marked[row].draft]
        if drafts:
            dataset.session.mend_many({}, drafts, mark_plans.counted("Discard", len(drafts), "draft"))

    def _ask_tags(self) -> None:
        dataset, self._rows = self._dataset(), self._selected()
        if dataset is None or not len(self._rows):
            return
        now = dataset.session.now
        few = len(self._rows) <= LOOKED_AT
        self._common = mark_plans.common_tags(map(now.marks, self._rows)) if few else ()
        used = {tag for each in islice(now.marked_rows().values(), MARKED_LOOKED_AT) for tag in each.tags}
        title = mark_plans.counted("Tags of", len(self._rows), "row")
        self._bar.ask(title, ", ".join(self._common), "Tags, with commas between them", sorted(used))

    def _ask_note(self) -> None:
        dataset, self._rows = self._dataset(), self._selected()
        if dataset is None or not len(self._rows):
            return
        self._common = None
        notes = {dataset.session.now.marks(row).note for row in islice(self._rows, LOOKED_AT)}
        note = notes.pop() if len(notes) == 1 else ""
        hint = "What is typed here replaces several notes" if notes else "A note"
        self._bar.ask(mark_plans.counted("Note on", len(self._rows), "row"), note, hint, None)

    def _take(self, text: str) -> None:
        rows = self._rows
        if self._common is None:
            self._mark(mark_plans.give_note(text.strip()), "Note on rows", rows)
        else:
            plan = mark_plans.give_tags(mark_plans.parsed_tags(text), self._common)
            self._mark(plan, "Tag rows", rows)
        self._close()

    def _close(self) -> None:
        self._bar.hide()
        self._done()
