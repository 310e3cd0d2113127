"""The hits of a search with what would stand in their place, each with a tick; shows and lets choose."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tunedesk.dataset.replacing import Hit
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.desktop.widgets.layout import GRID

Index = QModelIndex | QPersistentModelIndex
LINE_HEIGHT = 44
_TICK = 20
_LINE_BREAKS = str.maketrans({"\n": "\u21b5", "\r": "\u240d", "\t": "\u21e5"})
"""One hit is one line, so a line break is shown as a sign."""


class HitModel(QAbstractListModel):
    """Hits in the order of the rows. Ticked at first: all."""

    ticks_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._hits: Sequence[Hit] = ()
        self._off: set[int] = set()
        self._number_of: Callable[[int], int | None] = lambda row: None

    def show_hits(self, hits: Sequence[Hit], number_of: Callable[[int], int | None]) -> None:
        """number_of: a row's number, from 1; None when it is gone."""
        self.beginResetModel()
        self._hits, self._off, self._number_of = hits, set(), number_of
        self.endResetModel()
        self.ticks_changed.emit()

    @property
    def ticked(self) -> list[Hit]:
        return [hit for place, hit in enumerate(self._hits) if place not in self._off]

    def hit(self, place: int) -> Hit:
        return self._hits[place]

    def number(self, place: int) -> int | None:
        return self._number_of(self._hits[place].row)

    def is_ticked(self, place: int) -> bool:
        return place not in self._off

    def tick(self, places: Sequence[int], on: bool) -> None:
        if on:
            self._off.difference_update(places)
        else:
            self._off.update(places)
        if places:
            self.dataChanged.emit(self.index(min(places)), self.index(max(places)))
            self.ticks_changed.emit()

    def tick_all(self, on: bool) -> None:
        self.tick(range(len(self._hits)), on)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._hits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        hit = self._hits[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{hit.before}{hit.found}{hit.after}".translate(_LINE_BREAKS)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            place = f"Row {self.number(index.row()) or '?'}, {hit.role or hit.pointer}"
            change = "" if hit.replacement is None else f", becomes {hit.replacement}"
            return f"{place}: {hit.found}{change}"
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if self.is_ticked(index.row()) else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            return hit.pointer or "the whole line"
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        self.tick([index.row()], Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        chosen = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        return chosen | Qt.ItemFlag.ItemIsUserCheckable if self._can_be_ticked(index) else chosen

    def _can_be_ticked(self, index: Index) -> bool:
        return self._hits[index.row()].replacement is not None


class HitList(QListView):
    row_asked = Signal(int)
    """The id of a row to show in the table."""

    def __init__(self) -> None:
        super().__init__()
        self.hits = HitModel(self)
        self.setModel(self.hits)
        self.setItemDelegate(_HitDelegate(self))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Hits")
        set_look(self, "bare")
        self.selectionModel().currentChanged.connect(self._tell_row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The space bar ticks all chosen hits, as the first of them becomes."""
        places = sorted(index.row() for index in self.selectedIndexes())
        if event.key() == Qt.Key.Key_Space and places:
            self.hits.tick(places, not self.hits.is_ticked(places[0]))
            return
        super().keyPressEvent(event)

    def _tell_row(self, current: QModelIndex) -> None:
        if current.isValid():
            self.row_asked.emit(self.hits.hit(current.row()).row)


class _HitDelegate(QStyledItemDelegate):
    """Row and role above; below the text around the hit, what goes struck out, what comes underlined."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, LINE_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, HitModel)
        view, area = option.widget, option.rect
        hit, place = model.hit(index.row()), index.row()
        tokens = tokens_of(view)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(tokens.selection))
        left = area.left() + 2 * GRID
        if hit.replacement is not None:
            self._draw_tick(
                painter, view, QRect(left, area.top(), _TICK, area.height()), model.is_ticked(place)
            )
            left += _TICK + GRID // 2
        number = model.number(place)
        head = f"Row {number:,}" if number is not None else "A row that is gone"
        small = option.font
        small.setPointSizeF(small.pointSizeF() * 0.9)
        painter.setFont(small)
        painter.setPen(QColor(tokens.muted))
        above = QRect(left, area.top() + 4, area.right() - left - GRID, 16)
        painter.drawText(above, Qt.AlignmentFlag.AlignVCenter, f"{head}  {hit.role or hit.pointer}")
        painter.setFont(view.font())
        self._draw_hit(painter, QRect(left, area.top() + 20, area.right() - left - GRID, 20), hit, view)
        painter.restore()

    def _draw_tick(self, painter: QPainter, view: QWidget, area: QRect, on: bool) -> None:
        option = QStyleOptionViewItem()
        option.rect = QRect(area.left(), area.center().y() - 7, 14, 14)
        on_flag, off_flag = QStyle.StateFlag.State_On, QStyle.StateFlag.State_Off
        option.state = QStyle.StateFlag.State_Enabled | (on_flag if on else off_flag)
        view.style().drawPrimitive(
            QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck, option, painter, view
        )

    def _draw_hit(self, painter: QPainter, area: QRect, hit: Hit, view: QWidget) -> None:
        tokens, metrics = tokens_of(view), QFontMetrics(view.font())
        room = max(area.width() // 3, 40)
        before = metrics.elidedText(hit.before.translate(_LINE_BREAKS), Qt.TextElideMode.ElideLeft, room)
        pieces = [
            (before, tokens.muted, "", ""),
            (hit.found.translate(_LINE_BREAKS), tokens.text, tokens.cut, "out"),
        ]
        if hit.replacement is None:
            pieces[1] = (pieces[1][0], tokens.text, tokens.trained, "")
        elif hit.replacement:
            pieces.append((hit.replacement.translate(_LINE_BREAKS), tokens.text, tokens.trained, "in"))
        pieces.append((hit.after.translate(_LINE_BREAKS), tokens.muted, "", ""))
        left = area.left()
        for text, colour, back, kind in pieces:
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.right() - left)
            width = metrics.horizontalAdvance(shown)
            piece = QRect(left, area.top(), width, area.height())
            if back:
                painter.fillRect(piece, QColor(back))
            font = view.font()
            font.setStrikeOut(kind == "out")
            font.setUnderline(kind == "in")
            painter.setFont(font)
            painter.setPen(QColor(colour))
            painter.drawText(piece, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
            left += width
            if left >= area.right():
                break
