"""A real training of a tiny model, driven by the pane's buttons alone: started, paused, stopped, resumed."""

import pytest
from PySide6.QtCore import Qt

from tests.desktop.runs.test_pane import button
from tests.runs.chats import chat_row
from tests.tiny_model import write_tiny_model
from tunedesk.desktop.runs.pane import RunsPane
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.places import this_computer
from tunedesk.runs.requests import RunRequest, prepare_run
from tunedesk.runs.run_folder import RunState

TASK = [chat_row(f"what says the {who}", "yes") for who in ("cat", "dog", "bird")]
SETTINGS = Hyperparameters(
    epochs=1000, max_steps=150, batch_size=3, learning_rate=1e-2, max_length=64, threads=1, lora_rank=4
)
PATIENCE_MS = 120_000
"""For an engine that imports its libraries on a busy computer; nothing waits that long when all is well."""


@pytest.fixture
def prepared(tmp_path, runs_dir):
    model = write_tiny_model(tmp_path / "tiny")
    request = RunRequest(runs_dir, tmp_path / "task.jsonl", TASK, model, TASK, hyperparameters=SETTINGS)
    run = prepare_run(request)
    yield run
    this_computer.stop_now(run)


def test_a_training_is_driven_by_the_buttons_alone(qtbot, prepared, runs_dir, background):
    pane = RunsPane(runs_dir, this_computer, background)
    qtbot.addWidget(pane)
    pane.resize(1200, 800)
    pane.show()

    def press(text):
        qtbot.waitUntil(lambda: any(one.isVisible() for one in _buttons(pane, text)), timeout=PATIENCE_MS)
        qtbot.mouseClick(button(pane, text), Qt.MouseButton.LeftButton)

    def reach(state):
        qtbot.waitUntil(lambda: pane.page.state is state, timeout=PATIENCE_MS)

    press("Start")
    qtbot.waitUntil(lambda: pane.page.history.step >= 1, timeout=PATIENCE_MS)
    press("Pause")
    reach(RunState.PAUSED)
    press("Continue")
    reach(RunState.RUNNING)
    press("Stop and save")
    reach(RunState.STOPPED)
    stopped_at = pane.page.history.step
    assert 1 <= stopped_at < SETTINGS.max_steps
    press("Resume")
    reach(RunState.FINISHED)
    qtbot.waitUntil(lambda: pane.actions_of_run.chat.isVisible())
    assert pane.page.history.attempt == 2
    assert sorted(pane.page.history.steps) == list(range(1, SETTINGS.max_steps + 1))
    assert pane.page.history.steps == prepared.history().steps
    losses = [step.loss for _, step in sorted(pane.page.history.steps.items())]
    assert losses[-1] < losses[0]
    pane.close_run()


def _buttons(pane, text):
    from PySide6.QtWidgets import QPushButton

    return [one for one in pane.findChildren(QPushButton) if one.text() == text]
