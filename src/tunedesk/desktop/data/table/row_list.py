"""Keeps the left half in step with the open dataset: filter, selection, counts, and the actions on rows."""

from collections.abc import Sequence
from itertools import islice

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.order import Order
from tunedesk.dataset.steps import Change
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.table.marking import Marking
from tunedesk.desktop.data.table.table_actions import TableActions
from tunedesk.desktop.data.table.table_side import TableSide

NO_ROW = -1
MOST_ASKED = 1000


class RowList(QObject):
    row_chosen = Signal(int)
    """The id of the row to show beside the table; -1 for none."""
    facts_changed = Signal(str)

    def __init__(self, side: TableSide, actions: TableActions) -> None:
        super().__init__(side)
        self._side = side
        self._table = side.table
        self._open: OpenDataset | None = None
        self._current = NO_ROW
        self._place = 0
        self._is_first_batch = False
        side.filter_changed.connect(self._filter)
        self._table.current_row_changed.connect(self._choose)
        self._table.selection_changed.connect(self._tell_facts)
        self._marking = Marking(
            actions, side.mark_bar, lambda: self._open, self.selected, lambda: self._table.setFocus()
        )
        self._table.star_clicked.connect(self._marking.toggle_star)

    def show_dataset(self, dataset: OpenDataset | None) -> None:
        self._open, self._current = dataset, NO_ROW
        self._side.clear_filter()
        self._marking.dataset_changed()
        if dataset is None:
            self._table.show_nothing()
            return
        self._table.show_model(dataset.model)
        dataset.finder.found.connect(self._take_found)
        dataset.finder.finished.connect(self._end_search)
        dataset.linter.findings_changed.connect(lambda _: self._tell_facts())
        self._table.go_to_row(0)
        self._tell_facts()

    @property
    def current_row_id(self) -> int:
        return self._table.current_row_id

    def selected(self) -> Sequence[int]:
        return self._table.selected_row_ids()

    def step(self, by: int) -> None:
        self._table.go_to_row(self._table.currentIndex().row() + by)

    def reveal(self, row_ids: Sequence[int]) -> None:
        """Select rows and show the first, if the filter lets it be seen."""
        if self._open is not None and row_ids and self._open.model.row_of(row_ids[0]) is not None:
            self._table.select_rows(row_ids, row_ids[0])

    def show_all(self) -> None:
        """Take the filter away."""
        self._side.clear_filter()
        self._filter("", only_findings=False)

    def row_with_finding(self, step: int) -> int | None:
        """The next (+1) or previous (-1) row of the table that has findings; None when there is none."""
        if self._open is None:
            return None
        here = self._table.currentIndex().row()
        rows = (self._open.model.row_of(row_id) for row_id in self._open.linter.rows_with_findings())
        ahead = [row for row in rows if row is not None and (row - here) * step > 0]
        if not ahead:
            return None
        return self._open.model.row_id(min(ahead) if step > 0 else max(ahead))

    def follow(self, change: Change) -> None:
        """The document changed: new rows are selected, moved ones stay so, and something always is."""
        if self._open is None:
            return
        selected = self.selected() if change.moved else []
        if change.marked:
            self._table.columns.look_for_marks(*_has_words(self._open, change.marked))
        self._open.renderer.forget((*change.changed, *change.inserted))
        self._open.model.apply(change)
        if change.inserted and not change.deleted:
            self.reveal(change.inserted)
        elif change.is_structural:
            self._restore(selected)
        self._tell_facts()

    def refresh(self) -> None:
        """Everything may be different."""
        if self._open is not None:
            self._open.model.refresh()
            self._restore([])
            self._tell_facts()

    def _restore(self, selected: Sequence[int]) -> None:
        """After the table began anew: the row from before, or the one that stands in its place now."""
        if self._open is None:
            return
        if self._open.model.row_of(self._current) is not None:
            self._table.select_rows(selected or [self._current], self._current)
        elif self._open.model.rowCount():
            self._table.go_to_row(self._place)
        else:
            self._choose(NO_ROW)

    def _choose(self, row_id: int) -> None:
        self._place = max(self._table.currentIndex().row(), 0)
        if row_id != self._current:
            self._current = row_id
            self.row_chosen.emit(row_id)

    def _filter(self, text: str, only_findings: bool) -> None:
        if self._open is None:
            return
        if text or only_findings:
            only = self._open.linter.rows_with_findings() if only_findings else None
            self._is_first_batch = True
            self._open.finder.start(text, only)
            return
        self._open.finder.cancel()
        self._open.model.show_all()
        self._restore([])
        self._tell_facts()

    def _take_found(self, row_ids: Order) -> None:
        if self._open is None:
            return
        if self._is_first_batch:
            self._is_first_batch = False
            self._open.model.show_only(row_ids)
            self._restore([])
        else:
            self._open.model.append(row_ids)
        self._tell_facts()

    def _end_search(self) -> None:
        if self._is_first_batch:
            self._take_found(Order())

    def _tell_facts(self) -> None:
        if self._open is None:
            self._side.show_counts("")
            return
        total, shown = self._open.model.total, self._open.model.rowCount()
        words = f"{shown:,} of {total:,} rows" if self._open.model.is_filtered else f"{total:,} rows"
        chosen = self._table.selected_count()
        self._side.show_counts(f"{words}, {chosen:,} selected" if chosen > 1 else words)
        self.facts_changed.emit(_findings_words(self._open))


def _has_words(dataset: OpenDataset, row_ids: Sequence[int]) -> tuple[bool, bool]:
    """Whether one of the rows has tags, and one a note; of very many, some are asked."""
    marks = [dataset.session.now.marks(row) for row in islice(row_ids, MOST_ASKED)]
    return any(each.tags for each in marks), any(each.note for each in marks)


def _findings_words(dataset: OpenDataset) -> str:
    if not dataset.linter.is_complete:
        return ""
    rows = len(dataset.linter.rows_with_findings())
    if not rows:
        return "No findings"
    errors, warnings, notes = dataset.linter.totals()
    parts = ((errors, "error"), (warnings, "warning"), (notes, "note"))
    counted = ", ".join(f"{count:,} {word}{'s' if count > 1 else ''}" for count, word in parts if count)
    return f"{rows:,} row{'s' if rows > 1 else ''} with findings: {counted}"
