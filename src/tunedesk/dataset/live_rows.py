"""A document's rows in memory: the file, the order and the texts that differ; knows nothing of journal
or locks.
"""

from collections.abc import Iterator

from tunedesk.dataset.base import Base
from tunedesk.dataset.order import Order, Run
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Step


class LiveRows:
    """The rows as they stand, changed step by step. The caller does the locking."""

    def __init__(self, base: Base, base_order: Order) -> None:
        self.base = base
        self.base_order = base_order
        self.order = base_order
        self._texts: dict[int, bytes] = {}
        self._is_shared = False

    def now(self, version: int) -> Snapshot:
        """The rows for a look that ends before the next change; costs nothing."""
        return Snapshot(self.base, self.base_order, self.order, self._texts, version)

    def snapshot(self, version: int) -> Snapshot:
        """The rows for good; the next change copies the texts that differ from the file."""
        self._is_shared = True
        return self.now(version)

    def apply(self, step: Step, compare_with_file: bool = True) -> None:
        """compare_with_file: a text that is the file's again counts as unedited; False when it cannot be
        read.
        """
        if self._is_shared:
            self._texts = dict(self._texts)
            self._is_shared = False
        if step.removed:
            self.order = self.order.without(step.removed)
        if step.added:
            self.order = self.order.with_added(step.added)
        for row in step.before:
            if row not in step.after:
                self._texts.pop(row, None)
        for row, raw in step.after.items():
            if compare_with_file and self._is_in_file(row, raw):
                self._texts.pop(row, None)
            else:
                self._texts[row] = raw

    def fits(self, step: Step) -> bool:
        """True when the step finds what it knew: the texts before, and the rows it takes out in their
        places.
        """
        now = self.now(0)
        if any(row not in self.order or now.raw(row) != raw for row, raw in step.before.items()):
            return False
        for place in step.removed:
            end = min(place.position + place.size, len(self.order))
            if list(self.order.slice_runs(place.position, end)) != [Run(place.first, place.size)]:
                return False
        return True

    def stand_on(self, new: Base, saved: Snapshot) -> None:
        """`saved` is in the file now; what was edited since stays an edit."""
        present = self.now(0)
        touched = {*saved.texts, *present.texts, *_missing(present.order, saved.order)}
        texts = {row: present.raw(row) for row in touched if row in present.order}
        self.base, self.base_order = new, saved.order
        self._texts = {
            row: raw for row, raw in texts.items() if row not in saved.order or saved.raw(row) != raw
        }
        self._is_shared = False

    def _is_in_file(self, row: int, raw: bytes) -> bool:
        return row in self.base_order and self.base.raw(self.base_order.index(row)) == raw


def _missing(order: Order, other: Order) -> Iterator[int]:
    """The ids of `order` that are not in `other`."""
    for first, size in order.runs():
        for located in other.locate(first, size):
            if located.position is None:
                yield from range(located.first, located.first + located.size)
