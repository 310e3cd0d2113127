"""Draws the name of each visible stand-in over the box that a font shows for it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTextBlock, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from tunedesk.desktop.text.block_looks import name_font
from tunedesk.desktop.text.exact_text import Carrier, utf16_length
from tunedesk.desktop.theme.tokens import tokens_of


def paint_stand_ins(editor: QPlainTextEdit, carrier: Carrier) -> None:
    painter = QPainter(editor.viewport())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    block = editor.firstVisibleBlock()
    while block.isValid():
        area = editor.blockBoundingGeometry(block).translated(editor.contentOffset())
        if area.top() > editor.viewport().height():
            break
        _paint_block(editor, carrier, block, painter)
        block = block.next()
    painter.end()


def _paint_block(editor: QPlainTextEdit, carrier: Carrier, block: QTextBlock, painter: QPainter) -> None:
    text = block.text()
    if text.isascii():
        return
    cursor = QTextCursor(block)
    place = block.position()
    for character in text:
        width = utf16_length(character)
        name = carrier.name_of(character) if width == 2 else None
        if name:
            cursor.setPosition(place)
            left = editor.cursorRect(cursor)
            cursor.setPosition(place + width)
            right = editor.cursorRect(cursor)
            wide = right.left() - left.left() if right.top() == left.top() else left.height()
            _paint_name(
                editor, painter, QRectF(left.left() + 1, left.top() + 1, wide - 2, left.height() - 2), name
            )
        place += width


def _paint_name(editor: QPlainTextEdit, painter: QPainter, box: QRectF, name: str) -> None:
    tokens = tokens_of(editor)
    painter.fillRect(box, editor.palette().base())
    painter.setPen(QPen(QColor(tokens.warning), 1))
    painter.setBrush(QColor(tokens.hover))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
    painter.setFont(name_font(editor.font()))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
