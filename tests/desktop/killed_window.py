"""A window that edits row 1 again and again until it is killed; prints each number once it is committed."""

import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from tests.desktop.finding import named
from tunedesk.desktop.app import build_window
from tunedesk.settings import Settings


def main() -> None:
    application = QApplication([])
    app = build_window(application, Settings(theme="light"), Path(sys.argv[1]))
    app.window.show()
    while app.data is None or app.data.document is None:
        application.processEvents()
    editor = named(app.window, "Text of turn 2, user")
    number = 0
    while True:
        number += 1
        editor.selectAll()
        editor.insertPlainText(f"Edit {number}.")
        app.data.flush()
        print(number, flush=True)
        application.processEvents()


main()
