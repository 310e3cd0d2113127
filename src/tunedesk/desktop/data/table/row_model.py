"""The rows as a table model: real row count, what a cell shows is read when it is drawn. Knows no view.

It reads from a snapshot, so that a long edit in the background, which locks the document, never holds up
drawing.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QIcon

from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.order import Order
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.steps import Change
from tunedesk.desktop.data.table import shown_rows
from tunedesk.desktop.data.table.columns import LOOKS, OF_MARKS, Column, ColumnLook, key_look
from tunedesk.desktop.data.table.mark_cells import icon_name_of, said_mark, shown_mark, source_words
from tunedesk.desktop.data.table.row_summary import RowSummary, summary_of

CACHE = 4000
"""Rows whose summary is kept; about 2 MB."""
FEW = 200
"""Of more rows that changed, the views are told once and not for each."""

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
Role = Qt.ItemDataRole
MARKS_ROLE = int(Role.UserRole)
"""The row's RowMarks, for whoever draws them."""


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

        icon_of: by name, in today's colours.
        """
        super().__init__()
        self._snapshot_of = snapshot_of
        self._severities_of = severities_of
        self._icon_of = icon_of
        self._snapshot = snapshot_of()
        self._found: Order | None = None
        self._sorted: Order | None = None
        self._ids: Order = self._snapshot.ids
        self._looks: list[ColumnLook] = [LOOKS[column] for column in Column]
        self._summaries: OrderedDict[int, RowSummary] = OrderedDict()
        self._tokens: dict[int, int | None] = {}

    @property
    def total(self) -> int:
        """Rows of the document, whether the filter shows them or not."""
        return len(self._snapshot)

    @property
    def is_filtered(self) -> bool:
        return self._found is not None

    @property
    def is_sorted(self) -> bool:
        return self._sorted is not None

    @property
    def order(self) -> Order | None:
        """All rows as they are sorted, without regard to the filter; None: as the file has them."""
        return self._sorted

    @property
    def ids(self) -> Order:
        """The rows that are shown, in their order."""
        return self._ids

    @property
    def looks(self) -> Sequence[ColumnLook]:
        """One for each column."""
        return self._looks

    @property
    def tokens(self) -> Mapping[int, int | None]:
        """What is known of the rows' tokens; None for a row that the template refuses."""
        return self._tokens

    def row_id(self, row: int) -> int:
        return self._ids[row]

    def row_ids(self, start: int, stop: int) -> Sequence[int]:
        return self._ids[start:stop]

    def row_of(self, row_id: int) -> int | None:
        """Where a row stands in the table; None when the filter hides it."""
        try:
            return self._ids.index(row_id)
        except ValueError:
            return None

    def marks(self, row_id: int) -> RowMarks:
        return self._snapshot.marks(row_id)

    def some_marked(self, most: int) -> tuple[bool, bool]:
        """Whether a row has a tag, and a note, among so many marked ones."""
        has_tags = has_notes = False
        for marks in islice(self._snapshot.marked_rows().values(), most):
            has_tags, has_notes = has_tags or bool(marks.tags), has_notes or bool(marks.note)
            if has_tags and has_notes:
                break
        return has_tags, has_notes

    def column_of_key(self, key: str) -> int:
        """The column of a top-level key; it is made when it is not there yet, and stays."""
        look = key_look(key)
        if look not in self._looks:
            place = len(self._looks)
            self.beginInsertColumns(NOWHERE, place, place)
            self._looks.append(look)
            self._summaries.clear()
            self.endInsertColumns()
        return self._looks.index(look)

    def show_all(self) -> None:
        """No filter; the order stays."""
        self._found = None
        self._begin_anew()

    def show_only(self, row_ids: Order) -> None:
        """Some rows, as the file has them."""
        self._found = row_ids
        self._begin_anew()

    def append(self, row_ids: Order) -> None:
        """More rows that the running search has found."""
        if not row_ids or self._found is None:
            return
        self._found = shown_rows.joined(self._found, row_ids)
        if self._sorted is not None:
            self._begin_anew()
            return
        self.beginInsertRows(NOWHERE, len(self._ids), len(self._ids) + len(row_ids) - 1)
        self._ids = self._found
        self.endInsertRows()

    def show_sorted(self, order: Order | None) -> None:
        """All rows in another order than the file's; None: the file's again."""
        self._sorted = order
        self._begin_anew()

    def show_tokens(self, counts: Mapping[int, int | None]) -> None:
        self._tokens.update(counts)
        self._tell_column(Column.TOKENS, counts)

    def forget_tokens(self) -> None:
        """Another model counts differently."""
        self._tokens = {}
        self._tell_all(Column.TOKENS)

    def findings_changed(self, row_ids: Iterable[int] | None) -> None:
        if row_ids is None:
            self._tell_all(Column.FINDINGS)
        else:
            self._tell_column(Column.FINDINGS, list(row_ids))

    def apply(self, change: Change) -> None:
        """Follow an edit of the document."""
        self._forget((*change.changed, *change.deleted))
        if change.is_structural:
            self._restructure(change)
        else:
            self._snapshot = self._snapshot_of()
        touched = (*change.changed, *change.marked)
        if len(touched) > FEW:
            self._tell_all(0, len(self._looks) - 1)
            return
        for row_id in touched:
            row = self.row_of(row_id)
            if row is not None:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(self._looks) - 1))

    def let_go_of_file(self) -> None:
        """The document was saved: read from the new file, so that the old one can go."""
        self._snapshot = self._snapshot_of()

    def refresh(self) -> None:
        """The document may be entirely another."""
        self._summaries.clear()
        self._tokens = {}
        self._snapshot = self._snapshot_of()
        self._found = self._sorted = None
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.beginResetModel()
        self._ids = self._arranged(self._snapshot)
        self.endResetModel()

    def _arranged(self, now: Snapshot) -> Order:
        if self._sorted is None:
            return now.ids if self._found is None else self._found
        return self._sorted if self._found is None else shown_rows.arranged(self._found, self._sorted)

    def _forget(self, row_ids: Sequence[int]) -> None:
        if len(row_ids) > CACHE:
            self._summaries.clear()
        for row_id in row_ids if len(row_ids) <= CACHE else ():
            self._summaries.pop(row_id, None)
        if len(row_ids) > 10 * CACHE:
            self._tokens = {}
        elif self._tokens:
            for row_id in row_ids:
                self._tokens.pop(row_id, None)

    def _restructure(self, change: Change) -> None:
        """One block of rows comes or goes by itself; anything else starts the table anew."""
        now = self._snapshot_of()
        gone = _block(change.deleted, self._ids)
        self._follow(change, now)
        new = self._arranged(now)
        # Numbers of the rows below are others from now on; no view may see them change in between.
        self._snapshot = now
        come = _block(change.inserted, new)
        grown = len(new) - len(self._ids)  # another number when an edit of another kind came in between
        if gone and not change.inserted and not change.moved and grown == gone[0] - gone[1] - 1:
            self.beginRemoveRows(NOWHERE, *gone)
            self._ids = new
            self.endRemoveRows()
        elif come and not change.deleted and not change.moved and grown == come[1] - come[0] + 1:
            self.beginInsertRows(NOWHERE, *come)
            self._ids = new
            self.endInsertRows()
        else:
            self.beginResetModel()
            self._ids = new
            self.endResetModel()
        self._tell_all(Column.NUMBER)

    def _follow(self, change: Change, now: Snapshot) -> None:
        """A filter keeps the rows it found, and shows new ones too: who adds a row wants to see it."""
        if self._found is not None:
            self._found = shown_rows.without(self._found, change.deleted)
            if change.inserted or change.moved:
                self._found = shown_rows.with_new_in_file_order(self._found, change.inserted, now.ids)
        if self._sorted is not None:
            self._sorted = shown_rows.without(self._sorted, change.deleted)
            if change.inserted:
                self._sorted = shown_rows.with_new_below(self._sorted, change.inserted, now.ids)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._looks)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self._looks):
            return None
        look = self._looks[section]
        if role == Role.DisplayRole:
            return look.heading
        if role == Role.DecorationRole and look.icon:
            return self._icon_of(f"{look.icon} head")
        if role in (Role.AccessibleTextRole, Role.ToolTipRole):
            return look.said
        if role == Role.TextAlignmentRole and look.is_number:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if role not in _ANSWERED or not index.isValid():
            return None
        row_id = self._ids[index.row()]
        column = index.column()
        if row_id not in self._snapshot.ids:
            return None  # it is being removed at this moment
        if role == Role.TextAlignmentRole:
            is_number = self._looks[column].is_number
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter if is_number else None
        if column == Column.FINDINGS:
            return self._finding_data(row_id, role)
        if role == MARKS_ROLE:
            return self._snapshot.marks(row_id)
        if column in OF_MARKS:
            return self._mark_data(row_id, Column(column), role)
        if role == Role.DisplayRole:
            return self._text(row_id, column)
        if role in (Role.ToolTipRole, Role.AccessibleTextRole) and column <= Column.ANSWER:
            return self._said(row_id, column, role)
        return None

    def _text(self, row_id: int, column: int) -> str:
        if column == Column.NUMBER:
            return f"{self._snapshot.ids.index(row_id) + 1}"
        if column == Column.TOKENS:
            return self._token_text(row_id)
        summary = self._summary(row_id)
        if column >= len(Column):
            return summary.keys.get(self._looks[column].sort.key, "")
        if column == Column.USER:
            return summary.user
        if column == Column.ANSWER:
            return summary.answer
        if column == Column.SYSTEM:
            return summary.system
        return f"{summary.turns if column == Column.TURNS else summary.length:,}"

    def _token_text(self, row_id: int) -> str:
        if row_id not in self._tokens:
            self.tokens_wanted.emit(row_id)
            return ""
        count = self._tokens[row_id]
        return "\u2013" if count is None else f"{count:,}"

    def _mark_data(self, row_id: int, column: Column, role: int) -> Any:
        marks = self._snapshot.marks(row_id)
        if role == Role.DecorationRole:
            name = icon_name_of(column, marks)
            return self._icon_of(name) if name else None
        if role == Role.DisplayRole:
            return shown_mark(column, marks)
        return said_mark(column, marks) or None

    def _said(self, row_id: int, column: int, role: int) -> str | None:
        """Drafts are said to be drafts, and the number tells where a row came from."""
        marks = self._snapshot.marks(row_id)
        if role == Role.AccessibleTextRole:
            text = self._text(row_id, column)
            return f"draft: {text}" if marks.draft and column == Column.USER else text
        return source_words(marks) or None

    def _finding_data(self, row_id: int, role: int) -> Any:
        errors, warnings, notes = self._severities_of(row_id)
        total = errors + warnings + notes
        if not total:
            return None
        if role == Role.DecorationRole:
            return self._icon_of("error" if errors else "warning" if warnings else "info")
        if role == Role.DisplayRole:
            return f"{total}"
        if role in (Role.ToolTipRole, Role.AccessibleTextRole):
            parts = ((errors, "error"), (warnings, "warning"), (notes, "note"))
            return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in parts if count)
        return None

    def _summary(self, row_id: int) -> RowSummary:
        known = self._summaries.get(row_id)
        if known is None:
            keys = [look.sort.key for look in self._looks[len(Column) :]]
            known = summary_of(self._snapshot.raw(row_id), self._snapshot.mapping, keys)
            self._summaries[row_id] = known
            if len(self._summaries) > CACHE:
                self._summaries.popitem(last=False)
        return known

    def _tell_column(self, column: Column, row_ids: Iterable[int]) -> None:
        wanted = list(row_ids)
        if len(wanted) > FEW:
            self._tell_all(column)
            return
        for row_id in wanted:
            row = self.row_of(row_id)
            if row is not None:
                self.dataChanged.emit(self.index(row, column), self.index(row, column))

    def _tell_all(self, column: int, last: int | None = None) -> None:
        if len(self._ids):
            end = self.index(len(self._ids) - 1, column if last is None else last)
            self.dataChanged.emit(self.index(0, column), end)


def _block(row_ids: Sequence[int], order: Order) -> tuple[int, int] | None:
    """First and last place of the rows when they stand together; None when they do not, or are none, or too
    many to look.
    """
    if not 0 < len(row_ids) <= shown_rows.FEW:
        return None
    known = sorted(order.index(row_id) for row_id in row_ids if row_id in order)
    if not known or known[-1] - known[0] != len(known) - 1:
        return None
    return known[0], known[-1]


_ANSWERED = frozenset(
    int(role)
    for role in (
        Role.DisplayRole,
        Role.DecorationRole,
        Role.ToolTipRole,
        Role.AccessibleTextRole,
        Role.TextAlignmentRole,
        Role.UserRole,
    )
)
