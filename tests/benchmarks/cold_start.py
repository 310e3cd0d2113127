"""Window cold start: wall time of a process until its first paint, against a process with a bare QMainWindow.

python tests/benchmarks/cold_start.py [--rounds 9] [--json]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from tunedesk import paths  # noqa: E402

LIMIT = 2.0
"""The window may take at most so many times as long as the bare one."""

BARE = """
import os
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class Bare(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: os._exit(0))
application = QApplication([])
window = Bare()
window.resize(1280, 820)
window.show()
application.exec()
"""

WHOLE = """
import os, sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from tunedesk.desktop.app import build_window
from tunedesk.settings import load_settings
application = QApplication(["tunedesk"])
app = build_window(application, load_settings(), Path(sys.argv[1]))
app.window.first_painted.connect(lambda: os._exit(0))
app.window.show()
application.exec()
"""


def seconds_of(program: str, *arguments: str, home: str) -> float:
    """home: also where compiled bytecode is kept, as it is after an installation."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "TUNEDESK_HOME": home}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(Path(home) / "bytecode")
    environment["PYTHONPATH"] = str(ROOT / "src")
    command = [sys.executable, "-c", program, *arguments]
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sample = str(paths.sample_project())
    bare: list[float] = []
    whole: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        for round_number in range(options.rounds + 1):
            # One after the other, so that what else the computer does falls on both.
            pair = seconds_of(BARE, home=home), seconds_of(WHOLE, sample, home=home)
            if round_number:  # the first round fills the disk cache
                bare.append(pair[0])
                whole.append(pair[1])
    figures = {
        "bare_seconds": round(statistics.median(bare), 4),
        "window_seconds": round(statistics.median(whole), 4),
        "ratio": round(statistics.median(whole) / statistics.median(bare), 3),
        "ratio_limit": LIMIT,
    }
    print("Window cold start, medians of", options.rounds)
    print(f"  bare QMainWindow  {figures['bare_seconds'] * 1000:7.0f} ms")
    print(f"  TuneDesk          {figures['window_seconds'] * 1000:7.0f} ms   {figures['ratio']:.2f}x")
    if options.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
