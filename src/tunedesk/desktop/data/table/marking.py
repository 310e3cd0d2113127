"""Stars, reviews, tags, notes and drafts of the rows that are selected: from an action to the session."""

from collections.abc import Callable, Sequence
from itertools import islice

from PySide6.QtCore import QObject

from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.table import mark_plans
from tunedesk.desktop.data.table.ask_bar import AskBar
from tunedesk.desktop.data.table.table_actions import TableActions

LOOKED_AT = 2000
"""Rows whose tags are compared before they are shown; of more rows, tags can only be added."""
MARKED_LOOKED_AT = 20_000


class Marking(QObject):
    def __init__(
        self,
        actions: TableActions,
        bar: AskBar,
        dataset: Callable[[], OpenDataset | None],
        selected: Callable[[], Sequence[int]],
    ) -> None:
        """selected: ids of rows."""
        super().__init__(bar)
        self._bar = bar
        self._dataset = dataset
        self._selected = selected
        actions.star.triggered.connect(lambda: self._mark(mark_plans.toggle_star, "Star rows"))
        actions.reviewed.triggered.connect(lambda: self._mark(mark_plans.toggle_reviewed, "Review rows"))
        actions.accept_draft.triggered.connect(lambda: self._mark(mark_plans.accept, "Accept drafts"))
        actions.discard_draft.triggered.connect(self._discard)
        actions.edit_tags.triggered.connect(self._ask_tags)
        actions.edit_note.triggered.connect(self._ask_note)

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
        dataset, rows = self._dataset(), self._selected()
        if dataset is None or not len(rows):
            return
        now = dataset.session.now
        common = mark_plans.common_tags(map(now.marks, rows)) if len(rows) <= LOOKED_AT else ()
        used = {tag for each in islice(now.marked_rows().values(), MARKED_LOOKED_AT) for tag in each.tags}
        self._bar.ask(
            mark_plans.counted("Tags of", len(rows)),
            lambda text: self._mark(
                mark_plans.give_tags(mark_plans.parsed_tags(text), common), "Tag rows", rows
            ),
            text=", ".join(common),
            hint="Tags, with commas between them",
            words=sorted(used),
        )

    def _ask_note(self) -> None:
        dataset, rows = self._dataset(), self._selected()
        if dataset is None or not len(rows):
            return
        notes = {dataset.session.now.marks(row).note for row in islice(rows, LOOKED_AT)}
        self._bar.ask(
            mark_plans.counted("Note on", len(rows)),
            lambda text: self._mark(mark_plans.give_note(text.strip()), "Note on rows", rows),
            text=notes.pop() if len(notes) == 1 else "",
            hint="What is typed here replaces several notes" if notes else "A note",
        )
