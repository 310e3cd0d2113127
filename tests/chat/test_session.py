"""A session with an engine whose messages the tests write: order, state, and what a face is told."""

from collections.abc import Callable, Sequence

import pytest

from tunedesk.chat.conversation import Conversation
from tunedesk.chat.session import ChatSession
from tunedesk.errors import UserError
from tunedesk.runs.generation import (
    AnyMessage,
    ChatMessage,
    Done,
    EngineLost,
    GenerationFailed,
    Load,
    Piece,
    Question,
    Ready,
    Sampling,
    Voice,
)

MODEL = Load("/model", "/adapter")
READY = Ready("/model", "/adapter", "cpu", 1.0, 512)


class Desk:
    """Stands where the engine stands: notes what is asked, and says what a test wants."""

    def __init__(self, tell: Callable[[AnyMessage], None]) -> None:
        self.tell = tell
        self.asked: list[tuple[tuple[Question, ...], Sampling]] = []
        self.loads: list[Load] = []
        self.cancelled: list[int] = []
        self.closed = False

    def load(self, request: Load) -> None:
        self.loads.append(request)
        self.tell(READY)

    def generate(self, questions: Sequence[Question], settings: Sampling) -> int:
        self.asked.append((tuple(questions), settings))
        return len(self.asked)

    def cancel(self, request: int) -> None:
        self.cancelled.append(request)

    def close(self) -> None:
        self.closed = True

    def answer(self, request: int, voice: Voice, *pieces: str) -> None:
        for piece in pieces:
            self.tell(Piece(request, 0, voice, piece))
        self.tell(Done(request, 0, voice, "end", len(pieces), 0.1))


class Face:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def changed(self, conversation: Conversation) -> None:
        self.told.append(("changed", len(conversation.exchanges)))

    def said(self, number: int, voice: Voice, text: str) -> None:
        self.told.append(("said", number, voice, text))

    def answered(self, number: int, voice: Voice) -> None:
        self.told.append(("answered", number, voice))

    def ready(self, model: Ready) -> None:
        self.told.append(("ready", model.device))

    def idle(self) -> None:
        self.told.append(("idle",))

    def failed(self, message: str, hint: str) -> None:
        self.told.append(("failed", message))


def open_session() -> tuple[ChatSession, Desk, Face]:
    desks: list[Desk] = []

    def make(tell: Callable[[AnyMessage], None]) -> Desk:
        desks.append(Desk(tell))
        return desks[0]

    face = Face()
    session = ChatSession(face, make)
    session.choose(MODEL)
    return session, desks[0], face


def test_the_first_message_is_one_question_to_both_voices() -> None:
    session, desk, face = open_session()
    session.send("Hi")
    desk.answer(1, "base", "a", "b")
    desk.answer(1, "tuned", "c")
    question = Question((ChatMessage("user", "Hi"),), ("base", "tuned"))
    assert desk.asked == [((question,), session.conversation.sampling())]
    assert [answer.text for answer in session.conversation.exchanges[0].answers] == ["ab", "c"]
    assert face.told == [
        ("ready", "cpu"),
        ("changed", 1),
        ("said", 0, "base", "a"),
        ("said", 0, "base", "b"),
        ("answered", 0, "base"),
        ("said", 0, "tuned", "c"),
        ("answered", 0, "tuned"),
        ("idle",),
    ]


def test_later_messages_ask_each_voice_with_its_own_history_and_both_at_once() -> None:
    session, desk, _ = open_session()
    session.send("Hi")
    desk.answer(1, "base", "left")
    desk.answer(1, "tuned", "right")
    session.send("And?")
    ((questions, _),) = desk.asked[1:]
    assert [(question.voices, question.prompt[1].content) for question in questions] == [
        (("base",), "left"),
        (("tuned",), "right"),
    ]


def test_nothing_is_sent_while_an_answer_is_written() -> None:
    session, desk, _ = open_session()
    session.send("Hi")
    for wish in (lambda: session.send("x"), lambda: session.set_system("x"), lambda: session.choose(MODEL)):
        with pytest.raises(UserError, match="still being written"):
            wish()
    desk.answer(1, "base", "a")
    assert session.is_answering
    desk.answer(1, "tuned", "a")
    assert not session.is_answering


def test_stop_cancels_and_keeps_what_was_said() -> None:
    session, desk, _ = open_session()
    session.send("Hi")
    desk.tell(Piece(1, 0, "base", "half"))
    session.stop()
    assert desk.cancelled == [1]
    for voice in ("base", "tuned"):
        desk.tell(Done(1, 0, voice, "cancelled", 1, 0.1))
    answer = session.conversation.exchanges[0].answer("base")
    assert answer is not None and (answer.text, answer.reason) == ("half", "cancelled")


def test_a_failed_prompt_is_told_and_the_next_message_can_be_sent() -> None:
    session, desk, face = open_session()
    session.send("Hi")
    desk.tell(GenerationFailed(1, "The conversation has 600 tokens.", "Start a new one.", 0))
    assert face.told[-2:] == [("failed", "The conversation has 600 tokens."), ("idle",)]
    session.edit_and_resend(0, "Shorter")
    assert len(desk.asked) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        GenerationFailed(1, "The line broke.", "", 0, voice="base"),
        GenerationFailed(1, "Memory is full."),
        EngineLost("The chat engine crashed."),
    ],
)
def test_what_was_said_before_a_failure_stays_and_is_complete(trouble: AnyMessage) -> None:
    session, desk, _ = open_session()
    session.send("Hi")
    desk.tell(Piece(1, 0, "base", "half"))
    desk.tell(trouble)
    answer = session.conversation.exchanges[0].answer("base")
    assert answer is not None and (answer.text, answer.reason) == ("half", "cancelled")


def test_a_voice_that_fails_alone_leaves_the_other_of_its_question_speaking() -> None:
    session, desk, face = open_session()
    session.send("Hi")
    desk.tell(GenerationFailed(1, "The line broke.", "", 0, voice="base"))
    assert session.is_answering and face.told[-1] == ("failed", "The line broke.")
    desk.answer(1, "tuned", "c")
    assert not session.is_answering


def test_a_prompt_that_does_not_fit_one_voice_leaves_the_other_speaking() -> None:
    session, desk, face = open_session()
    session.send("Hi")
    desk.answer(1, "base", "a long answer")
    desk.answer(1, "tuned", "b")
    session.send("And?")
    desk.tell(GenerationFailed(2, "The conversation has 600 tokens.", "", 0))
    assert session.is_answering
    desk.tell(Piece(2, 1, "tuned", "c"))
    desk.tell(Done(2, 1, "tuned", "end", 1, 0.1))
    assert not session.is_answering
    assert [answer.text for answer in session.conversation.exchanges[1].answers] == ["c"]
    assert face.told.count(("idle",)) == 2


def test_a_lost_engine_is_told_and_answers_of_it_are_not_waited_for() -> None:
    session, desk, face = open_session()
    session.send("Hi")
    desk.tell(EngineLost("The chat engine crashed."))
    assert face.told[-2:] == [("failed", "The chat engine crashed."), ("idle",)]
    session.regenerate()
    desk.answer(2, "base", "again")
    assert session.conversation.exchanges[0].answers[0].text == "again"


def test_an_answer_to_a_dropped_request_changes_nothing() -> None:
    session, desk, _ = open_session()
    session.send("Hi")
    desk.tell(EngineLost("gone"))
    before = session.conversation
    desk.answer(1, "base", "late")
    assert session.conversation == before


def test_a_model_without_adapter_answers_alone() -> None:
    session, desk, _ = open_session()
    session.choose(Load("/model"))
    session.send("Hi")
    assert desk.asked[0][0][0].voices == ("base",)


def test_a_session_without_model_asks_for_one() -> None:
    session = ChatSession(Face(), Desk)
    with pytest.raises(UserError, match="No model is chosen"):
        session.send("Hi")


def test_regenerate_without_messages_is_an_error() -> None:
    session, _, _ = open_session()
    with pytest.raises(UserError, match="no answer to give anew"):
        session.regenerate()


def test_closing_ends_the_engine() -> None:
    session, desk, _ = open_session()
    session.close()
    assert desk.closed
