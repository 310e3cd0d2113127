"""How long the window stands still while a big file is worked on: the longest turn of its event loop.

python tests/benchmarks/window_stalls.py [--rows 200000] [--json]

Each line is one thing that a person does; it is over when no background work is left. The wish is that no
turn takes longer than 50 ms.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from tests.benchmarks.chat_rows import write_chat_rows  # noqa: E402
from tunedesk.desktop.app import App, build_window  # noqa: E402
from tunedesk.desktop.data.table.columns import Column  # noqa: E402
from tunedesk.desktop.data.table.row_table import RowTable  # noqa: E402
from tunedesk.settings import Settings  # noqa: E402

MOST_SECONDS = 300


def turn() -> float:
    """Seconds of one turn of the event loop."""
    start = time.perf_counter()
    QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
    spent = time.perf_counter() - start
    time.sleep(0.001)  # let the workers have the interpreter, as a waiting window does
    return spent


def longest(app: App, act: Callable[[], object], *, settle: bool = True) -> float:
    """Milliseconds of the longest turn from the act until nothing works in the background."""
    start = time.perf_counter()
    act()
    worst = time.perf_counter() - start
    end, rest = start + MOST_SECONDS, time.perf_counter() + 0.5
    while time.perf_counter() < end:
        worst = max(worst, turn())
        if not settle or app.background.is_idle:
            if time.perf_counter() > rest:
                break
        else:
            rest = time.perf_counter() + 0.5
    return worst * 1000


def measure(rows: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TUNEDESK_HOME"] = folder
        path = Path(folder) / "rows.jsonl"
        write_chat_rows(path, rows)
        application = QApplication.instance() or QApplication(["tunedesk"])
        app = build_window(application, Settings(theme="light"), path)  # type: ignore[arg-type]
        app.window.resize(1400, 900)
        app.window.show()
        while app.data is None or app.data.document is None:
            turn()
        found = {"while every row is checked": longest(app, lambda: None)}
        found |= _acts(app, rows)
        app.window.close()
        while app.window.isVisible():
            turn()
        return found


def _acts(app: App, rows: int) -> dict[str, float]:
    assert app.data is not None
    table = app.window.findChild(RowTable)
    search = next(
        each for each in app.window.findChildren(QWidget) if each.accessibleName() == "Search in all rows"
    )
    actions = app.data.actions_of_pane
    return {
        "select all": longest(app, table.selectAll),
        "one row after all": longest(app, lambda: table.go_to_row(0)),
        "jump to the end": longest(app, lambda: table.go_to_row(rows - 1)),
        "jump to the middle": longest(app, lambda: table.go_to_row(rows // 2)),
        "next finding": longest(app, actions.next_finding.trigger),
        "search": longest(app, lambda: search.setText("the")),  # type: ignore[attr-defined]
        "all rows again": longest(app, lambda: search.setText("")),  # type: ignore[attr-defined]
        "only rows with findings": longest(app, lambda: actions.only_findings.setChecked(True)),
        "and all again": longest(app, lambda: actions.only_findings.setChecked(False)),
        "sort by the question": longest(app, lambda: table.header_clicked.emit(Column.USER)),
        "delete a row": longest(app, actions.delete_row.trigger),
        "undo": longest(app, actions.undo.trigger),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    found = measure(chosen.rows)
    if chosen.json:
        print(json.dumps({"rows": chosen.rows, "longest_ms": found, "worst_ms": max(found.values())}))
        return
    print(f"{chosen.rows:,} rows; the longest turn of the event loop")
    for name, milliseconds in found.items():
        print(f"  {name:32} {milliseconds:8.0f} ms")


if __name__ == "__main__":
    main()
