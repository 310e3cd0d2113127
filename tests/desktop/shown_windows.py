"""Notes every window that is put on the screen, be it for a moment only."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget


class ShownWindows(QObject):
    """A widget that is shown before it has a parent becomes a window of its own: it flashes, takes the focus
    and with it all keys.
    """

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self.kinds: list[str] = []
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.kinds.append(type(watched).__name__)
        return False
