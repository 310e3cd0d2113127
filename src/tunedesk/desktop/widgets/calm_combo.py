"""A list of choices that lets the wheel pass: who scrolls the page must not change what it says."""

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox


class CalmComboBox(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
