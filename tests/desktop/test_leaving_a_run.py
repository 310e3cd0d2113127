"""Closing the window while a real training runs: it goes on without the window, or is stopped and saved."""

import subprocess
import sys

import pytest
from PySide6.QtCore import Qt

from tests.desktop.conftest import close
from tests.desktop.finding import notice, press
from tests.runs.chats import chat_row
from tests.tiny_model import write_tiny_model
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.places import this_computer
from tunedesk.runs.requests import RunRequest, prepare_run
from tunedesk.runs.run_folder import RunState

TASK = [chat_row(f"what says the {who}", "yes") for who in ("cat", "dog", "bird")]
ENDLESS = Hyperparameters(
    epochs=1000,
    max_steps=1_000_000,
    batch_size=3,
    learning_rate=1e-3,
    max_length=64,
    threads=1,
    lora_rank=4,
    eval_steps=1_000_000,
)
"""It ends only when it is asked to."""
PATIENCE_MS = 120_000
STARTER = (
    "import sys; from pathlib import Path; from tunedesk.runs.places import this_computer;"
    "from tunedesk.runs.run_folder import RunFolder; this_computer.start(RunFolder(Path(sys.argv[1])))"
)


@pytest.fixture
def run(tmp_path, helpdesk):
    """A training of a tiny model in the project; the process that started it is gone already."""
    model = write_tiny_model(tmp_path / "tiny")
    request = RunRequest(helpdesk / "runs", tmp_path / "task.jsonl", TASK, model, hyperparameters=ENDLESS)
    run = prepare_run(request)
    subprocess.run([sys.executable, "-c", STARTER, str(run.path)], check=True)
    yield run
    this_computer.stop_now(run)


def test_a_training_goes_on_without_the_window_and_is_stopped_and_saved_by_the_next_one(
    qtbot, open_window, helpdesk, run
):
    first = open_window(helpdesk)
    follow(qtbot, first, run, steps=2)
    ask_to_close(qtbot, first)
    press(qtbot, first.window, "Keep training")
    qtbot.waitUntil(lambda: not first.window.isVisible())
    assert run.is_alive()
    reached = run.history().step

    second = open_window(helpdesk)
    follow(qtbot, second, run, steps=reached + 2)
    assert second.panes.runs.page.history.attempt == 1, "it is the same training"
    ask_to_close(qtbot, second)
    press(qtbot, second.window, "Stop and save")
    qtbot.waitUntil(lambda: not second.window.isVisible())
    qtbot.waitUntil(lambda: not run.is_alive(), timeout=PATIENCE_MS)
    stopped = run.history()
    assert run.state() is RunState.STOPPED, run.log_path.read_text(encoding="utf-8")
    assert stopped.step > reached
    assert (run.path / stopped.checkpoints[stopped.step].path).is_dir()

    third = open_window(helpdesk)
    close(qtbot, third)
    assert notice(third.window) == "", "nothing runs, so nothing is asked"


def follow(qtbot, app, run, steps):
    """Show the runs by key and wait until the page has seen so many steps of this one."""
    app.window.activateWindow()
    qtbot.keyClick(app.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: app.panes.runs.page.run == run.path, timeout=PATIENCE_MS)
    page = app.panes.runs.page
    ended = (RunState.FINISHED, RunState.FAILED, RunState.STOPPED, RunState.INTERRUPTED)
    qtbot.waitUntil(lambda: page.history.step >= steps or page.state in ended, timeout=PATIENCE_MS)
    assert page.state is RunState.RUNNING, run.log_path.read_text(encoding="utf-8")


def ask_to_close(qtbot, app):
    app.window.close()
    qtbot.waitUntil(lambda: "still running" in notice(app.window), timeout=PATIENCE_MS)
    assert app.window.isVisible()
