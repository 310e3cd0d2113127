"""Starts the window: the application, its settings, its log."""

import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from tunedesk import paths
from tunedesk.desktop.app import App, build_window
from tunedesk.runs import redaction
from tunedesk.settings import load_settings


def main(argv: Sequence[str]) -> int:
    """The window; argv: at most the path of a dataset or a project."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in a terminal; every edit is on disk already
    application = QApplication(["tunedesk"])
    application.setApplicationName("TuneDesk")
    application.setDesktopFileName("tunedesk")
    app = build_window(application, load_settings(), Path(argv[0]) if argv else None)
    app.errors.install()
    app.window.first_painted.connect(lambda: _start_log(app))
    app.window.show()
    return application.exec()


def _start_log(app: App) -> None:
    """After the first paint; a log that cannot be written is no reason not to open."""
    from logging.handlers import RotatingFileHandler

    from tunedesk.desktop.shell.stall_watchdog import StallWatchdog

    try:
        handler: logging.Handler = RotatingFileHandler(
            paths.logs_dir() / "window.log", maxBytes=1_000_000, backupCount=2, encoding="utf-8"
        )
    except OSError:
        handler = logging.StreamHandler(sys.stderr)
    logging.basicConfig(
        level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    redaction.install(tracebacks=False)
    StallWatchdog(app)
