"""The Chat pane with models that a service keeps: real HTTP on loopback, and the real client."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QPlainTextEdit
from pytestqt.qtbot import QtBot

from tests.chat.service import KEY, Asked, StreamingService, chunk, refusal
from tests.chat.test_remote import greets
from tests.desktop.chat.scripted import ScriptedGenerator
from tests.desktop.chat.test_chat_pane import Key, add_run
from tests.desktop.finding import act, named, press
from tunedesk.chat.any_voice import AnyVoice
from tunedesk.chat.session import ChatListener, ChatSession
from tunedesk.desktop.background import Background
from tunedesk.desktop.chat.answer_card import AnswerCard
from tunedesk.desktop.chat.markdown_view import MarkdownView
from tunedesk.desktop.chat.pane import ChatPane
from tunedesk.runs.accounts import Account
from tunedesk.runs.events import Checkpointed, Finished, encode_event
from tunedesk.runs.job import CloudOrder, DataFile, DatasetRef, Job, ModelRef
from tunedesk.runs.run_folder import RunFolder


class Chat:
    """The pane, and a service that keeps the tuned model of one run."""

    def __init__(self, qtbot: QtBot, project: Path, service: StreamingService, key: str = KEY) -> None:
        self.qtbot = qtbot
        self.key = key
        self.background = Background()
        self.pane = ChatPane(self.background, (), self._make_session, self._key_of)
        self.wanted: list[str] = []
        self.hosts: list[str] = []
        self.pane.key_wanted.connect(self.wanted.append)
        self.pane.host_changed.connect(self.hosts.append)
        qtbot.addWidget(self.pane)
        self.pane.resize(1100, 700)
        self.pane.show()
        self.pane.show_project(project / "runs", project / "chats")
        qtbot.waitUntil(lambda: self.background.is_idle)

    def _key_of(self, account: Account) -> str:
        return self.key

    def _make_session(self, listener: ChatListener) -> ChatSession:
        return ChatSession(listener, lambda told: AnyVoice(told, self._key_of, ScriptedGenerator))

    @property
    def chooser(self) -> QComboBox:
        return named(self.pane, "Who answers")

    def say(self, text: str) -> None:
        field = named(self.pane, "Message to the models", QPlainTextEdit)
        self.qtbot.keyClicks(field, text)
        self.qtbot.keyClick(field, Key.Key_Return)

    def answers(self) -> dict[str, str]:
        cards = [card for card in self.pane.findChildren(AnswerCard) if card.isVisible()]
        return {card.voice: card.findChild(MarkdownView).text for card in cards}

    def until(self, told: str) -> None:
        self.qtbot.waitUntil(lambda: told in self.pane.told and self.background.is_idle)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project" / "runs").mkdir(parents=True)
    return tmp_path / "project"


@pytest.fixture
def service() -> Iterator[StreamingService]:
    made = StreamingService(greets)
    yield made
    made.close()


def add_cloud_run(project: Path, service: StreamingService, name: str = "2026-11-21-0900-c1") -> Path:
    models = service.models(tuned="ft:me", base="small")
    order = CloudOrder(account=models.account, provider=models.provider, model="small", target="openai")
    job = Job(
        run=name,
        created="2026-11-21T09:00:00+00:00",
        model=ModelRef("small", ""),
        dataset=DatasetRef("train.jsonl"),
        train=DataFile("", 0, ""),
        place="cloud",
        cloud=order,
    )
    folder = RunFolder.create(project / "runs", job, [b"{}"])
    kept = Checkpointed(
        run=name, attempt=1, seq=1, time=0, step=2, path="", reason="schedule", model="ft:me:step-2"
    )
    end = Finished(
        run=name, attempt=1, seq=2, time=0, steps=3, train_loss=0.5, valid_loss=0.6, best_step=3,
        adapter="", seconds=2.0, model="ft:me",
    )  # fmt: skip
    folder.events_path.write_bytes(encode_event(kept) + encode_event(end))
    return folder.path


def test_a_model_at_a_service_answers_beside_its_base_and_where_messages_go_is_said(
    qtbot: QtBot, project: Path, service: StreamingService
) -> None:
    add_cloud_run(project, service)
    chat = Chat(qtbot, project, service)
    assert "at Team box" in chat.chooser.currentText()
    chat.until(f"What you write is sent to {service.host}. Both models are asked")
    assert chat.hosts == [chat.pane.host_spoken_to] == [service.host]
    assert not service.asked, "nothing is sent before something is written"
    chat.say("hello")
    qtbot.waitUntil(lambda: chat.answers() == {"base": "I am small.", "tuned": "I am ft:me."})
    act(chat.pane, "Compare with the base model").trigger()
    chat.say("again")
    qtbot.waitUntil(lambda: len(service.asked) == 3 and chat.chooser.isEnabled())
    assert service.asked[-1]["model"] == "ft:me"
    chat.pane.close_engine()


def test_without_a_key_it_is_asked_for_and_nothing_is_sent(
    qtbot: QtBot, project: Path, service: StreamingService
) -> None:
    add_cloud_run(project, service)
    chat = Chat(qtbot, project, service, key="")
    chat.until("There is no key for Team box")
    assert chat.wanted == ["Team box"]
    chat.say("hello")
    qtbot.waitUntil(lambda: chat.background.is_idle)
    field = named(chat.pane, "Message to the models", QPlainTextEdit)
    assert field.toPlainText() == "hello" and not service.asked
    field.clear()
    chat.key = KEY
    chat.pane.try_again()
    chat.until("What you write is sent to")
    chat.say("hello")
    qtbot.waitUntil(lambda: chat.answers().get("tuned") == "I am ft:me.")
    chat.pane.close_engine()


def test_a_checkpoint_is_talked_to_by_its_own_name_and_stays_in_the_list(
    qtbot: QtBot, project: Path, service: StreamingService
) -> None:
    run = add_cloud_run(project, service)
    chat = Chat(qtbot, project, service)
    chat.pane.choose_checkpoint(run, "ft:me:step-2")
    qtbot.waitUntil(lambda: "checkpoint of step 2" in chat.chooser.currentText())
    chat.until("What you write is sent to")
    chat.say("hello")
    qtbot.waitUntil(lambda: chat.answers().get("tuned") == "I am ft:me:step-2.")
    chat.pane.refresh()
    qtbot.waitUntil(lambda: chat.background.is_idle)
    assert "checkpoint of step 2" in chat.chooser.currentText() and chat.chooser.count() == 2
    chat.pane.choose_checkpoint(run, "ft:me:step-9")
    chat.until("has no checkpoint ft:me:step-9")
    chat.pane.close_engine()


def test_from_a_service_back_to_this_computer(qtbot: QtBot, project: Path, service: StreamingService) -> None:
    local = add_run(project, "2026-11-20-1432-a7")
    add_cloud_run(project, service)
    chat = Chat(qtbot, project, service)
    chat.until("What you write is sent to")
    chat.pane.choose_run(local)
    chat.until("Ready on cpu")
    assert chat.hosts == [service.host, ""] and chat.pane.host_spoken_to == ""
    chat.say("hello")
    qtbot.waitUntil(lambda: chat.answers() == {"base": "**base**: hello", "tuned": "**tuned**: hello"})
    assert not service.asked
    chat.pane.close_engine()


def test_an_answer_can_be_stopped_and_keeps_what_was_said(
    qtbot: QtBot, project: Path, service: StreamingService
) -> None:
    def waits(asked: Asked) -> Iterator[bytes]:
        yield chunk("so far")
        while not service.released.wait(0.01):
            yield b": still here\n\n"

    service.script = waits
    add_cloud_run(project, service)
    chat = Chat(qtbot, project, service)
    chat.until("What you write is sent to")
    chat.say("hello")
    qtbot.waitUntil(lambda: chat.answers() == {"base": "so far", "tuned": "so far"})
    press(qtbot, chat.pane, "Stop")
    qtbot.waitUntil(lambda: not chat.chooser.isHidden() and chat.chooser.isEnabled())
    assert service.broken.wait(30)
    chat.pane.close_engine()


def test_a_refusal_is_told_and_the_next_message_is_asked(
    qtbot: QtBot, project: Path, service: StreamingService
) -> None:
    service.script = lambda asked: iter([refusal(401, f"Bad key {KEY}")])
    add_cloud_run(project, service)
    chat = Chat(qtbot, project, service)
    chat.until("What you write is sent to")
    chat.say("hello")
    chat.until("does not take the key")
    assert KEY not in chat.pane.told
    service.script = greets
    qtbot.waitUntil(lambda: chat.chooser.isEnabled())
    chat.say("hello again")
    qtbot.waitUntil(lambda: chat.answers().get("tuned") == "I am ft:me.")
    chat.pane.close_engine()
