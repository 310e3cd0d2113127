"""The window as a whole: bad input, second windows, errors, pages, names for everyone."""

import json
import shutil
import sys
from datetime import UTC, datetime

import msgspec
import psutil
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from tests.desktop.conftest import close, settle
from tests.desktop.finding import WAIT, act, buttons, named, notice, press, said_name, words_on
from tests.runs.examples import a_job
from tunedesk.desktop.shell.stall_watchdog import StallWatchdog
from tunedesk.project.folder import sample_copy
from tunedesk.runs.run_folder import ProcessInfo, RunFolder
from tunedesk.settings import load_settings

PANES = ("data", "train", "runs", "chat", "settings", "shortcuts", "about")


def test_qt_binding_keeps_none_alive(qapp):
    """PySide6 6.12.0 on Python 3.11 loses one reference per call and aborts after about 5,000."""
    label, before = QLabel(), sys.getrefcount(None)
    for _ in range(1000):
        label.setText("x")
    assert sys.getrefcount(None) > before - 100


@pytest.mark.parametrize("pane", PANES)
def test_every_focusable_widget_has_a_name(qtbot, app, pane):
    app.window.show_pane(pane)
    settle(qtbot, app)
    nameless = [
        widget
        for widget in app.window.findChildren(QWidget)
        if widget.isVisibleTo(app.window)
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not said_name(widget)
        and widget.objectName() != "qt_scrollarea_viewport"
    ]
    assert not nameless


@pytest.mark.parametrize("pane", PANES)
def test_no_two_actions_want_the_same_key(qtbot, app, pane):
    for each in PANES:
        app.window.show_pane(each)
    app.window.show_pane(pane)
    settle(qtbot, app)
    keys = {}
    for action in app.window.findChildren(QAction):
        if action.isEnabled() and action.isVisible() and _is_reachable(action):
            for key in action.shortcuts():
                keys.setdefault(key.toString(), set()).add(action.text())
    assert not {key: texts for key, texts in keys.items() if len(texts) > 1}


def _is_reachable(action):
    """Whether it stands in a menu or on something that is shown."""
    return any(isinstance(owner, QMenu) or owner.isVisible() for owner in action.associatedObjects())


def test_every_action_in_the_menus_has_an_icon(app):
    without = [
        action.text()
        for menu in app.window.menuBar().findChildren(QMenu)
        for action in menu.actions()
        if action.text() and action.icon().isNull() and action.menu() is None
    ]
    assert not without


def test_the_window_opens_the_sample_when_nothing_was_open_before(qtbot, open_window):
    app = open_window(None)
    assert app.data.document.path.is_relative_to(sample_copy())
    assert app.data.document.path.name == "train.jsonl"


def test_the_window_opens_what_was_open_last(qtbot, open_window, helpdesk):
    close(qtbot, open_window(helpdesk))
    again = open_window(None, load_settings())
    assert again.desk.project.root == helpdesk


def test_a_second_window_on_a_project_says_so_and_only_reads(qtbot, open_window, helpdesk):
    first = open_window(helpdesk)
    second = open_window(helpdesk)
    assert "open in another window" in notice(second.window)
    assert second.data.document.read_only
    assert named(second.window, "Text of turn 2, user").isReadOnly()
    assert not act(second.window, "Delete rows").isEnabled()
    assert not first.data.document.read_only


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.jsonl", None, "missing.jsonl"),
        ("broken.jsonl.gz", b"\x1f\x8b\x08 no archive at all", "broken.jsonl.gz"),
    ],
)
def test_what_cannot_be_opened_is_said_and_what_was_open_stays(qtbot, app, tmp_path, name, content, sentence):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    app.open(file)
    settle(qtbot, app)
    assert sentence in notice(app.window)
    assert app.data.document.path.name == "train.jsonl"
    app.reported.clear()


def test_a_folder_that_is_no_project_is_said(qtbot, app, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    app.open(folder)
    settle(qtbot, app)
    assert "pictures" in notice(app.window)
    app.reported.clear()


def test_an_empty_file_offers_to_write_the_first_example(qtbot, app, tmp_path):
    file = tmp_path / "new.jsonl"
    file.touch()
    app.open(file)
    settle(qtbot, app)
    press(qtbot, app.window, "Add row")
    assert json.loads(app.data.document.raw_at(0))["messages"][0]["role"] == "user"


def test_a_row_of_many_megabytes_opens_cut_and_stays_whole(qtbot, app, tmp_path):
    line = b'{"messages": [{"role": "user", "content": "' + b"x" * 3_000_000 + b'"}]}'
    file = tmp_path / "huge.jsonl"
    file.write_bytes(line + b"\n")
    app.open(file)
    settle(qtbot, app)
    assert any("3,000,000 characters" in words for words in words_on(app.window))
    app.data.flush()
    assert app.data.document.raw_at(0) == line


def test_bytes_that_are_not_utf8_are_shown_and_survive_an_edit_beside_them(qtbot, app, tmp_path):
    file = tmp_path / "latin.jsonl"
    file.write_bytes(b'{"prompt": "caf\xe9", "completion": "oui"}\n')
    app.open(file)
    settle(qtbot, app)
    editor = named(app.window, "JSON of the row")
    assert any("not UTF-8" in words for words in words_on(app.window))
    editor.cursor_to(editor.exact_text().index("oui"))
    with qtbot.waitSignal(editor.text_edited, timeout=WAIT):
        qtbot.keyClicks(editor, "mais ")
    assert app.data.document.raw_at(0) == b'{"prompt": "caf\xe9", "completion": "mais oui"}'
    settle(qtbot, app)


def test_a_project_whose_model_is_gone_is_still_checked(qtbot, open_window, helpdesk):
    manifest = helpdesk / "project.json"
    known = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**known, "default_model": "nowhere-1b"}), encoding="utf-8")
    app = open_window(helpdesk)
    assert "nowhere-1b" in notice(app.window)
    assert any("rows with findings" in words for words in words_on(app.window))
    app.reported.clear()


def test_an_unexpected_error_is_a_notice_with_folded_details_and_the_window_lives(qtbot, app, capture_errors):
    QTimer.singleShot(0, lambda: 1 / 0)
    qtbot.waitUntil(lambda: "division by zero" in notice(app.window), timeout=WAIT)
    press(qtbot, app.window, "Details")
    assert "ZeroDivisionError" in named(app.window, "Details of the notice").toPlainText()
    press(qtbot, app.window, "Details")
    act(app.window, "Close this notice").trigger()
    assert notice(app.window) == ""
    app.reported.clear()


@pytest.fixture
def capture_errors(app, qtbot, monkeypatch):
    """pytest-qt fails a test for each error in a slot; here the window's own hook shall have it."""
    with qtbot.captureExceptions():
        app.errors.install()
        yield
        app.errors.uninstall()


def test_the_pages_name_every_shortcut(qtbot, app):
    act(app.window, "Keyboard shortcuts").trigger()
    words = words_on(app.window)
    assert {"Save", "Ctrl+S", "Next finding", "F8"} <= set(words)


def test_keys_of_the_data_pane_do_nothing_on_another_pane(qtbot, app):
    act(app.window, "Delete rows")
    app.window.show_pane("settings")
    assert not act(app.window, "Delete rows").isEnabled()
    app.window.show_pane("data")
    assert act(app.window, "Delete rows").isEnabled()


def test_the_theme_that_is_chosen_in_the_settings_is_kept(qtbot, app):
    app.window.show_pane("settings")
    settle(qtbot, app)
    chooser = named(app.window, "Theme")
    chooser.setFocus()
    qtbot.keyClick(chooser, Qt.Key.Key_Down)
    settle(qtbot, app)
    assert load_settings().theme == "dark"
    qtbot.keyClick(chooser, Qt.Key.Key_Up)
    settle(qtbot, app)


def test_the_windows_size_and_recent_projects_are_remembered(qtbot, open_window, helpdesk):
    app = open_window(helpdesk)
    close(qtbot, app)
    settings = load_settings()
    assert settings.window_geometry
    assert settings.recent_projects == (str(helpdesk),)


def test_closing_a_project_leaves_the_one_thing_to_do_next(qtbot, app):
    act(app.window, "Close project").trigger()
    settle(qtbot, app)
    assert "Open a file of examples" in words_on(app.window)
    assert buttons(app.window, "Open the sample")
    press(qtbot, app.window, "Open the sample")
    settle(qtbot, app)
    assert app.data.document.path.name == "train.jsonl"


@pytest.fixture
def live_run(helpdesk):
    """A run folder whose engine, it seems, is this very process."""
    job = msgspec.structs.replace(a_job(), created=datetime.now(UTC).isoformat())
    (helpdesk / "runs").mkdir(exist_ok=True)
    folder = RunFolder.create(helpdesk / "runs", job, [b"{}"])
    me = psutil.Process()
    folder.process_path.write_bytes(msgspec.json.encode(ProcessInfo(me.pid, me.create_time(), 1)))
    return folder


def test_closing_with_a_live_run_asks_and_cancel_stays(qtbot, open_window, helpdesk, live_run):
    app = open_window(helpdesk)
    app.window.close()
    qtbot.waitUntil(lambda: "still running" in notice(app.window), timeout=WAIT)
    press(qtbot, app.window, "Cancel")
    assert app.window.isVisible()
    assert not live_run.control_path.exists()
    app.window.close()
    press(qtbot, app.window, "Keep training")
    qtbot.waitUntil(lambda: not app.window.isVisible(), timeout=WAIT)
    assert not live_run.control_path.exists()


def test_stop_and_save_asks_the_engine_and_closes(qtbot, open_window, helpdesk, live_run):
    app = open_window(helpdesk)
    app.window.close()
    press(qtbot, app.window, "Stop and save")
    qtbot.waitUntil(lambda: not app.window.isVisible(), timeout=WAIT)
    assert b"stop" in live_run.control_path.read_bytes()


def test_panes_of_a_project_go_with_it(qtbot, app, tmp_path):
    app.window.show_pane("runs")
    app.window.show_pane("train")
    settle(qtbot, app)
    other = tmp_path / "other"
    shutil.copytree(app.desk.project.root, other)
    first = app.panes.train
    app.open(other)
    settle(qtbot, app)
    app.window.show_pane("train")
    settle(qtbot, app)
    assert app.panes.train is not first
    act(app.window, "Close project").trigger()
    assert app.window.shown_pane == "data"


def test_a_stall_is_noticed_once(qtbot, caplog):
    label = QLabel()
    qtbot.addWidget(label)
    watchdog = StallWatchdog(label, limit_seconds=0.05)
    # The drawing thread is held up until the watchdog has seen it: the test cannot be too fast for it.
    while not watchdog.stalls:
        pass
    assert "held up" in caplog.text
    assert "test_a_stall_is_noticed_once" in caplog.text
    watchdog.stop()


def test_what_is_being_typed_is_kept_when_the_window_closes(qtbot, open_window, helpdesk):
    app = open_window(helpdesk)
    editor = named(app.window, "Text of turn 2, user")
    editor.setFocus()
    qtbot.keyClicks(editor, "Last words. ")
    close(qtbot, app)
    again = open_window(helpdesk)
    assert b"Last words. " in again.data.document.raw_at(0)


def test_a_row_that_blocks_the_training_is_shown_in_its_dataset(qtbot, app, helpdesk):
    app.panes.rows_requested.emit(helpdesk / "datasets" / "valid.jsonl", 3)
    settle(qtbot, app)
    assert app.data.document.path.name == "valid.jsonl"
    assert "Row 3" in words_on(app.window)


def test_a_damaged_project_database_is_told_and_the_rows_are_there(qtbot, open_window, helpdesk):
    folder = helpdesk / ".tunedesk"
    folder.mkdir(exist_ok=True)
    (folder / "state.db").write_bytes(b"no database at all, but long enough to look like a file " * 40)
    app = open_window(helpdesk)
    assert len(app.data.document) == 60
    assert any("state.db was damaged" in each.text for each in app.window.notices.notices)
