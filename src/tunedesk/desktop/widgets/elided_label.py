"""A line of text that gives way where room is short; its tooltip says it whole."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from tunedesk.desktop.theme.style import set_look


class ElidedLabel(QLabel):
    """Wants no width of its own: give it a stretch. where: the part that is left out."""

    def __init__(self, where: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle, look: str = "") -> None:
        super().__init__()
        self._whole = ""
        self._where = where
        if look:
            set_look(self, look)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str) -> None:
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._cut()
        super().resizeEvent(event)

    def _cut(self) -> None:
        metrics = QFontMetrics(self.font())
        self.setText(metrics.elidedText(self._whole, self._where, self.width()))
