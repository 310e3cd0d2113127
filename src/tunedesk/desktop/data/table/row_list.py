"""Keeps the left half in step with the open dataset: question, order, selection, counts, and actions."""

from collections.abc import Callable, Sequence
from itertools import islice

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.order import Order
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Change
from tunedesk.desktop.background import Background
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.table import neighbours
from tunedesk.desktop.data.table.column_menu import ColumnMenu
from tunedesk.desktop.data.table.columns import Column
from tunedesk.desktop.data.table.filtering import Filtering
from tunedesk.desktop.data.table.marking import Marking
from tunedesk.desktop.data.table.questions import TableFacts
from tunedesk.desktop.data.table.review import Review
from tunedesk.desktop.data.table.row_clipboard import RowClipboard
from tunedesk.desktop.data.table.row_model import RowModel
from tunedesk.desktop.data.table.sorting import Sorting
from tunedesk.desktop.data.table.table_actions import TableActions
from tunedesk.desktop.data.table.table_side import TableSide
from tunedesk.desktop.widgets.notice_bar import Notice
from tunedesk.errors import UserError

NO_ROW = -1
MOST_ASKED = 1000
ROWS_WITH_KEYS = 50
"""So many of the first rows are looked at for keys that may have columns."""
LONG_ROW = 100_000


class RowList(QObject):
    row_chosen = Signal(int)
    """The id of the row to show beside the table; -1 for none."""
    facts_changed = Signal(str)
    failed = Signal(Exception)
    notice_raised = Signal(Notice)

    def __init__(
        self, side: TableSide, actions: TableActions, background: Background, flush: Callable[[], None]
    ) -> None:
        """flush: puts what is being typed into the document."""
        super().__init__(side)
        self._side = side
        self._table = side.table
        self._actions = actions
        self._open: OpenDataset | None = None
        self._current = NO_ROW
        self._place = 0
        self._is_first_batch = False
        self._keys: tuple[str, ...] = ()
        self._findings = ""
        dataset = self._dataset
        self._marking = Marking(actions, side.ask_bar, dataset, self.selected)
        self._review = Review(actions, side.review_bar, self._table, background, dataset)
        self._sorting = Sorting(background, dataset, self._facts, self)
        self._clipboard = RowClipboard(background, dataset, self.selected, flush, self)
        self._filtering = Filtering(
            side.filter_menu, side.filter_bar, side.ask_bar, dataset, lambda: self._keys, side.show_problem
        )
        self._columns = ColumnMenu(self._table, self._sorting, self._model, lambda: self._keys)
        self._connect()

    def show_dataset(self, dataset: OpenDataset | None) -> None:
        self._open, self._current = dataset, NO_ROW
        self._side.clear_filter()
        self._marking.dataset_changed()
        self._review.dataset_changed()
        self._sorting.forget()
        self._findings = ""
        if dataset is None:
            self._table.show_nothing()
            return
        self._keys = _keys_of(dataset.session.now)
        self._table.show_model(dataset.model, self._keys)
        dataset.finder.found.connect(self._take_found)
        dataset.finder.finished.connect(self._end_search)
        dataset.finder.refused.connect(self._refuse)
        dataset.finder.tokens_counted.connect(dataset.model.show_tokens)
        dataset.linter.findings_changed.connect(lambda _: self._tell_findings())
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
        self._ask()

    def row_with_finding(self, step: int) -> int | None:
        """The next (+1) or previous (-1) row of the table that has findings; None when there is none."""
        if self._open is None:
            return None
        ids, here = self._open.model.ids, self._table.currentIndex().row()
        place = neighbours.nearest(ids, self._open.linter.rows_with_findings(), here, step)
        return None if place is None else ids[place]

    def follow(self, change: Change) -> None:
        """The document changed: new rows are selected, moved ones stay so, and something always is."""
        if self._open is None:
            return
        selected = self.selected() if change.moved else []
        if change.marked:
            self._table.columns.look_for_marks(*_has_words(self._open, change.marked))
        self._open.renderer.forget((*change.changed, *change.inserted))
        self._open.model.apply(change)
        self._sorting.rows_changed(structural=change.is_structural)
        self._review.follow(change)
        if change.inserted and not change.deleted:
            self._side.show_emptiness(False)
            self.reveal(change.inserted)
        elif change.is_structural:
            self._restore(selected)
        if change.is_structural:
            self._tell_facts()

    def refresh(self) -> None:
        """Everything may be different."""
        if self._open is not None:
            self._sorting.forget()
            self._side.clear_filter()
            self._open.model.refresh()
            self._restore([])
            self._tell_facts()

    def _connect(self) -> None:
        side, table, actions = self._side, self._table, self._actions
        side.question_changed.connect(self._ask)
        table.current_row_changed.connect(self._choose)
        table.selection_changed.connect(self._tell_facts)
        table.star_clicked.connect(self._marking.toggle_star)
        table.header_clicked.connect(self._sorting.step)
        table.edit_asked.connect(self._edit)
        table.rows_dropped.connect(self._move)
        table.offered = self._offered
        self._review.row_wanted.connect(table.go_to_row)
        self._sorting.sorted.connect(self._take_order)
        self._sorting.changed.connect(self._show_order)
        for part in (self._sorting, self._clipboard):
            part.failed.connect(self.failed)
        self._clipboard.notice_raised.connect(self.notice_raised)
        actions.show_all.triggered.connect(self.show_all)
        actions.sort.triggered.connect(self._sort_by_next)
        actions.sort_file.triggered.connect(self._sort_file)
        actions.freeze.triggered.connect(
            lambda on: table.columns.freeze(Column.USER if on else Column.NUMBER)
        )
        actions.paste_over.triggered.connect(self._clipboard.paste_over)
        actions.select_finding.triggered.connect(self._select_finding)
        actions.invert_selection.triggered.connect(table.invert_selection)

    def _dataset(self) -> OpenDataset | None:
        return self._open

    def _model(self) -> RowModel | None:
        return self._open.model if self._open is not None else None

    def _facts(self) -> TableFacts:
        assert self._open is not None
        model, linter = self._open.model, self._open.linter
        return TableFacts(
            lambda row: model.tokens.get(row),
            linter.counts,
            lambda row: tuple(finding.code for finding in linter.findings(row)),
        )

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

    def _ask(self) -> None:
        if self._open is None:
            return
        question = self._side.question
        self._side.show_problem("")
        if not question.is_open:
            if question.needs_tokens and self._open.renderer.template is None:
                self._side.show_problem("Tokens cannot be counted before a model is chosen.")
                return
            self._is_first_batch = True
            known, template = self._open.model.tokens, self._open.renderer.template
            self._open.finder.start(question, self._facts(), known, template)
            return
        self._open.finder.cancel()
        self._open.model.show_all()
        self._side.show_emptiness(False)
        self._restore([])
        self._review.look_again()
        self._tell_facts()

    def _take_found(self, row_ids: Order) -> None:
        if self._open is None:
            return
        if self._is_first_batch:
            self._is_first_batch = False
            self._open.model.show_only(row_ids)
            self._restore([])
        elif row_ids:
            is_sorted = self._open.model.is_sorted
            self._open.model.append(row_ids)
            if is_sorted:
                self._restore([])
        if self._open.model.rowCount():
            self._side.show_emptiness(False)
        self._tell_facts()

    def _end_search(self) -> None:
        if self._open is None:
            return
        if self._is_first_batch:
            self._take_found(Order())
        self._side.show_emptiness(not self._open.model.rowCount())
        self._review.look_again()

    def _refuse(self, error: Exception) -> None:
        """What was asked stands in the field, with the reason below it; the rows stay as they are."""
        if isinstance(error, UserError):
            self._side.show_problem(error.sentence)
        else:
            self.failed.emit(error)

    def _take_order(self, order: Order | None) -> None:
        if self._open is None:
            return
        selected = self.selected()
        self._open.model.show_sorted(order)
        self._restore(selected)

    def _show_order(self) -> None:
        self._table.show_sort(self._sorting.column, self._sorting.is_descending)
        self._tell_facts()

    def _sort_by_next(self) -> None:
        """By key: up and down a column, then the next column, and at last the file's order."""
        column, shown = self._sorting.column, list(self._table.columns.shown())[1:]
        if column is not None and not self._sorting.is_descending:
            self._sorting.start(column, descending=True)
            return
        at = shown.index(column) + 1 if column in shown else 0
        if at < len(shown):
            self._sorting.start(shown[at], descending=False)
        else:
            self._sorting.clear()

    def _sort_file(self) -> None:
        order, column = self._open.model.order if self._open is not None else None, self._sorting.column
        if self._open is None or order is None or column is None:
            self.failed.emit(
                UserError("The rows are shown as the file has them.", hint="Sort them by a column first.")
            )
            return
        label = f"Sort by {self._sorting.look(column).said}"
        self._open.session.change_document(lambda document: document.move(order, 0, label), label)
        self._sorting.clear()

    def _move(self, row_ids: Sequence[int], before: int) -> None:
        """Rows were dropped before another (its id; -1: at the end)."""
        if self._open is None or self._open.session.read_only:
            return
        if self._open.model.is_sorted:
            self.failed.emit(
                UserError(
                    "Rows cannot be moved while they are sorted.",
                    hint="Show the file's order: a click with the right button on a head.",
                )
            )
            return
        now = self._open.session.now
        place = now.ids.index(before) if before in now.ids else len(now)
        self._open.session.move_to(row_ids, place)

    def _select_finding(self) -> None:
        """All rows that have the first finding of the current one."""
        if self._open is None:
            return
        findings = self._open.linter.findings(self._current) if self._current >= 0 else ()
        if not findings:
            self.failed.emit(UserError("This row has no findings.", hint="F8 goes to the next that has."))
            return
        linter, code, model = self._open.linter, findings[0].code, self._open.model
        rows = (row for row in linter.rows_with_findings() if row in model.ids)
        same = (row for row in rows if any(each.code == code for each in linter.findings(row)))
        places = sorted(model.ids.index(row) for row in same)
        self._table.select_places(neighbours.ranges(places))

    def _offered(self) -> frozenset[str]:
        if self._open is None:
            return frozenset()
        is_editable = not self._open.session.read_only
        offered = {
            "copy": self._current >= 0,
            "cut": self._current >= 0 and is_editable,
            "paste": self._clipboard.can_paste,
            "select all": self._open.model.rowCount() > 0,
        }
        return frozenset(what for what, can in offered.items() if can)

    def _edit(self, what: str) -> None:
        if what == "select all":
            self._table.selectAll()
        elif what == "paste":
            self._clipboard.paste()
        else:
            self._clipboard.copy(cut=what == "cut")

    def _tell_facts(self) -> None:
        if self._open is None:
            self._side.show_counts("")
            return
        total, shown = self._open.model.total, self._open.model.rowCount()
        words = f"{shown:,} of {total:,} rows" if self._open.model.is_filtered else f"{total:,} rows"
        chosen = self._table.selected_count()
        words = f"{words}, {chosen:,} selected" if chosen > 1 else words
        self._side.show_counts(", ".join(filter(None, (words, self._sorting.words))))
        if not self._findings:
            self._tell_findings()

    def _tell_findings(self) -> None:
        self._findings = _findings_words(self._open) if self._open is not None else ""
        self.facts_changed.emit(self._findings)


def _keys_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Top-level keys of the first rows, in the order in which they come."""
    keys: dict[str, None] = {}
    for _, raw in islice(snapshot.rows(), ROWS_WITH_KEYS):
        value = parse_row(raw).value if len(raw) < LONG_ROW else None
        keys.update(dict.fromkeys(value or ()))
    return tuple(keys)


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
