"""The rows as a table model: real row count, what a cell shows is read when it is drawn. Knows no view.

It reads from a snapshot, so that a long edit in the background, which locks the document, never holds up
drawing.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QIcon

from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Change
from tunedesk.desktop.data.table.row_summary import RowSummary, summary_of

CACHE = 4000
"""Rows whose summary is kept; about 2 MB."""

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()


class Column(IntEnum):
    NUMBER = 0
    FINDINGS = 1
    USER = 2
    ANSWER = 3
    TOKENS = 4


HEADINGS = ("Row", "", "First user turn", "Answer", "Tokens")
SAID_HEADINGS = ("Row", "Findings", "First user turn", "Answer", "Tokens")


class RowModel(QAbstractTableModel):
    tokens_wanted = Signal(int)
    """A row is drawn whose token count is not known."""

    def __init__(
        self,
        snapshot_of: Callable[[], Snapshot],
        severities_of: Callable[[int], tuple[int, int, int]],
        icon_of: Callable[[str], QIcon],
    ) -> None:
        """snapshot_of: the rows as they shall be shown. severities_of: errors, warnings and notes of a row.

        icon_of: by severity, in today's colours.
        """
        super().__init__()
        self._snapshot_of = snapshot_of
        self._severities_of = severities_of
        self._icon_of = icon_of
        self._snapshot = snapshot_of()
        self._ids: Sequence[int] = self._snapshot.ids
        self._is_filtered = False
        self._places: dict[int, int] | None = None
        self._summaries: OrderedDict[int, RowSummary] = OrderedDict()
        self._tokens: dict[int, int | None] = {}

    @property
    def total(self) -> int:
        """Rows of the document, whether the filter shows them or not."""
        return len(self._snapshot)

    @property
    def is_filtered(self) -> bool:
        return self._is_filtered

    def row_id(self, row: int) -> int:
        return self._ids[row]

    def row_ids(self, start: int, stop: int) -> Sequence[int]:
        return self._ids[start:stop]

    def row_of(self, row_id: int) -> int | None:
        """Where a row stands in the table; None when the filter hides it."""
        if not self._is_filtered:
            try:
                return self._ids.index(row_id)
            except ValueError:
                return None
        if self._places is None:
            self._places = {shown: row for row, shown in enumerate(self._ids)}
        return self._places.get(row_id)

    def show_all(self) -> None:
        self.beginResetModel()
        self._ids, self._is_filtered, self._places = self._snapshot.ids, False, None
        self.endResetModel()

    def show_only(self, row_ids: Iterable[int]) -> None:
        self.beginResetModel()
        self._ids, self._is_filtered, self._places = list(row_ids), True, None
        self.endResetModel()

    def append(self, row_ids: Sequence[int]) -> None:
        """More rows that the running search has found."""
        if not row_ids or not self._is_filtered:
            return
        self.beginInsertRows(NOWHERE, len(self._ids), len(self._ids) + len(row_ids) - 1)
        self._ids, self._places = [*self._ids, *row_ids], None
        self.endInsertRows()

    def show_tokens(self, counts: dict[int, int | None]) -> None:
        self._tokens.update(counts)
        self._tell_column(Column.TOKENS, counts)

    def forget_tokens(self) -> None:
        """Another model counts differently."""
        self._tokens.clear()
        self._tell_all(Column.TOKENS)

    def findings_changed(self, row_ids: Iterable[int] | None) -> None:
        if row_ids is None:
            self._tell_all(Column.FINDINGS)
        else:
            self._tell_column(Column.FINDINGS, row_ids)

    def apply(self, change: Change) -> None:
        """Follow an edit of the document."""
        for row_id in (*change.changed, *change.deleted):
            self._summaries.pop(row_id, None)
            self._tokens.pop(row_id, None)
        if change.is_structural:
            self._restructure(change)
        else:
            self._snapshot = self._snapshot_of()
        for row_id in change.changed:
            row = self.row_of(row_id)
            if row is not None:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(HEADINGS) - 1))

    def let_go_of_file(self) -> None:
        """The document was saved: read from the new file, so that the old one can go."""
        self._snapshot = self._snapshot_of()

    def refresh(self) -> None:
        """The document may be entirely another."""
        self._summaries.clear()
        self._tokens.clear()
        self._snapshot = self._snapshot_of()
        self.show_all()

    def _restructure(self, change: Change) -> None:
        """One block of rows comes or goes by itself; anything else starts the table anew."""
        now = self._snapshot_of()
        gone = _block(self.row_of(row_id) for row_id in change.deleted)
        new = self._ids_after(change, now)
        # Numbers of the rows below are others from now on; no view may see them change in between.
        self._snapshot = now
        come = _block(new.index(row_id) for row_id in change.inserted)
        grown = len(new) - len(self._ids)  # another number when an edit of another kind came in between
        if gone and not change.inserted and not change.moved and grown == gone[0] - gone[1] - 1:
            self.beginRemoveRows(NOWHERE, *gone)
            self._ids, self._places = new, None
            self.endRemoveRows()
        elif come and not change.deleted and not change.moved and grown == come[1] - come[0] + 1:
            self.beginInsertRows(NOWHERE, *come)
            self._ids, self._places = new, None
            self.endInsertRows()
        else:
            self.beginResetModel()
            self._ids, self._places = new, None
            self.endResetModel()
        self._tell_all(Column.NUMBER)

    def _ids_after(self, change: Change, now: Snapshot) -> Sequence[int]:
        """A filter keeps the rows it found, and shows new ones too: who adds a row wants to see it."""
        if not self._is_filtered:
            return now.ids
        gone = set(change.deleted)
        kept = [row_id for row_id in self._ids if row_id not in gone]
        if not change.inserted and not change.moved:
            return kept
        return sorted([*kept, *change.inserted], key=now.ids.index)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADINGS[section]
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return SAID_HEADINGS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in (Column.NUMBER, Column.TOKENS):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in _ANSWERED or not index.isValid():
            return None
        row_id = self._ids[index.row()]
        column = index.column()
        if row_id not in self._snapshot.ids:
            return None  # it is being removed at this moment
        if column == Column.FINDINGS:
            return self._finding_data(row_id, role)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row_id, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (Column.NUMBER, Column.TOKENS):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _text(self, row_id: int, column: int) -> str:
        if column == Column.NUMBER:
            return f"{self._snapshot.ids.index(row_id) + 1}"
        if column == Column.USER:
            return self._summary(row_id).user
        if column == Column.ANSWER:
            return self._summary(row_id).answer
        if row_id not in self._tokens:
            self.tokens_wanted.emit(row_id)
            return ""
        count = self._tokens[row_id]
        return "\u2013" if count is None else f"{count:,}"

    def _finding_data(self, row_id: int, role: int) -> Any:
        errors, warnings, notes = self._severities_of(row_id)
        total = errors + warnings + notes
        if not total:
            return None
        if role == Qt.ItemDataRole.DecorationRole:
            return self._icon_of("error" if errors else "warning" if warnings else "info")
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{total}"
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            parts = ((errors, "error"), (warnings, "warning"), (notes, "note"))
            return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in parts if count)
        return None

    def _summary(self, row_id: int) -> RowSummary:
        known = self._summaries.get(row_id)
        if known is None:
            known = self._summaries[row_id] = summary_of(self._snapshot.raw(row_id), self._snapshot.mapping)
            if len(self._summaries) > CACHE:
                self._summaries.popitem(last=False)
        return known

    def _tell_column(self, column: Column, row_ids: Iterable[int]) -> None:
        for row_id in row_ids:
            row = self.row_of(row_id)
            if row is not None:
                self.dataChanged.emit(self.index(row, column), self.index(row, column))

    def _tell_all(self, column: Column) -> None:
        if len(self._ids):
            self.dataChanged.emit(self.index(0, column), self.index(len(self._ids) - 1, column))


def _block(rows: Iterable[int | None]) -> tuple[int, int] | None:
    """First and last of the rows when they stand together; None when they do not, or there are none."""
    known = sorted(row for row in rows if row is not None)
    if not known or known[-1] - known[0] != len(known) - 1:
        return None
    return known[0], known[-1]


_ANSWERED = frozenset(
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.TextAlignmentRole,
    )
)
