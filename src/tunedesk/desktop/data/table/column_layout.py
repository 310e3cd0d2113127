"""Which columns a table shows, how wide, and which stay while it scrolls sideways; remembers the choice."""

from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHeaderView, QTableView

from tunedesk.desktop.data.table.columns import SHORTEST_SHARE, WHEN_USED, Column, ColumnLook
from tunedesk.desktop.data.table.row_model import RowModel
from tunedesk.desktop.shell.layout_memory import LayoutMemory

LOOKED_AT = 20_000
"""Marked rows that are looked through for a tag or a note; more could be felt."""


class ColumnLayout(QObject):
    changed = Signal()
    """Other columns are shown, or they have other widths."""

    def __init__(self, table: QTableView, memory: LayoutMemory) -> None:
        super().__init__(table)
        self._table = table
        self._memory = memory
        self._model: RowModel | None = None
        self._used: set[int] = set()
        self._is_ours = False
        header = table.horizontalHeader()
        header.setMinimumSectionSize(24)
        header.sectionResized.connect(self._take_width)

    def begin(self, model: RowModel, keys: tuple[str, ...]) -> None:
        """Lay out another dataset. keys: those of its rows that may have columns."""
        self._model, self._used = model, set()
        for key in keys:
            if self._memory.known(_name(model.looks[0], key))[:1] == [1]:
                model.column_of_key(key)
        self.look_for_marks(*model.some_marked(LOOKED_AT))
        self._lay_out()

    def look_for_marks(self, has_tags: bool, has_notes: bool) -> None:
        """Columns that come by themselves when they have something to show."""
        found = {column for column, has in zip(WHEN_USED, (has_tags, has_notes), strict=True) if has}
        if found - self._used:
            self._used |= found
            self._lay_out()

    def is_shown(self, column: int) -> bool:
        known = self._memory.known(self._name_of(column))
        if known and column != Column.NUMBER:
            return bool(known[0])
        return self._looks[column].is_default or column in self._used

    def show(self, column: int, shown: bool) -> None:
        self._memory.keep(self._name_of(column), [int(shown), self._chosen_width(column)])
        self._lay_out()

    def forget(self) -> None:
        """All columns as they are at first."""
        for column in range(len(self._looks)):
            self._memory.forget(self._name_of(column))
        self._memory.forget("table frozen")
        self._lay_out()

    @property
    def frozen(self) -> tuple[int, ...]:
        """The columns that stay: the row's number, and those up to the chosen one."""
        shown = list(self.shown())
        count = (self._memory.known("table frozen") or [1])[0]
        return tuple(shown[: max(1, min(count, len(shown) - 1))])

    def freeze(self, column: int) -> None:
        """This column and all to its left stay."""
        shown = list(self.shown())
        self._memory.keep("table frozen", [shown.index(column) + 1 if column in shown else 1])
        self.changed.emit()

    def shown(self) -> Iterator[int]:
        return (column for column in range(len(self._looks)) if self.is_shown(column))

    def fit(self) -> None:
        """Give what is left of the width to the columns that take their share."""
        if self._model is None:
            return
        shown = list(self.shown())
        shares = [column for column in shown if not self._width(column)]
        fixed = sum(self._width(column) for column in shown)
        left = self._table.viewport().width() - fixed
        self._is_ours = True
        for number, column in enumerate(shares):
            width = max(SHORTEST_SHARE, left // (len(shares) - number))
            left -= width
            self._table.horizontalHeader().resizeSection(column, width)
        self._is_ours = False

    @property
    def _looks(self) -> list[ColumnLook]:
        return list(self._model.looks) if self._model is not None else []

    def _lay_out(self) -> None:
        if self._model is None:
            return
        header = self._table.horizontalHeader()
        self._is_ours = True
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column in range(len(self._looks)):
            self._table.setColumnHidden(column, not self.is_shown(column))
            if width := self._width(column):
                header.resizeSection(column, width)
        self._is_ours = False
        self.fit()
        self.changed.emit()

    def _take_width(self, column: int, old: int, new: int) -> None:
        """By hand; a column that a person made as wide as they want takes no share any more."""
        if self._is_ours or not new or self._model is None or not old:
            return
        self._memory.keep(self._name_of(column), [int(self.is_shown(column)), new])
        self.fit()
        self.changed.emit()

    def _chosen_width(self, column: int) -> int:
        return [*self._memory.known(self._name_of(column)), 0, 0][1]

    def _width(self, column: int) -> int:
        """0: its share."""
        return self._chosen_width(column) or self._looks[column].width

    def _name_of(self, column: int) -> str:
        look = self._looks[column]
        return _name(look, look.sort.key)


def _name(look: ColumnLook, key: str) -> str:
    return f"table key {key}" if key else f"table {look.sort.kind}"
