"""The Chat pane, driven by clicks and keys; the engine is scripted, the session is the real one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox, QDoubleSpinBox, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.desktop.chat.scripted import ScriptedGenerator
from tunedesk.chat.conversation import to_example
from tunedesk.chat.saved import list_chats
from tunedesk.chat.session import ChatListener, ChatSession
from tunedesk.dataset.example import RowFormat
from tunedesk.desktop.background import Background
from tunedesk.desktop.chat.answer_card import AnswerCard
from tunedesk.desktop.chat.markdown_view import MarkdownView
from tunedesk.desktop.chat.pane import ChatPane, WantedExample
from tunedesk.desktop.chat.transcript import Transcript
from tunedesk.runs.events import Finished, encode_event
from tunedesk.runs.generation import ChatMessage
from tunedesk.runs.job import DataFile, DatasetRef, Job, ModelRef, WatchedPrompt
from tunedesk.runs.run_folder import RunFolder

Key = Qt.Key


class Chat:
    """The pane and the ways a person uses it."""

    def __init__(self, qtbot: QtBot, project: Path, *, base: bool = True) -> None:
        self.qtbot = qtbot
        self.generators: list[ScriptedGenerator] = []
        self.background = Background()
        models = (("Practice model", project / "model"),) if base else ()
        self.pane = ChatPane(self.background, models, self._make_session)
        qtbot.addWidget(self.pane)
        self.pane.resize(1100, 700)
        self.pane.show()
        self.pane.show_project(project / "runs", project / "chats")
        qtbot.waitUntil(lambda: self.background.is_idle)

    def _make_session(self, listener: ChatListener) -> ChatSession:
        def make(on_message: object) -> ScriptedGenerator:
            self.generators.append(ScriptedGenerator(on_message))  # type: ignore[arg-type]
            return self.generators[-1]

        return ChatSession(listener, make)  # type: ignore[arg-type]

    @property
    def field(self) -> QPlainTextEdit:
        return self.named("Message to the models")  # type: ignore[return-value]

    def named(self, name: str) -> QWidget:
        found = [each for each in self.pane.findChildren(QWidget) if each.accessibleName() == name]
        return next(each for each in found if each.isVisible())

    def button(self, text: str, within: QWidget | None = None) -> QAbstractButton:
        buttons = (within or self.pane).findChildren(QAbstractButton)
        return next(each for each in buttons if each.isVisible() and each.text().startswith(text))

    def say(self, text: str) -> None:
        self.qtbot.keyClicks(self.field, text)
        self.qtbot.keyClick(self.field, Key.Key_Return)

    def answers(self) -> list[str]:
        views = [card.findChild(MarkdownView) for card in self.cards()]
        return [view.text for view in views if view is not None and view.isVisible()]

    def cards(self) -> list[AnswerCard]:
        return [card for card in self.pane.findChildren(AnswerCard) if card.isVisible()]

    def wait_for(self, *answers: str) -> None:
        self.qtbot.waitUntil(lambda: self.answers() == list(answers) and self.is_idle())

    def is_idle(self) -> bool:
        return self.background.is_idle and not any(
            each.isVisible() for each in self.pane.findChildren(QAbstractButton) if each.text() == "Stop"
        )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "runs").mkdir(parents=True)
    return folder


@pytest.fixture
def tuned_project(project: Path) -> Path:
    add_run(project, "2026-11-20-1432-a7")
    return project


@pytest.fixture
def chat(qtbot: QtBot, tuned_project: Path) -> Iterator[Chat]:
    made = Chat(qtbot, tuned_project)
    yield made
    made.pane.close_engine()


SYSTEM = "Answer with one word."


def add_run(project: Path, name: str, *, system: str = "") -> Path:
    said = (ChatMessage("system", system),) if system else ()
    job = Job(
        run=name,
        created="2026-11-20T14:32:00+00:00",
        model=ModelRef("starter", str(project / "model")),
        dataset=DatasetRef("train.jsonl"),
        train=DataFile("", 0, ""),
        watched=(WatchedPrompt((*said, ChatMessage("user", "hello"))),),
    )
    folder = RunFolder.create(project / "runs", job, [b"{}"])
    end = Finished(
        run=name, attempt=1, seq=1, time=0, steps=3, train_loss=0.5, valid_loss=0.6, best_step=3,
        adapter="adapter", seconds=2.0,
    )  # fmt: skip
    folder.events_path.write_bytes(encode_event(end))
    folder.adapter_dir.mkdir()
    (folder.adapter_dir / "adapter_config.json").write_text("{}")
    return folder.path


def test_base_and_tuned_model_answer_side_by_side(chat: Chat) -> None:
    chat.say("hello")
    chat.wait_for("**base**: hello", "**tuned**: hello")
    left, right = chat.cards()
    assert left.voice == "base" and right.voice == "tuned"
    assert left.mapToGlobal(left.rect().topLeft()).x() < right.mapToGlobal(right.rect().topLeft()).x()
    assert len(chat.generators[0].loads) == 1, "one set of weights serves both"


def test_both_answers_fit_into_a_narrow_pane(chat: Chat) -> None:
    chat.pane.resize(800, 600)
    chat.say("a word that is far too long for its column: " + "it" * 200)
    chat.qtbot.waitUntil(lambda: len(chat.answers()) == 2 and chat.is_idle())
    transcript = chat.pane.findChild(Transcript)
    assert transcript is not None and transcript.widget().width() <= transcript.viewport().width()
    widths = {card.width() for card in chat.cards()}
    assert max(widths) - min(widths) <= 1, "neither voice gets more room"


def test_an_answer_can_be_stopped_and_keeps_what_was_said(chat: Chat) -> None:
    chat.say("wait")
    chat.qtbot.waitUntil(lambda: chat.answers() == ["so far", "so far"])
    chat.qtbot.mouseClick(chat.button("Stop"), Qt.MouseButton.LeftButton)
    chat.wait_for("so far", "so far")
    assert chat.button("Send").isVisible()


def test_a_message_can_be_edited_and_sent_again(chat: Chat) -> None:
    chat.say("first")
    chat.wait_for("**base**: first", "**tuned**: first")
    chat.qtbot.mouseClick(chat.button("Edit and send again"), Qt.MouseButton.LeftButton)
    field = chat.named("Your message, to be sent again")
    assert isinstance(field, QPlainTextEdit)
    chat.qtbot.keyClick(field, Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    chat.qtbot.keyClicks(field, " again")
    chat.qtbot.mouseClick(chat.button("Send again"), Qt.MouseButton.LeftButton)
    chat.wait_for("**base**: first again", "**tuned**: first again")


def test_answering_again_draws_with_another_seed(chat: Chat) -> None:
    chat.say("hello")
    chat.wait_for("**base**: hello", "**tuned**: hello")
    chat.qtbot.mouseClick(chat.button("Answer again"), Qt.MouseButton.LeftButton)
    chat.qtbot.waitUntil(lambda: len(chat.generators[0].asked) == 2)
    chat.wait_for("**base**: hello", "**tuned**: hello")
    first, second = (settings.seed for _, _, settings in chat.generators[0].asked)
    assert first != second


def test_system_prompt_and_settings_reach_the_engine(chat: Chat) -> None:
    system = chat.named("System prompt")
    chat.qtbot.keyClicks(system, "Be brief.")
    temperature = chat.pane.findChild(QDoubleSpinBox)
    assert temperature is not None
    temperature.setValue(0.7)
    chat.say("hello")
    chat.wait_for("**base**: hello", "**tuned**: hello")
    prompt, _, settings = chat.generators[0].asked[0]
    assert [turn.role for turn in prompt] == ["system", "user"]
    assert prompt[0].content == "Be brief." and settings.temperature == 0.7


def test_a_corrected_answer_becomes_an_example(chat: Chat) -> None:
    chat.say("hello")
    chat.wait_for("**base**: hello", "**tuned**: hello")
    tuned = chat.cards()[1]
    chat.qtbot.mouseClick(chat.button("Correct this answer", tuned), Qt.MouseButton.LeftButton)
    field = chat.named("Correction of the tuned model's answer")
    assert isinstance(field, QPlainTextEdit)
    field.selectAll()
    chat.qtbot.keyClicks(field, "Good\u00a0day.")
    chat.qtbot.mouseClick(chat.button("Keep correction"), Qt.MouseButton.LeftButton)
    chat.wait_for("**base**: hello", "Good\u00a0day.")
    with chat.qtbot.waitSignal(chat.pane.example_wanted) as told:
        chat.qtbot.mouseClick(chat.button("Add to dataset", tuned), Qt.MouseButton.LeftButton)
    wanted = told.args[0]
    assert isinstance(wanted, WantedExample)
    row = to_example(wanted.conversation, wanted.number, wanted.voice, RowFormat.CHAT, b'{"a": "\xc3\xa9"}')
    assert "Good\u00a0day.".encode() in row and b'"hello"' in row


def test_each_answer_is_on_disk_and_can_be_opened_again(chat: Chat, tuned_project: Path) -> None:
    chat.say("hello")
    chat.wait_for("**base**: hello", "**tuned**: hello")
    chat.say("more")
    chat.wait_for("**base**: hello", "**tuned**: hello", "**base**: more", "**tuned**: more")
    saved = list_chats(tuned_project / "chats")
    assert len(saved) == 1 and len(saved[0].chat.conversation.exchanges) == 2

    chat.pane.new_conversation()
    assert chat.answers() == []
    entry = next(each for each in chat.pane.saved_actions if each.text() == "hello")
    entry.trigger()
    chat.qtbot.waitUntil(lambda: len(chat.answers()) == 4)


def test_a_crash_of_the_engine_is_told_and_the_next_message_works(chat: Chat) -> None:
    chat.say("crash")
    chat.qtbot.waitUntil(lambda: "crashed" in chat.pane.told and chat.is_idle())
    chat.say("hello")
    chat.qtbot.waitUntil(lambda: "**tuned**: hello" in chat.answers())


def test_without_comparison_only_the_tuned_model_answers(chat: Chat) -> None:
    chat.qtbot.mouseClick(chat.button("Compare with the base model"), Qt.MouseButton.LeftButton)
    chat.say("hello")
    chat.wait_for("**tuned**: hello")


def test_another_run_can_be_chosen(qtbot: QtBot, tuned_project: Path) -> None:
    second = add_run(tuned_project, "2026-11-20-1500-b8")
    chat = Chat(qtbot, tuned_project)
    chooser = chat.pane.findChild(QComboBox)
    assert chooser is not None and chooser.count() == 3
    chat.pane.choose_run(second)
    qtbot.waitUntil(lambda: chat.background.is_idle)
    chat.say("hello")
    chat.wait_for("**base**: hello", "**tuned**: hello")
    assert chat.generators[0].loads[-1].adapter == str(second / "adapter")
    chat.pane.close_engine()


def test_a_conversation_begins_with_the_system_prompt_of_the_training(qtbot: QtBot, project: Path) -> None:
    add_run(project, "2026-11-20-1432-a7", system=SYSTEM)
    chat = Chat(qtbot, project)
    chat.say("hello")
    chat.wait_for("**base**: hello", "**tuned**: hello")
    prompt, _, _ = chat.generators[0].asked[0]
    assert prompt[0] == ChatMessage("system", SYSTEM)
    system = chat.named("System prompt")
    assert isinstance(system, QPlainTextEdit) and system.toPlainText() == SYSTEM
    chat.pane.close_engine()


def test_without_a_run_the_pane_says_what_it_is_for_and_offers_the_next_step(
    qtbot: QtBot, project: Path
) -> None:
    chat = Chat(qtbot, project)
    with qtbot.waitSignal(chat.pane.training_wanted):
        qtbot.mouseClick(chat.button("Train a model"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(chat.button("Talk to the practice model"), Qt.MouseButton.LeftButton)
    chat.say("hello")
    chat.wait_for("**base**: hello")
    chat.pane.close_engine()


def test_closing_the_engine_ends_it(chat: Chat) -> None:
    chat.say("hello")
    chat.wait_for("**base**: hello", "**tuned**: hello")
    chat.pane.close_engine()
    assert chat.generators[0].closed


def test_html_and_pictures_of_an_answer_are_not_interpreted(qtbot: QtBot, tmp_path: Path) -> None:
    secret = tmp_path / "picture.png"
    view = MarkdownView("Answer")
    qtbot.addWidget(view)
    view.show_text(f"<b>bold</b> <script>x()</script> ![p]({secret.as_uri()}) \\(x\\)")
    assert "<b>bold</b>" in view.toPlainText() and "<script>" in view.toPlainText()
    assert not view.loadResource(2, secret.as_uri())
    assert view.text.endswith("\\(x\\)"), "what is copied is what was said"


def test_a_link_is_only_told_never_opened(qtbot: QtBot) -> None:
    view = MarkdownView("Answer")
    qtbot.addWidget(view)
    view.show_text("[here](https://example.org/)")
    with qtbot.waitSignal(view.link_clicked) as told:
        view.anchorClicked.emit("https://example.org/")
    assert told.args == ["https://example.org/"] and view.source().isEmpty()


def test_copying_takes_the_exact_text(chat: Chat) -> None:
    chat.say("hello")
    chat.wait_for("**base**: hello", "**tuned**: hello")
    chat.qtbot.mouseClick(chat.button("Copy answer"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "**base**: hello"
