"""A service's models answer with the engine's messages, over real HTTP; what fails is a sentence."""

import queue
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.chat.service import END, KEY, USAGE, Asked, Script, StreamingService, chunk, refusal
from tunedesk.chat.any_voice import AnyVoice
from tunedesk.chat.hosted import HostedModels
from tunedesk.chat.remote import RemoteVoice
from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.generation import (
    AnyMessage,
    ChatMessage,
    Done,
    EngineLost,
    GenerationFailed,
    Load,
    LoadFailed,
    Piece,
    Question,
    Ready,
    Sampling,
    Voice,
)
from tunedesk.runs.provider import Provider

PATIENCE = 30
BOTH: tuple[Voice, ...] = ("base", "tuned")


def greets(asked: Asked) -> Iterator[bytes]:
    yield chunk("")
    yield chunk(f"I am {asked['model']}")
    yield chunk(".")
    yield chunk(finish="stop")
    yield USAGE
    yield END


class Talk:
    def __init__(self, keys: Callable[[Account], str] = lambda account: KEY) -> None:
        self.messages: queue.SimpleQueue[AnyMessage] = queue.SimpleQueue()
        self.voice = RemoteVoice(self.messages.put, keys)

    def next(self) -> AnyMessage:
        return self.messages.get(timeout=PATIENCE)

    def ask(self, *who: Voice, text: str = "Hi", settings: Sampling = Sampling()) -> int:
        question = Question(
            (ChatMessage("system", "Be brief."), ChatMessage("user", text)), who or ("tuned",)
        )
        return self.voice.generate([question], settings)

    def until_end(self) -> tuple[str, Done | GenerationFailed]:
        text = ""
        while isinstance(message := self.next(), Piece | Ready):
            text += message.text if isinstance(message, Piece) else ""
        assert isinstance(message, Done | GenerationFailed)
        return text, message


@pytest.fixture
def serve() -> Iterator[Callable[[Script], tuple[StreamingService, Talk]]]:
    made: list[tuple[StreamingService, Talk]] = []

    def begin(script: Script) -> tuple[StreamingService, Talk]:
        service, talk = StreamingService(script), Talk()
        made.append((service, talk))
        talk.voice.load(service.models())
        return service, talk

    yield begin
    for service, talk in made:
        talk.voice.close()
        service.close()


Serve = Callable[[Script], tuple[StreamingService, Talk]]


def test_both_voices_are_asked_by_their_names_and_answer_in_pieces(serve: Serve) -> None:
    service, talk = serve(greets)
    ready = talk.next()
    assert isinstance(ready, Ready) and ready.device == service.host and not service.asked, "nothing is sent"
    number = talk.ask(*BOTH, settings=Sampling(temperature=0.5, top_p=0.9, max_tokens=7, seed=3))
    texts: dict[str, str] = {}
    ended = {}
    while len(ended) < 2:
        message = talk.next()
        assert isinstance(message, Piece | Done) and message.id == number < 0
        if isinstance(message, Piece):
            texts[message.voice] = texts.get(message.voice, "") + message.text
        else:
            ended[message.voice] = (message.reason, message.tokens, message.prompt_tokens)
    assert texts == {"base": "I am base.", "tuned": "I am ft:tuned."}
    assert ended == {"base": ("end", 2, 9), "tuned": ("end", 2, 9)}
    body = service.asked[0]
    assert [turn["role"] for turn in body["messages"]] == ["system", "user"]
    assert (body["temperature"], body["top_p"], body["max_tokens"], body["seed"]) == (0.5, 0.9, 7, 3)
    assert service.headers[0]["authorization"] == f"Bearer {KEY}"


def test_nothing_in_the_environment_changes_where_or_what_is_sent(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/stray")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Stray: stray")
    service, talk = serve(greets)
    talk.ask()
    assert isinstance(talk.until_end()[1], Done)
    assert "stray" not in str(service.headers[0])


def test_an_answer_cut_at_its_limit_says_so(serve: Serve) -> None:
    _, talk = serve(lambda asked: iter([chunk("a"), chunk(finish="length"), END]))
    talk.ask()
    text, done = talk.until_end()
    assert isinstance(done, Done) and (text, done.reason, done.tokens) == ("a", "length", 0)


def test_a_cancel_in_the_middle_ends_at_once_and_breaks_the_line(serve: Serve) -> None:
    def endless(asked: Asked) -> Iterator[bytes]:
        while True:
            yield chunk("more ")

    service, talk = serve(endless)
    number = talk.ask()
    while not isinstance(talk.next(), Piece):
        pass
    talk.voice.cancel(number)
    _, done = talk.until_end()
    assert isinstance(done, Done) and done.reason == "cancelled"
    assert service.broken.wait(PATIENCE)
    assert talk.messages.empty()


def test_a_cancel_before_the_first_word_ends_at_once_too(serve: Serve) -> None:
    def silent(asked: Asked) -> Iterator[bytes]:
        service.released.wait(PATIENCE)
        yield chunk("late")

    service, talk = serve(silent)
    number = talk.ask()
    talk.voice.cancel(number)
    _, done = talk.until_end()
    assert isinstance(done, Done) and done.reason == "cancelled"


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (refusal(401, f"Incorrect key {KEY}", code="invalid_api_key"), "does not take the key", "valid key"),
        (refusal(404, "No such model", code="model_not_found"), "knows no such thing", "may be gone"),
        (refusal(429, "Slow down"), "busy", "in a while"),
        (refusal(429, "No money", code="insufficient_quota"), "limit or the credit", "Raise the limit"),
        (refusal(500, "Oops"), "busy or out of order", "in a while"),
        (refusal(400, "Too long", code="context_length_exceeded"), "Too long", "objects to"),
        ((302, {"Location": "http://127.0.0.1:9/"}, b""), "points to another address", "Correct the account"),
        ((200, {}, b"<html>"), "cannot be read", "Ask again"),
        (chunk("so far"), "cannot be read", "Ask again"),
        (b'data: {"error": {"message": "Memory is full"}}\n\n', "Memory is full", "in a while"),
        (b"data: {broken\n\n", "cannot be read", "Ask again"),
        (b'data: {"choices": ["odd"]}\n\n', "cannot be read", "Ask again"),
        (chunk("x", finish="content_filter"), "filter", "another way"),
    ],
)
def test_what_goes_wrong_is_a_sentence_without_the_key(
    serve: Serve, said: Any, message: str, hint: str
) -> None:
    service, talk = serve(lambda asked: iter([said]))
    talk.ask()
    _, failed = talk.until_end()
    assert isinstance(failed, GenerationFailed) and failed.voice == "tuned"
    assert message in failed.message and hint in failed.hint
    assert KEY not in failed.message + failed.hint
    assert len(service.asked) == 1, "nothing is asked twice by itself"


def test_a_line_that_breaks_in_the_middle_is_told_and_the_other_voice_speaks_on(serve: Serve) -> None:
    def half(asked: Asked) -> Iterator[bytes]:
        if asked["model"] == "base":
            yield chunk("half")
            return
        yield from greets(asked)

    _, talk = serve(half)
    talk.ask(*BOTH)
    ends = [talk.until_end()[1] for _ in range(2)]
    assert {(type(end), end.voice) for end in ends} == {(GenerationFailed, "base"), (Done, "tuned")}


def test_nobody_there_is_told() -> None:
    gone = StreamingService(greets)
    gone.close()
    talk = Talk()
    talk.voice.load(gone.models())
    talk.ask()
    _, failed = talk.until_end()
    assert isinstance(failed, GenerationFailed) and "broke" in failed.message
    talk.voice.close()


def test_parameters_that_a_model_does_not_take_are_given_otherwise_and_it_is_remembered(serve: Serve) -> None:
    def picky(asked: Asked) -> Iterator[Any]:
        if "max_tokens" in asked:
            yield refusal(400, "Unsupported: use max_completion_tokens instead.", param="max_tokens")
        elif "stream_options" in asked:
            yield refusal(400, "Not supported here.", param="stream_options")
        elif "temperature" in asked:
            yield refusal(400, "Only the default is supported.", param="temperature")
        else:
            yield from greets(asked)

    service, talk = serve(picky)
    for _ in range(2):
        talk.ask(settings=Sampling(max_tokens=7))
        assert isinstance(talk.until_end()[1], Done)
    assert len(service.asked) == 5
    assert service.asked[-1]["max_completion_tokens"] == 7 and "seed" in service.asked[-1]


def test_a_model_that_is_not_deployed_says_what_to_do(serve: Serve) -> None:
    service, talk = serve(lambda asked: iter([refusal(404, "x", code="DeploymentNotFound")]))
    talk.voice.load(service.models(deploys="azure", base=""))
    talk.ask()
    _, failed = talk.until_end()
    assert isinstance(failed, GenerationFailed) and "Deploy" in failed.hint


def test_the_older_api_of_azure_is_asked_at_the_deployment_s_own_address(serve: Serve) -> None:
    service, talk = serve(greets)
    models = service.models(api="azure-classic", api_version="2024-10-21", deploys="azure", base="")
    account = msgspec.structs.replace(models.account, base_url=f"http://{service.host}")
    talk.voice.load(replace(models, account=account))
    talk.ask()
    assert isinstance(talk.until_end()[1], Done)
    assert service.paths == ["/openai/deployments/ft%3Atuned/chat/completions?api-version=2024-10-21"]
    assert service.headers[0]["api-key"] == KEY and "authorization" not in service.headers[0]


def locked(account: Account) -> str:
    raise UserError("The store is locked.", hint="Open it.")


@pytest.mark.parametrize(
    ("keys", "said"), [(lambda account: "", "There is no key for Team box"), (locked, "The store is locked")]
)
def test_without_a_key_nothing_is_asked_and_it_is_said(keys: Callable[[Account], str], said: str) -> None:
    service, talk = StreamingService(greets), Talk(keys)
    talk.voice.load(service.models())
    failed = talk.next()
    assert isinstance(failed, LoadFailed) and said in failed.message
    talk.ask()
    assert isinstance(talk.until_end()[1], GenerationFailed)
    assert service.asked == []
    talk.voice.close()
    service.close()


def test_an_address_without_encryption_is_not_spoken_to() -> None:
    talk = Talk()
    account = Account(name="Far", provider="custom", base_url="http://example.com/v1")
    talk.voice.load(HostedModels(account, Provider(id="custom", title="Custom"), "t"))
    failed = talk.next()
    assert isinstance(failed, LoadFailed) and "without encryption" in failed.message


def test_after_closing_nothing_is_told(serve: Serve) -> None:
    def endless(asked: Asked) -> Iterator[bytes]:
        while True:
            yield chunk("more ")

    service, talk = serve(endless)
    talk.ask()
    while not isinstance(talk.next(), Piece):
        pass
    talk.voice.close()
    while not talk.messages.empty():
        talk.next()
    assert service.broken.wait(PATIENCE)
    assert talk.messages.empty()


class Local:
    """An engine that says what a test wants."""

    def __init__(self, tell: Callable[[AnyMessage], None]) -> None:
        self.tell = tell
        self.loads: list[Load] = []
        self.cancelled: list[int] = []
        self.is_closed = False

    def load(self, request: Load) -> None:
        self.loads.append(request)

    def generate(self, questions: object, settings: object) -> int:
        return 1

    def cancel(self, request: int) -> None:
        self.cancelled.append(request)

    def close(self) -> None:
        self.is_closed = True


def test_a_session_talks_to_whoever_was_chosen_last_and_hears_nobody_else(serve: Serve) -> None:
    service, _ = serve(greets)
    told: queue.SimpleQueue[AnyMessage] = queue.SimpleQueue()
    locals_: list[Local] = []

    def local(tell: Callable[[AnyMessage], None]) -> Local:
        locals_.append(Local(tell))
        return locals_[-1]

    voice = AnyVoice(told.put, lambda account: KEY, local)
    voice.load(Load("/m"))
    question = [Question((ChatMessage("user", "Hi"),), ("tuned",))]
    assert voice.generate(question, Sampling()) == 1
    voice.load(service.models())
    assert isinstance(told.get(timeout=PATIENCE), Ready)
    locals_[0].tell(EngineLost("It ended."))
    number = voice.generate(question, Sampling())
    while not isinstance(message := told.get(timeout=PATIENCE), Done):
        assert isinstance(message, Piece)
    voice.cancel(number)
    voice.cancel(1)
    assert locals_[0].cancelled == [1] and locals_[0].loads == [Load("/m")]
    voice.close()
    assert locals_[0].is_closed
