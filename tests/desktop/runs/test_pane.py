"""The Runs pane fed by real event files: it follows, offers what fits, and asks the engine through files."""

import csv
import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtWidgets import QPushButton, QWidget

from tests.runs.examples import a_start, a_step, an_evaluation
from tunedesk.runs.events import Checkpointed, Finished, Paused, Sampled, Stopped, encode_event
from tunedesk.runs.run_folder import RunState


def finished(attempt=1):
    return Finished(
        run="r",
        attempt=attempt,
        seq=99,
        time=0,
        steps=10,
        train_loss=0.1,
        valid_loss=0.2,
        best_step=8,
        adapter="adapter",
        seconds=61,
    )


def checkpoint(step):
    return Checkpointed(
        run="r", attempt=1, seq=9, time=0, step=step, path=f"checkpoints/{step}", reason="schedule"
    )


def show(qtbot, pane):
    pane.show()
    qtbot.waitUntil(lambda: pane.page.state is not None and pane.page.plots.page is not None)


def loss_plot(pane):
    return pane.page.plots.page.plots[0]


def button(pane, text):
    found = [one for one in pane.findChildren(QPushButton) if one.text() == text and one.isVisible()]
    assert found, f"there is no button {text}"
    return found[0]


def test_a_project_without_runs_offers_to_train_a_model(qtbot, pane):
    pane.show()
    with qtbot.waitSignal(pane.train_requested):
        qtbot.mouseClick(button(pane, "Train a model"), Qt.MouseButton.LeftButton)


def test_the_plot_library_is_imported_only_when_plots_are_shown():
    check = (
        "import sys, pathlib; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from tunedesk.desktop.background import Background; from tunedesk.desktop.runs.pane import RunsPane;"
        "RunsPane(pathlib.Path('nowhere'), None, Background());"
        "sys.exit(bool({'pyqtgraph', 'numpy', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_a_running_run_is_found_and_followed(qtbot, pane, new_run):
    run = new_run()
    run.be_alive()
    run.write(a_start(1, None), a_step(1), a_step(2))
    show(qtbot, pane)
    qtbot.waitUntil(lambda: pane.page.history.step == 2)
    assert pane.page.state is RunState.RUNNING
    assert "step 2 of 10" in pane.page.header.sentence
    assert pane.page.header.time_left == "12 seconds left"
    run.write(a_step(3, loss=0.75))
    qtbot.waitUntil(lambda: pane.page.history.step == 3)
    qtbot.waitUntil(lambda: "0.75" in loss_plot(pane).values)


def test_a_half_line_waits_for_the_rest(qtbot, pane, new_run):
    run = new_run()
    run.be_alive()
    run.write(a_start(1, None), a_step(1))
    line = encode_event(a_step(2))
    with open(run.folder.events_path, "ab") as file:
        file.write(line[:40])
    show(qtbot, pane)
    qtbot.waitUntil(lambda: pane.page.history.step == 1)
    with open(run.folder.events_path, "ab") as file:
        file.write(line[40:])
    qtbot.waitUntil(lambda: pane.page.history.step == 2)


def test_a_resumed_attempt_replaces_the_later_steps(qtbot, pane, new_run):
    run = new_run()
    run.be_alive()
    run.write(a_start(1, None), *(a_step(step, loss=5.0) for step in range(1, 7)))
    show(qtbot, pane)
    qtbot.waitUntil(lambda: pane.page.history.step == 6)
    run.be_alive(attempt=2)
    run.write(a_start(2, 3), a_step(4, attempt=2, loss=1.25))
    qtbot.waitUntil(lambda: pane.page.history.step == 4)
    assert pane.page.history.steps[4].loss == 1.25
    loss_plot(pane).show_cursor(4.0)
    qtbot.waitUntil(lambda: loss_plot(pane).values.startswith("step 4   training, each step 1.25"))


def test_pause_is_asked_through_the_control_file(qtbot, pane, new_run):
    run = new_run()
    run.be_alive()
    run.write(a_start(1, None), a_step(1))
    show(qtbot, pane)
    qtbot.mouseClick(button(pane, "Pause"), Qt.MouseButton.LeftButton)
    assert "Pausing" in pane.page.header.sentence
    qtbot.waitUntil(lambda: [one.action for one in run.folder.requests()] == ["pause"])
    run.write(Paused(run="r", attempt=1, seq=3, time=0, step=1))
    qtbot.waitUntil(lambda: pane.page.state is RunState.PAUSED)
    qtbot.mouseClick(button(pane, "Continue"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [one.action for one in run.folder.requests()] == ["pause", "resume"])


def test_stopping_asks_to_save_first_and_ends_at_once_when_pressed_again(qtbot, pane, new_run, place):
    run = new_run()
    run.be_alive()
    run.write(a_start(1, None), a_step(1))
    show(qtbot, pane)
    qtbot.mouseClick(button(pane, "Stop and save"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [one.action for one in run.folder.requests()] == ["stop"])
    assert place.done == []
    qtbot.mouseClick(button(pane, "Stop at once"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: place.done == [("stop_now", run.folder.path)])


def test_a_checkpoint_can_be_asked_for(qtbot, pane, new_run):
    run = new_run()
    run.be_alive()
    run.write(a_start(1, None), a_step(1))
    show(qtbot, pane)
    pane.actions_of_run.checkpoint.trigger()
    qtbot.waitUntil(lambda: [one.action for one in run.folder.requests()] == ["checkpoint"])
    assert pane.page.asked == "checkpoint"
    run.write(checkpoint(1))
    qtbot.waitUntil(lambda: pane.page.asked is None)


def test_a_run_whose_engine_is_gone_offers_to_resume(qtbot, pane, new_run, place):
    run = new_run()
    run.be_alive()
    run.write(a_start(1, None), a_step(1), checkpoint(1), a_step(2))
    show(qtbot, pane)
    qtbot.waitUntil(lambda: pane.page.state is RunState.RUNNING)
    run.die()
    qtbot.waitUntil(lambda: pane.page.state is RunState.INTERRUPTED)
    assert "Resume goes on from step 1" in pane.page.header.sentence
    qtbot.mouseClick(button(pane, "Resume"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: place.done == [("resume", run.folder.path)])


def test_a_stopped_run_can_be_resumed_and_not_paused(qtbot, pane, new_run):
    run = new_run()
    run.die()
    stopped = Stopped(run="r", attempt=1, seq=9, time=0, step=2, checkpoint="checkpoints/2")
    run.write(a_start(1, None), a_step(1), a_step(2), stopped)
    show(qtbot, pane)
    assert pane.page.state is RunState.STOPPED
    assert button(pane, "Resume")
    assert not pane.actions_of_run.pause.isVisible()


def test_a_run_that_was_prepared_and_never_started_can_be_started(qtbot, pane, new_run, place):
    run = new_run()
    show(qtbot, pane)
    qtbot.mouseClick(button(pane, "Start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: place.done == [("start", run.folder.path)])


def test_a_finished_run_invites_to_a_chat(qtbot, pane, new_run):
    run = new_run()
    run.die()
    run.write(a_start(1, None), a_step(1), finished())
    run.folder.adapter_dir.mkdir()
    (run.folder.adapter_dir / "adapter_config.json").write_text("{}")
    show(qtbot, pane)
    qtbot.waitUntil(lambda: pane.actions_of_run.chat.isVisible())
    with qtbot.waitSignal(pane.chat_requested) as asked:
        qtbot.mouseClick(button(pane, "Chat with it"), Qt.MouseButton.LeftButton)
    assert asked.args == [run.folder.path]


def test_the_table_holds_what_the_events_say(qtbot, pane, new_run, tmp_path):
    run = new_run()
    run.die()
    steps = [a_step(step, loss=1 / step) for step in range(1, 6)]
    run.write(a_start(1, None), *steps, an_evaluation(5, 0.125))
    show(qtbot, pane)
    qtbot.waitUntil(lambda: pane.page.history.step == 5)
    with qtbot.waitSignal(pane.notice_raised):
        pane.page.write_csv(tmp_path / "run.csv")
    with open(tmp_path / "run.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["loss"]) for line in lines] == [step.loss for step in steps]
    assert [line["valid_loss"] for line in lines] == ["", "", "", "", "0.125"]


def test_the_plots_are_saved_as_a_picture(qtbot, pane, new_run, tmp_path):
    run = new_run()
    run.write(a_start(1, None), a_step(1), a_step(2))
    show(qtbot, pane)
    with qtbot.waitSignal(pane.notice_raised):
        pane.page.write_png(tmp_path / "run.png")
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")


def test_switching_runs_shows_only_the_other_one(qtbot, pane, new_run):
    older, newer = new_run("a", "2026-11-19T08:00:00+00:00"), new_run("b", "2026-11-20T08:00:00+00:00")
    older.write(a_start(1, None), *(a_step(step) for step in range(1, 9)))
    newer.write(a_start(1, None), a_step(1))
    show(qtbot, pane)
    qtbot.waitUntil(lambda: pane.page.history.step == 1)
    pane.run_list.choose(older.folder.path)
    qtbot.waitUntil(lambda: pane.page.history.step == 8)
    pane.run_list.choose(newer.folder.path)
    qtbot.waitUntil(lambda: pane.page.history.step == 1)
    assert pane.page.run == newer.folder.path


def test_a_run_started_elsewhere_is_chosen_once_the_list_knows_it(qtbot, pane, new_run):
    new_run("a", "2026-11-20T08:00:00+00:00")
    show(qtbot, pane)
    started = new_run("b", "2026-11-19T08:00:00+00:00")
    pane.show_run(started.folder.path)
    qtbot.waitUntil(lambda: pane.run_list.chosen == started.folder.path)


def test_samples_stand_under_their_steps(qtbot, pane, new_run):
    run = new_run()
    answers = [
        Sampled(
            run="r",
            attempt=1,
            seq=4,
            time=0,
            step=step,
            prompt_index=0,
            prompt="Hello",
            text=text,
            stopped=ok,
        )
        for step, text, ok in ((1, "blue", False), (2, "billing", True))
    ]
    run.write(a_start(1, None), a_step(1), answers[0], a_step(2), answers[1])
    show(qtbot, pane)
    pane.page.show_view(1)
    names = [child.accessibleName() for child in pane.page.samples.findChildren(QWidget)]
    assert "Answer to prompt 1 after step 1" in names
    assert "Answer to prompt 1 after step 2" in names
    assert "cut off: it did not end by itself" in names


def test_the_log_tells_events_in_words_and_the_engines_own_lines(qtbot, pane, new_run):
    run = new_run()
    run.folder.log_path.write_text("quantising 28 matrices\n")
    run.write(a_start(1, None), a_step(1), checkpoint(1))
    show(qtbot, pane)
    qtbot.waitUntil(lambda: "quantising" in pane.page.log.log_text)
    assert "Checkpoint after step 1 (on schedule)" in pane.page.log.events_text
    assert "Step 1" not in pane.page.log.events_text


def test_a_damaged_run_is_listed_with_its_problem(qtbot, pane, new_run, runs_dir, background):
    new_run()
    (runs_dir / "broken").mkdir()
    (runs_dir / "broken" / "job.json").write_text("{")
    show(qtbot, pane)
    qtbot.waitUntil(lambda: len(pane.run_list.runs) == 2)
    broken = next(run for run in pane.run_list.runs if run.run == "broken")
    assert broken.state is RunState.FAILED
    assert "damaged" in broken.problem


def test_every_action_has_a_text_an_icon_and_a_key_of_its_own(pane):
    actions = [one for one in pane.findChildren(QAction) if one.text()]
    offered = [one for one in pane.actions_for_menu() if one is not None]
    assert set(offered) <= set(actions)
    assert all(not one.icon().isNull() for one in offered)
    keys = [one.shortcut().toString() for one in pane.actions() + pane.page.actions()]
    assert all(keys)
    assert len(set(keys)) == len(keys)


def test_keys_work_wherever_the_focus_is_in_the_window(qtbot, pane, new_run):
    run = new_run()
    run.be_alive()
    run.write(a_start(1, None), a_step(1))
    show(qtbot, pane)
    pane.activateWindow()
    qtbot.keyClick(
        pane, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    qtbot.waitUntil(lambda: [one.action for one in run.folder.requests()] == ["pause"])


@pytest.mark.parametrize("view", range(4))
def test_everything_that_takes_the_focus_has_a_name(qtbot, pane, new_run, view):
    run = new_run()
    run.be_alive()
    run.write(a_start(1, None), a_step(1))
    show(qtbot, pane)
    pane.page.show_view(view)
    nameless = [
        widget
        for widget in pane.findChildren(QWidget)
        if widget.isVisibleTo(pane)
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and widget.objectName() != "qt_scrollarea_viewport"
        and not QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
    ]
    assert nameless == []


def test_the_plot_describes_itself_in_a_sentence(qtbot, pane, new_run):
    run = new_run()
    run.write(a_start(1, None), a_step(1, loss=2.0), a_step(2, loss=0.61), an_evaluation(2, 0.5))
    show(qtbot, pane)
    qtbot.waitUntil(lambda: pane.page.history.step == 2)
    view = next(child for child in loss_plot(pane).findChildren(QWidget) if child.accessibleName() == "Loss")
    qtbot.waitUntil(lambda: "step 2" in view.accessibleDescription())
    sentence = view.accessibleDescription()
    assert sentence == "Loss at step 2: training, each step 0.61, smoothed 0.61, validation 0.5."
