"""Everything nobody caught: logged, and told once with folded details. The window stays alive.

Slots, timers, paint events and worker slots all end in sys.excepthook, plain threads in threading.excepthook.
"""

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from tunedesk.errors import UserError
from tunedesk.runs.redaction import redact

log = logging.getLogger(__name__)


class ErrorHook(QObject):
    """Catches on any thread, reports on the thread that draws."""

    reported = Signal(Exception, str)
    """The exception and its traceback."""

    def install(self) -> None:
        sys.excepthook = self._uncaught
        threading.excepthook = lambda args: self._uncaught(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )

    def uninstall(self) -> None:
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def report(self, error: Exception) -> None:
        """For an exception that was caught at the edge of a thread and is not expected."""
        text = redact("".join(traceback.format_exception(error)))
        if not isinstance(error, UserError):
            log.error("unexpected error\n%s", text)
        self.reported.emit(error, text)

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception):
            sys.__excepthook__(kind, error, trace)
            return
        self.report(error)
