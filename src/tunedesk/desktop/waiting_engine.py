"""An engine that waits for the next run: started while the wizard is open, ended when memory is short."""

from PySide6.QtCore import QCoreApplication, QObject, QTimer

from tunedesk.desktop.background import Background
from tunedesk.runs.places.this_computer import ENVIRONMENT
from tunedesk.runs.places.warm_engine import WarmEngine

LOOK_MS = 5000


class WaitingEngine(QObject):
    """warm: for `this_computer.start`. It is ended with the application."""

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self.warm = WarmEngine(ENVIRONMENT)
        self._background = background
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self.warm.end_when_short)
        self.destroyed.connect(self.warm.close)
        application = QCoreApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.warm.close)

    def prepare(self) -> None:
        """A run may be started soon."""
        self._look.start()
        self._background.run(lambda job: self.warm.prepare(), lambda _: None, owner=self)

    def end(self) -> None:
        """It is not wanted any more."""
        self._look.stop()
        self._background.run(lambda job: self.warm.close(), lambda _: None)
