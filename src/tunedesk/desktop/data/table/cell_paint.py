"""Draws cells that hold more than text: tags as chips, and the word "draft" before a row's first question."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from tunedesk.desktop.data.table.columns import Column
from tunedesk.desktop.data.table.row_model import MARKS_ROLE
from tunedesk.desktop.theme.tokens import tokens_of

Index = QModelIndex | QPersistentModelIndex

PADDING = 6
GAP = 4
HEIGHT = 18
NARROWEST = 28
"""Pixels of a chip below which the rest is only counted."""


class ChipDelegate(QStyledItemDelegate):
    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        chips = self._chips(index)
        if not chips:
            super().paint(painter, option, index)
            return
        whole = QStyleOptionViewItem(option)
        self.initStyleOption(whole, index)
        whole.text = ""
        style = self._table.style() or QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, whole, painter, self._table)
        painter.save()
        room = option.rect.adjusted(GAP, 0, -GAP, 0)
        metrics = QFontMetrics(whole.font)
        for number, word in enumerate(chips):
            if room.width() < NARROWEST:
                break
            rest = f"+{len(chips) - number}"
            is_last = number == len(chips) - 1
            width = metrics.horizontalAdvance(word) + 2 * PADDING
            if not is_last and width + GAP + metrics.horizontalAdvance(rest) + 2 * PADDING > room.width():
                word, width = rest, metrics.horizontalAdvance(rest) + 2 * PADDING
            width = min(width, room.width())
            self._draw_chip(painter, QRect(room.left(), room.top(), width, room.height()), word, metrics)
            room.setLeft(room.left() + width + GAP)
            if word == rest:
                break
        if index.column() == Column.USER:
            self._draw_rest(painter, room, str(index.data() or ""), metrics)
        painter.restore()

    def _chips(self, index: Index) -> tuple[str, ...]:
        marks = index.data(MARKS_ROLE)
        if marks is None:
            return ()
        if index.column() == Column.TAGS:
            return tuple(marks.tags)
        return ("draft",) if marks.draft else ()

    def _draw_chip(self, painter: QPainter, cell: QRect, word: str, metrics: QFontMetrics) -> None:
        tokens = tokens_of(self._table)
        height = min(max(HEIGHT, metrics.height() + 2), cell.height() - 4)
        box = QRect(cell.left(), cell.center().y() - height // 2, cell.width(), height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(tokens.edge))
        painter.setBrush(QColor(tokens.hover))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(tokens.text))
        inside = box.adjusted(PADDING, 0, -PADDING, 0)
        shown = metrics.elidedText(word, Qt.TextElideMode.ElideRight, inside.width() + 1)
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _draw_rest(self, painter: QPainter, room: QRect, text: str, metrics: QFontMetrics) -> None:
        painter.setPen(QColor(tokens_of(self._table).text))
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
