"""Rows by their number of tokens, as bars; those that are longer than the limit stand out."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.plan.statistics import Bucket

HEIGHT = 140
FOOT = 18
GAP = 2


class Histogram(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._buckets: Sequence[Bucket] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_buckets(self, buckets: Sequence[Bucket]) -> None:
        self._buckets = buckets
        told = ", ".join(f"{each.first} to {each.last}: {each.rows}" for each in buckets if each.rows)
        self.setAccessibleName(f"Rows by tokens. {told}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._buckets:
            return
        tokens, painter = tokens_of(self), QPainter(self)
        for number, bucket in enumerate(self._buckets):
            bar = self._bar(number)
            painter.fillRect(bar, QColor(tokens.error if bucket.is_cut else tokens.muted))
            if bucket.is_cut:  # colour is never the only sign
                painter.fillRect(bar, QBrush(QColor(tokens.surface), Qt.BrushStyle.BDiagPattern))
        base = self.height() - FOOT
        painter.setPen(QColor(tokens.border))
        painter.drawLine(0, base, self.width(), base)
        painter.setPen(QColor(tokens.muted))
        foot = QRectF(0, base, self.width(), FOOT)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, f"{self._buckets[0].first:,}")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, f"{self._buckets[-1].last:,} tokens")
        self._draw_limit(painter, base)
        painter.end()

    def _draw_limit(self, painter: QPainter, base: int) -> None:
        first = next((number for number, each in enumerate(self._buckets) if each.is_cut), None)
        if not first:
            return
        tokens, left = tokens_of(self), int(self._bar(first).left()) - 1
        painter.setPen(QColor(tokens.error))
        painter.drawLine(left, 0, left, base)
        words = f"cut at {self._buckets[first - 1].last:,}"
        width = QFontMetrics(self.font()).horizontalAdvance(words)
        painter.drawText(max(left - width - 6, 0), 14, words)

    def _bar(self, number: int) -> QRectF:
        width = self.width() / len(self._buckets)
        most = max(bucket.rows for bucket in self._buckets) or 1
        room = self.height() - FOOT
        rows = self._buckets[number].rows
        height = max(room * rows / most, 2.0) if rows else 0.0
        return QRectF(number * width, room - height, max(width - GAP, 1.0), height)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._buckets:
            place = int(event.pos().x() * len(self._buckets) / max(self.width(), 1))
            bucket = self._buckets[min(max(place, 0), len(self._buckets) - 1)]
            words = f"{bucket.rows:,} rows with {bucket.first:,} to {bucket.last:,} tokens"
            QToolTip.showText(event.globalPos(), f"{words}, which are cut" if bucket.is_cut else words, self)
            return True
        return super().event(event)
