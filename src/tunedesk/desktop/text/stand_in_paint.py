"""Draws the name of each visible stand-in over the box that a font shows for it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTextBlock, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from tunedesk.desktop.text.block_looks import name_font
from tunedesk.desktop.text.exact_text import WIDTH, Carrier, utf16_part
from tunedesk.desktop.theme.tokens import tokens_of


def paint_stand_ins(editor: QPlainTextEdit, carrier: Carrier) -> None:
    """What can be seen of the text, and no more: one line may hold a hundred thousand of them."""
    painter = QPainter(editor.viewport())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = editor.viewport().rect()
    first = editor.cursorForPosition(area.topLeft()).position()
    last = editor.cursorForPosition(area.bottomRight()).position() + WIDTH
    block = editor.document().findBlock(first)
    while block.isValid() and block.position() <= last:
        start = max(first - WIDTH - block.position(), 0)
        _paint_block(editor, carrier, block, (start, last - block.position()), painter)
        block = block.next()
    painter.end()


def _paint_block(
    editor: QPlainTextEdit, carrier: Carrier, block: QTextBlock, part: tuple[int, int], painter: QPainter
) -> None:
    """part: Qt's positions in the block between which it can be seen."""
    cursor = QTextCursor(block)
    for place, character in carrier.stand_ins(utf16_part(block.text(), *part)):
        name = carrier.name_of(character)
        if name:
            position = block.position() + part[0] + place
            cursor.setPosition(position)
            left = editor.cursorRect(cursor)
            cursor.setPosition(position + WIDTH)
            right = editor.cursorRect(cursor)
            wide = right.left() - left.left() if right.top() == left.top() else left.height()
            box = QRectF(left.left() + 1, left.top() + 1, wide - 2, left.height() - 2)
            _paint_name(editor, painter, box, name)


def _paint_name(editor: QPlainTextEdit, painter: QPainter, box: QRectF, name: str) -> None:
    tokens = tokens_of(editor)
    painter.fillRect(box, editor.palette().base())
    painter.setPen(QPen(QColor(tokens.warning), 1))
    painter.setBrush(QColor(tokens.hover))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
    painter.setFont(name_font(editor.font()))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
