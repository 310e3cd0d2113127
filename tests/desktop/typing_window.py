"""A window that is typed into without end, to be killed: `typing_window.py PROJECT SEED`.

It writes one line to its output for each key that was pressed ("key"), and one for each edit that the
document says it has ("kept", the row's number from 1, and the word that was typed into the row).
"""

import itertools
import random
import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.desktop.finding import named
from tunedesk.desktop.app import App, build_window
from tunedesk.desktop.data.table.row_model import Column
from tunedesk.settings import Settings

ROWS = 7
"""Rows that are typed into; none of them has a finding."""
TURNS = ((2, "user"), (3, "assistant"))


def tell(*words: object) -> None:
    print(*words, flush=True)


def type_for_ever(app: App, chance: random.Random) -> None:
    document = app.data.document
    for number in itertools.count():
        row, word = chance.randint(1, ROWS), f"w{chance.randrange(10**6)}n{number} "
        show_row(app, row)
        before = document.version
        type_word(app, chance.choice(TURNS), word)
        leave_the_field(chance)
        wait_until(lambda before=before, row=row: document.version > before)
        if word.encode() not in document.raw_at(row - 1):
            sys.exit(f"row {row} does not have {word!r}")
        tell("kept", row, word)


def show_row(app: App, row: int) -> None:
    table = named(app.window, "Examples")
    index = table.model().index(row - 1, Column.USER)
    table.scrollTo(index)
    place = table.visualRect(index).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def type_word(app: App, turn: tuple[int, str], word: str) -> None:
    field = named(app.window, f"Text of turn {turn[0]}, {turn[1]}")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    for letter in word:
        QTest.keyClick(field, letter)
        tell("key")


def leave_the_field(chance: random.Random) -> None:
    """Sometimes by going on to the next row; else the field's own pause lets the document have the word."""
    if chance.random() < 0.5:
        field = QApplication.focusWidget()
        QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def wait_until(condition) -> None:  # type: ignore[no-untyped-def]
    while not condition():
        QTest.qWait(5)


def main(project: Path, seed: int) -> None:
    application = QApplication(["tunedesk"])
    app = build_window(application, Settings(theme="light"), project)
    app.window.show()
    app.window.activateWindow()
    wait_until(lambda: app.data is not None and app.data.document is not None and app.background.is_idle)
    type_for_ever(app, random.Random(seed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
