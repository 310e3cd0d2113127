"""The whole path once through the real window: mend, train, watch, talk, correct, save. Nothing is scripted.

The training, its engine and the chat's engine are the real ones, on the starter model; only the number of
steps is small.
"""

import json

import psutil
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QTableWidget, QWidget

from tests.desktop.conftest import close, settle
from tests.desktop.finding import buttons, named, words_on
from tests.desktop.shown_windows import ShownWindows
from tunedesk.dataset.parsing import parse_row
from tunedesk.desktop.chat.answer_card import AnswerCard
from tunedesk.desktop.chat.markdown_view import MarkdownView
from tunedesk.desktop.data.table.row_model import Column
from tunedesk.project.folder import sample_copy
from tunedesk.runs.run_folder import RunFolder, RunState

Key, Modifier, Standard = Qt.Key, Qt.KeyboardModifier, QKeySequence.StandardKey
PATIENCE_MS = 120_000
"""For an engine that imports its libraries on a busy computer; nothing waits that long when all is well."""
STEPS = 8
"""Half as many are enough for the success check, that the tuned model ends an answer by itself."""
QUESTION = "Hello! The kettle that I bought last week does not heat any more. Regards, Mina"
CORRECTION = json.dumps(
    {
        "category": "technical",
        "urgency": "normal",
        "reply": "Hello Mina, our technicians will examine the kettle. You will hear from us by tomorrow.",
    }
)


@pytest.fixture
def project(tmp_path):
    """The whole sample project, with its 25 planted faults."""
    return sample_copy(fresh_in=tmp_path)


def test_the_whole_path_through_the_window(qtbot, qapp, open_window, project):
    file = project / "datasets" / "train.jsonl"
    lines = file.read_bytes().splitlines()
    faults = json.loads((project / "faults.json").read_bytes())["faults"]
    strangers = children()
    windows = ShownWindows(qapp)
    app = open_window(project)
    app.window.activateWindow()

    mend(qtbot, app, faults)
    run = train(qtbot, app, project)
    watch(qtbot, app, run)
    talk(qtbot, app)
    answers = hear(qtbot, app, strangers)
    correct(qtbot, app, answers)
    number = look_at_the_new_row(qtbot, app)
    qtbot.keySequence(app.window, QKeySequence(Standard.Save))
    settle(qtbot, app)

    saved = file.read_bytes().splitlines()
    assert len(saved) == number == len(lines) - sum(each["mended"] is None for each in faults) + 1
    assert json.loads(saved[-1])["messages"][-1]["content"] == CORRECTION
    faulty = {each["row"] for each in faults}
    untouched = [line for row, line in enumerate(lines, start=1) if row not in faulty]
    kept = {each["row"] for each in faults if each["mended"] is not None}
    order = [row for row in range(1, len(lines) + 1) if row not in faulty or row in kept]
    assert [line for row, line in zip(order, saved, strict=False) if row not in faulty] == untouched

    close(qtbot, app)
    assert windows.kinds == ["MainWindow"], "no dialog, and nothing that flashes"
    qtbot.waitUntil(lambda: children() <= strangers, timeout=PATIENCE_MS)


def mend(qtbot, app, faults):
    """Walk with F8 from finding to finding and mend each row through the widgets, until none is left."""
    document, table = app.data.document, named(app.window, "Examples")
    ids = document.row_ids()
    wrong = {ids[each["row"] - 1]: each for each in faults}
    for _ in range(4 * len(faults)):
        if "No findings" in words_on(app.window.status_line):
            break
        qtbot.keyClick(app.window, Key.Key_F8)
        row_id = document.id_at(table.currentIndex().row())
        fault = wrong.pop(row_id, None)
        if fault is not None:
            mend_row(qtbot, app, row_id, fault)
            settle(qtbot, app)
            assert fault["mended"] is None or parse_row(document.raw(row_id)).value == fault["mended"]
    assert not wrong
    assert "No findings" in words_on(app.window.status_line)


def mend_row(qtbot, app, row_id, fault):
    match fault["code"]:
        case "SCH009":
            mend_by_button_and_undo_and_redo(qtbot, app, row_id)
        case "CNV009":
            answer = fault["mended"]["messages"][2]["content"]
            qtbot.keyClicks(named(app.window, "Text of turn 3, assistant"), answer)
            app.data.flush()
        case _ if fault["mended"] is None:
            qtbot.keyClick(app.window, Key.Key_Delete, Modifier.ControlModifier | Modifier.ShiftModifier)
        case _:
            paste_json(qtbot, app, fault["mended"])


def mend_by_button_and_undo_and_redo(qtbot, app, row_id):
    document = app.data.document
    before = document.raw(row_id)
    press(qtbot, app.window, "Change the role to user")
    qtbot.waitUntil(lambda: document.raw(row_id) != before)
    after = document.raw(row_id)
    qtbot.keySequence(app.window, QKeySequence(Standard.Undo))
    settle(qtbot, app)
    assert document.raw(row_id) == before
    qtbot.keySequence(app.window, QKeySequence(Standard.Redo))
    settle(qtbot, app)
    assert document.raw(row_id) == after


def paste_json(qtbot, app, value):
    """As one does who has the right row elsewhere: select all of the row's JSON, paste, go on."""
    qtbot.keyClick(app.window, Key.Key_2, Modifier.AltModifier)
    editor = named(app.window, "JSON of the row")
    QGuiApplication.clipboard().setText(json.dumps(value, ensure_ascii=False))
    qtbot.keySequence(editor, QKeySequence(Standard.SelectAll))
    qtbot.keySequence(editor, QKeySequence(Standard.Paste))
    app.data.flush()
    qtbot.keyClick(app.window, Key.Key_1, Modifier.AltModifier)


def train(qtbot, app, project):
    """Click through the wizard; the folder of the run that it starts."""
    qtbot.keyClick(app.window, Key.Key_2, Modifier.ControlModifier)
    press(qtbot, app.window, "Next")  # Data: no row has an error any more
    models = named(app.window, "Models on this computer", QTableWidget)
    qtbot.waitUntil(lambda: models.rowCount() > 0)
    item = models.item(0, 0)
    assert "practice model" in item.text()
    qtbot.mouseClick(models.viewport(), Qt.MouseButton.LeftButton, pos=models.visualItemRect(item).center())
    press(qtbot, app.window, "Next")  # Model
    press(qtbot, app.window, "Next")  # Place
    press(qtbot, app.window, "Show the advanced settings")
    for name, value in (("Most steps", STEPS), ("Validate every", STEPS // 2)):
        field = named(app.window, name)
        qtbot.keySequence(field, QKeySequence(Standard.SelectAll))
        qtbot.keyClicks(field, str(value))
    press(qtbot, app.window, "Next")  # Settings
    press(qtbot, app.window, "Next")  # Check
    told = f"{STEPS} steps"
    qtbot.waitUntil(lambda: any(told in words for words in words_on(app.window)), timeout=PATIENCE_MS)
    press(qtbot, app.window, "Start training")
    qtbot.waitUntil(lambda: app.window.shown_pane == "runs" and app.panes.runs.page.run is not None)
    run = app.panes.runs.page.run
    assert run.parent == project / "runs"
    return RunFolder(run)


def watch(qtbot, app, run):
    """Follow the run to its end in the plots and the samples."""
    page = app.panes.runs.page
    live = (None, RunState.WAITING, RunState.RUNNING)
    qtbot.waitUntil(lambda: page.state is RunState.RUNNING, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: page.state not in live, timeout=PATIENCE_MS)
    assert page.state is RunState.FINISHED, run.log_path.read_text(encoding="utf-8")
    loss = run.history().steps[STEPS].loss
    for plot in ("Loss", "Learning rate", "Gradient norm", "Tokens a second"):
        view = named(app.window, plot)
        qtbot.waitUntil(lambda view=view: f"at step {STEPS}:" in view.accessibleDescription())
    assert f"training, each step {loss:.4}"[:-1] in named(app.window, "Loss").accessibleDescription()
    press(qtbot, app.window, "Samples")
    for number in (1, 2, 3):
        named(app.window, f"Answer to prompt {number} after step {STEPS}")


def talk(qtbot, app):
    """From the run to the chat, and a question."""
    press(qtbot, app.window, "Chat with it")
    assert app.window.shown_pane == "chat"
    qtbot.waitUntil(lambda: app.panes.chat.told.startswith("Ready on"), timeout=PATIENCE_MS)
    field = named(app.window, "Message to the models")
    qtbot.keyClicks(field, QUESTION)
    qtbot.keyClick(field, Key.Key_Return)


def hear(qtbot, app, strangers):
    """Both voices answer, bit by bit. The cards of base and tuned model."""
    qtbot.waitUntil(lambda: len(visible(app, AnswerCard)) == 2)
    seen = {}
    for view in (card.findChild(MarkdownView) for card in visible(app, AnswerCard)):
        texts = seen[view] = [view.text]
        view.textChanged.connect(lambda view=view, texts=texts: texts.append(view.text))
    assert children() - strangers, "an engine of its own answers"
    qtbot.waitUntil(lambda: bool(buttons(app.window, "Send")), timeout=PATIENCE_MS)
    for view, texts in seen.items():
        assert view.text
        assert len(set(texts)) > 2, "the answer came bit by bit"
        assert all(view.text.startswith(text) for text in texts)
    return {card.voice: card for card in visible(app, AnswerCard)}


def correct(qtbot, app, cards):
    """Write what the tuned model should have said, and make it an example."""
    press(qtbot, cards["tuned"], "Correct this answer")
    field = named(app.window, "Correction of the tuned model's answer", QPlainTextEdit)
    qtbot.keySequence(field, QKeySequence(Standard.SelectAll))
    qtbot.keyClicks(field, CORRECTION)
    press(qtbot, app.window, "Keep correction")
    press(qtbot, cards["tuned"], "Add to dataset")
    qtbot.waitUntil(lambda: app.panes.chat.told.startswith("Added to train.jsonl"))


def look_at_the_new_row(qtbot, app):
    """The number of the row that the correction became; it is the last one and is shown."""
    qtbot.keyClick(app.window, Key.Key_1, Modifier.ControlModifier)
    settle(qtbot, app)
    table = named(app.window, "Examples")
    last = table.model().rowCount() - 1
    assert table.currentIndex().row() == last
    assert table.model().index(last, Column.USER).data() == QUESTION
    assert named(app.window, "Text of turn 3, assistant").toPlainText() == CORRECTION
    return last + 1


def press(qtbot, root: QWidget, text: str):
    """Wait until a button with this text can be pressed, and press it."""

    def ready() -> list[QAbstractButton]:
        return [each for each in buttons(root, text) if each.isEnabled()]

    qtbot.waitUntil(lambda: bool(ready()), timeout=PATIENCE_MS)
    button = ready()[0]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(8, button.height() // 2))


def visible(app, kind):
    return [each for each in app.window.findChildren(kind) if each.isVisible()]


def children():
    """The processes that this one has started and that still live."""
    return {
        each.pid
        for each in psutil.Process().children(recursive=True)
        if each.status() != psutil.STATUS_ZOMBIE
    }
