"""The wizard to a finished job at a service, and a chat with what was tuned. Nothing is scripted.

The service is TuneDesk's own server in a process of its own, which truly trains the starter model.
"""

import json

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QPlainTextEdit, QWidget

from tests.desktop.conftest import settle
from tests.desktop.finding import buttons, named, words_on
from tests.desktop.train.sample import mend, shorten
from tests.serve.running import RunningServer
from tests.serve.test_access import add_token
from tunedesk.desktop.chat.answer_card import AnswerCard
from tunedesk.desktop.chat.markdown_view import MarkdownView
from tunedesk.project.folder import sample_copy
from tunedesk.runs.places.cloud import ledger
from tunedesk.runs.receipt import read_receipt
from tunedesk.runs.run_folder import RunFolder, RunState

Standard = QKeySequence.StandardKey
PATIENCE_MS = 120_000
"""For an engine that imports its libraries on a busy computer; nothing waits that long when all is well."""
NAME = "Our GPU box"


@pytest.fixture
def project(tmp_path):
    root = sample_copy(fresh_in=tmp_path)
    mend(root)
    shorten(root)
    return root


@pytest.fixture
def key(tmp_path):
    """Of a person who may use the server."""
    (tmp_path / "served").mkdir()
    return add_token(tmp_path / "served", "analyst")


@pytest.fixture
def server(tmp_path, key):
    with RunningServer(tmp_path / "served", "--require-token") as running:
        yield running


def test_the_wizard_to_a_finished_job_at_a_service_and_a_chat_with_it(
    qtbot, open_window, project, server, key, tmp_path
):
    app = open_window(project)
    add_service(qtbot, app, server, key)
    run = train_there(qtbot, app, project)
    watch(qtbot, app, run)
    look_at_the_receipt(run, server)
    talk(qtbot, app, server)
    assert not places_of(key, tmp_path), "the key is in no file"


def add_service(qtbot, app, server, key):
    """Through Settings, as one does who was given an address and a key."""
    app.window.show_pane("settings")
    press(qtbot, app.window, "Services")
    settle(qtbot, app)
    press(qtbot, app.window, "Add a service")
    settle(qtbot, app)
    profile = named(app.window, "Profile")
    profile.setFocus()
    qtbot.keyClicks(profile, "TuneDesk")
    type_into(qtbot, app, "Name", NAME)
    type_into(qtbot, app, "Address", server.url)
    field = named(app.window, "Key of the new service", QLineEdit)
    assert field.echoMode() is QLineEdit.EchoMode.Password
    qtbot.keyClicks(field, key)
    press(qtbot, app.window, "Add the service")
    settle(qtbot, app)
    assert field.text() == ""
    press(qtbot, app.window, "Test the connection")
    answered = "answered, and lists 1 model"
    qtbot.waitUntil(lambda: any(answered in words for words in words_on(app.window)), timeout=PATIENCE_MS)


def train_there(qtbot, app, project):
    """Click through the wizard; the folder of the run that it makes."""
    app.window.show_pane("train")
    settle(qtbot, app)
    press(qtbot, app.window, "Next")  # Data
    press(qtbot, app.window, "Next")  # Model
    named(app.window, NAME, QAbstractButton).click()
    settle(qtbot, app)
    press(qtbot, app.window, "Next")  # Place: its only model is chosen
    type_into(qtbot, app, "Epochs", "1")
    press(qtbot, app.window, "Next")  # Settings
    qtbot.waitUntil(lambda: bool(agreement(app)), timeout=PATIENCE_MS)
    assert not (project / "runs").exists() or not any((project / "runs").iterdir())
    start = button(app.window, "Send and train")
    assert not start.isEnabled()
    sent = named(app.window, "Row 1 of the training file as it is sent", QPlainTextEdit)
    first = (project / "datasets" / "train.jsonl").read_bytes().splitlines()[0]
    assert json.loads(sent.exact_text()) == json.loads(first)
    assert "50 rows" in agreement(app)[0].text()
    agreement(app)[0].click()
    press(qtbot, app.window, "Send and train")
    qtbot.waitUntil(lambda: app.window.shown_pane == "runs" and app.panes.runs.page.run is not None)
    return RunFolder(app.panes.runs.page.run)


def agreement(app):
    return [one for one in app.window.findChildren(QAbstractButton) if shown_with(one, "agree that")]


def shown_with(one, words):
    return one.isVisible() and words in one.text()


def watch(qtbot, app, run):
    """Follow the job to its end, in the same plots as any run."""
    page = app.panes.runs.page
    live = (None, RunState.WAITING, RunState.RUNNING)
    qtbot.waitUntil(lambda: page.state is RunState.RUNNING, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "127.0.0.1" in privacy(app), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: page.state not in live, timeout=PATIENCE_MS)
    assert page.state is RunState.FINISHED, (
        page.state,
        page.header.sentence,
        run.log_path.read_text("utf-8"),
    )
    last = run.history().step
    assert last > 0
    qtbot.waitUntil(lambda: f"at step {last}:" in named(app.window, "Loss").accessibleDescription())
    qtbot.waitUntil(lambda: privacy(app) == "Nothing leaves this computer", timeout=PATIENCE_MS)
    press(qtbot, app.window, "Service")
    known = ledger.read(run)
    qtbot.waitUntil(lambda: known.model in words_on(app.window))
    assert known.status in words_on(app.window)
    assert any(words.startswith("training: ") and "deleted" in words for words in words_on(app.window))
    assert any("Expected: " in words and "Actual: " in words for words in words_on(app.window))


def privacy(app):
    """The sentence at the right of the top line."""
    return words_on(app.window.top_line)[-1]


def look_at_the_receipt(run, server):
    receipt = read_receipt(run)
    assert receipt is not None
    assert receipt.address == server.url
    assert receipt.ended == "succeeded"
    assert receipt.job == ledger.read(run).job
    assert [file.is_deleted for file in receipt.files] == [True, True]


def talk(qtbot, app, server):
    """From the run to the chat: base and tuned model answer from the service."""
    press(qtbot, app.window, "Chat with it")
    assert app.window.shown_pane == "chat"
    told = "What you write is sent to 127.0.0.1"
    qtbot.waitUntil(lambda: app.panes.chat.told.startswith(told), timeout=PATIENCE_MS)
    field = named(app.window, "Message to the models")
    qtbot.keyClicks(field, "Where is my parcel?")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(cards(app)) == 2, timeout=PATIENCE_MS)
    assert "127.0.0.1" in privacy(app)
    qtbot.waitUntil(lambda: bool(buttons(app.window, "Send")), timeout=PATIENCE_MS)
    assert all(card.findChild(MarkdownView).text for card in cards(app))


def cards(app):
    return [each for each in app.window.findChildren(AnswerCard) if each.isVisible()]


def places_of(secret, folder):
    """The files below the folder that hold this text."""
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def type_into(qtbot, app, name, text):
    field = named(app.window, name)
    field.setFocus()
    qtbot.keySequence(field, QKeySequence(Standard.SelectAll))
    qtbot.keyClicks(field, text)


def button(root: QWidget, text: str):
    (found,) = buttons(root, text)
    return found


def press(qtbot, root: QWidget, text: str):
    """Wait until a button with this text can be pressed, and press it."""

    def ready() -> list[QAbstractButton]:
        return [each for each in buttons(root, text) if each.isEnabled()]

    qtbot.waitUntil(lambda: bool(ready()), timeout=PATIENCE_MS)
    one = ready()[0]
    qtbot.mouseClick(one, Qt.MouseButton.LeftButton, pos=QPoint(8, one.height() // 2))
