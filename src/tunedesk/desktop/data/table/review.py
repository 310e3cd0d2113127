"""Walks through the rows that nobody has reviewed yet: one key says it is, and goes on to the next.

In the table, single letters do: space for reviewed, N for skip, S for star; elsewhere the actions' keys.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Change
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.table import mark_plans
from tunedesk.desktop.data.table.review_bar import ReviewBar
from tunedesk.desktop.data.table.row_model import FEW
from tunedesk.desktop.data.table.row_table import RowTable
from tunedesk.desktop.data.table.table_actions import TableActions

LOOKED_AT_ONCE = 4096
KEYS = "Space: reviewed, N: skip, S: star"


class Review(QObject):
    row_wanted = Signal(int)
    """The place, in the table, of the row to show."""

    def __init__(
        self,
        actions: TableActions,
        bar: ReviewBar,
        table: RowTable,
        background: Background,
        dataset: Callable[[], OpenDataset | None],
    ) -> None:
        super().__init__(bar)
        self._actions = actions
        self._bar = bar
        self._table = table
        self._background = background
        self._dataset = dataset
        self._is_on = False
        self._done: set[int] = set()
        self._skipped: set[int] = set()
        self._left = 0
        actions.review.triggered.connect(self._toggle)
        actions.review_next.triggered.connect(self._accept)
        actions.review_skip.triggered.connect(self._skip)
        table.key_pressed.connect(self._take_key)

    def dataset_changed(self) -> None:
        self._stop()

    def follow(self, change: Change) -> None:
        """Marks or rows are others; undo brings a row back into the review."""
        dataset = self._dataset()
        if not self._is_on or dataset is None:
            return
        if change.is_structural or len(change.marked) > FEW:
            self.look_again()
            return
        for row in change.marked:
            is_done, was_done = _is_done(dataset.session.now.marks(row)), row in self._done
            if is_done != was_done:
                (self._done.add if is_done else self._done.discard)(row)
                if row in dataset.model.ids:
                    self._left += -1 if is_done else 1
        self._tell()

    def look_again(self) -> None:
        """The filter shows other rows."""
        if self._is_on:
            self._count(then=self._tell)

    def _toggle(self) -> None:
        if self._is_on:
            self._stop()
            return
        if self._dataset() is None:
            self._actions.review.setChecked(False)
            return
        self._is_on = self._table.takes_letters = True
        self._skipped.clear()
        self._actions.review.setChecked(True)
        self._count(then=self._begin)

    def _stop(self) -> None:
        self._is_on = self._table.takes_letters = False
        self._actions.review.setChecked(False)
        self._bar.hide()

    def _begin(self) -> None:
        if self._is_waiting(self._table.current_row_id):
            self._tell()
        else:
            self._go_on()
        self._table.setFocus()

    def _count(self, then: Callable[[], None]) -> None:
        """In the background: with many marks this takes a moment."""
        dataset = self._dataset()
        if dataset is None:
            return
        snapshot, shown = dataset.session.now, dataset.model.ids

        def work(job: Job) -> tuple[set[int], int]:
            done = _done_of(snapshot)
            return done, len(shown) - sum(1 for row in done if row in shown)

        def take(found: tuple[set[int], int]) -> None:
            if self._is_on and dataset is self._dataset():
                self._done, self._left = found
                then()

        self._background.run(work, take, owner=self)

    def _take_key(self, key: str) -> None:
        if key == " ":
            self._accept()
        elif key == "n":
            self._skip()
        elif key == "s":
            self._actions.star.trigger()

    def _accept(self) -> None:
        dataset, row = self._dataset(), self._table.current_row_id
        if not self._is_on or dataset is None or dataset.session.read_only:
            return
        if self._is_waiting(row):
            dataset.session.mark([row], mark_plans.review, "Review row")
        self._skipped.discard(row)
        self._go_on()

    def _skip(self) -> None:
        if not self._is_on:
            return
        self._skipped.add(self._table.current_row_id)
        self._go_on()

    def _go_on(self) -> None:
        """To the next row that waits; at the end, from the beginning."""
        place = self._next_place()
        if place is None and self._skipped and self._left:
            left = f"{self._left:,} row{'s were' if self._left > 1 else ' was'} skipped"
            self._skipped.clear()
            self._bar.say(f"All others are reviewed; {left}. Go on to see what was skipped.", is_over=False)
            return
        if place is not None:
            self.row_wanted.emit(place)
        self._tell()

    def _next_place(self) -> int | None:
        dataset = self._dataset()
        if dataset is None or not self._left:
            return None
        ids, here = dataset.model.ids, self._table.currentIndex().row() + 1
        for start, stop in ((here, len(ids)), (0, here)):
            for at in range(start, stop, LOOKED_AT_ONCE):
                for number, row in enumerate(ids[at : min(at + LOOKED_AT_ONCE, stop)]):
                    if row not in self._done and row not in self._skipped:
                        return at + number
        return None

    def _is_waiting(self, row: int) -> bool:
        return row >= 0 and row not in self._done and row not in self._skipped

    def _tell(self) -> None:
        if not self._left:
            dataset = self._dataset()
            some = dataset is not None and dataset.model.is_filtered
            which = "Every row that is shown" if some else "Every row"
            self._bar.say(f"{which} is reviewed.", is_over=True)
            return
        words = f"{self._left:,} row{'s' if self._left > 1 else ''} left to review"
        self._bar.say(f"{words}. {KEYS}", is_over=False)


def _is_done(marks: RowMarks) -> bool:
    return marks.reviewed and not marks.draft


def _done_of(snapshot: Snapshot) -> set[int]:
    return {row for row, marks in snapshot.marked_rows().items() if _is_done(marks)}
