"""Answers of models at a service, with the same messages as those of the engine on this computer."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tunedesk.chat.hosted import HostedModels, Keys
from tunedesk.errors import UserError
from tunedesk.runs.generation import (
    AnyMessage,
    ChatMessage,
    Done,
    GenerationFailed,
    LoadFailed,
    Piece,
    Question,
    Ready,
    Reason,
    Sampling,
    Voice,
)
from tunedesk.runs.places.cloud import refusals
from tunedesk.runs.places.cloud.connection import Key, connect
from tunedesk.runs.places.cloud.refusals import Kind

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletionChunk

SECONDS = 300.0
"""Without a byte: a server may have to load the model first."""
DOING = "answering"
_REASONS: dict[str, Reason] = {"length": "length"}
# What newer models call the limit, and what some services do not know at all.
_OTHER_NAMES = {"max_tokens": "max_completion_tokens"}
_CAN_BE_LEFT_OUT = ("stream_options", "seed", "top_p", "temperature")
_HINTS = {
    Kind.LINE: "Check the connection, and ask again.",
    Kind.GARBLED: "Ask again; if it stays so, check the account's address in Settings, Services.",
    Kind.BUSY: "Ask again in a while.",
    Kind.QUOTA: "Raise the limit at the service, or wait until it is renewed.",
    Kind.KEY: "Give a valid key in Settings, Services.",
    Kind.FORBIDDEN: "Check what the key may do at the service.",
    Kind.MISSING: "The model may be gone, or not be ready yet.",
    Kind.REFUSED: "Change what it objects to, and ask again.",
}
_NOT_DEPLOYED = "Deploy the tuned model first: see the run's page."


class RemoteVoice:
    """The voices of one account's models. Requests have numbers below zero, so that no engine's are alike.

    on_message is called on threads of its own. Nothing is sent by `load`, which only finds the key.
    """

    def __init__(self, on_message: Callable[[AnyMessage], None], keys: Keys) -> None:
        self._on_message = on_message
        self._keys = keys
        self._lock = threading.Lock()
        self._numbers = itertools.count(-1, -1)
        self._client: Future[_Client] = Future()
        self._speeches: dict[int, list[_Speech]] = {}
        self._is_closed = False

    def load(self, request: HostedModels) -> None:
        """`Ready` or `LoadFailed` follows."""
        self._let_go()
        self._client = Future()
        self._start(self._open, request, self._client)

    def generate(self, questions: Sequence[Question], settings: Sampling) -> int:
        """Both voices of a question are asked at the same time, each in a stream of its own."""
        number = next(self._numbers)
        asked = [
            (_Speech(number, index, voice, self._tell), question.prompt)
            for index, question in enumerate(questions)
            for voice in question.voices
        ]
        with self._lock:
            self._speeches = {number: [speech for speech, _ in asked]}
        for speech, prompt in asked:
            self._start(self._answer, self._client, speech, prompt, settings)
        return number

    def cancel(self, request: int) -> None:
        with self._lock:
            speeches = self._speeches.pop(request, [])
        for speech in speeches:
            speech.cancel()

    def close(self) -> None:
        """Break off what is open; no message comes after this returns."""
        with self._lock:
            self._is_closed = True
            speeches = [speech for each in self._speeches.values() for speech in each]
        for speech in speeches:
            speech.cancel()
        self._let_go()

    def _let_go(self) -> None:
        client = self._client
        if client.done() and client.exception() is None:
            client.result().close()

    def _tell(self, message: AnyMessage) -> None:
        if not self._is_closed:
            self._on_message(message)

    @staticmethod
    def _start(work: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _open(self, models: HostedModels, client: Future[_Client]) -> None:
        started = time.monotonic()
        told: Ready | LoadFailed
        try:
            opened = _Client(models, _login(models, self._keys))
            told = Ready(models.tuned, None, models.host, time.monotonic() - started, 0)
        except UserError as error:
            client.set_exception(error)
            told = LoadFailed(error.message, error.hint)
        else:
            client.set_result(opened)
        if client is self._client:  # else another one was chosen meanwhile
            self._tell(told)

    def _answer(
        self,
        client: Future[_Client],
        speech: _Speech,
        prompt: Sequence[ChatMessage],
        settings: Sampling,
    ) -> None:
        try:
            client.result().speak(speech, prompt, settings)
        except UserError as error:
            speech.fail(error)


class _Speech:
    """One answer of one voice under way; it ends exactly once, whoever ends it."""

    def __init__(self, number: int, question: int, voice: Voice, tell: Callable[[AnyMessage], None]) -> None:
        self.number = number
        self.question = question
        self.voice = voice
        self._tell = tell
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._is_over = False
        self._stream: openai.Stream[ChatCompletionChunk] | None = None

    @property
    def is_over(self) -> bool:
        return self._is_over

    def hear(self, stream: openai.Stream[ChatCompletionChunk]) -> bool:
        """Where the answer comes from; False: nobody wants it any more."""
        with self._lock:
            self._stream = stream
            return not self._is_over

    def say(self, text: str) -> None:
        with self._lock:
            if not self._is_over:
                self._tell(Piece(self.number, self.question, self.voice, text))

    def done(self, reason: Reason, tokens: int = 0, prompt_tokens: int = 0) -> None:
        seconds = time.monotonic() - self._started
        self.end(
            Done(self.number, self.question, self.voice, reason, tokens, seconds, prompt_tokens=prompt_tokens)
        )

    def fail(self, error: UserError) -> None:
        words = error.message, error.hint
        self.end(GenerationFailed(self.number, *words, self.question, is_fault=True, voice=self.voice))

    def end(self, message: Done | GenerationFailed) -> None:
        with self._lock:
            if not self._is_over:
                self._is_over = True
                self._tell(message)

    def cancel(self) -> None:
        self.done("cancelled")
        with self._lock:
            stream = self._stream
        if stream is not None:
            _break_off(stream)


class _Client:
    """The service behind one account, and what was learnt of the parameters that it takes."""

    def __init__(self, models: HostedModels, key: Key) -> None:
        self._models = models
        self._key = key if isinstance(key, str) else ""
        self._client = connect(models.account, models.provider, key, timeout=SECONDS)
        self._renamed: dict[str, str] = {}
        self._left_out: set[str] = set()

    def close(self) -> None:
        self._client.close()

    def speak(self, speech: _Speech, prompt: Sequence[ChatMessage], settings: Sampling) -> None:
        """UserError: the service refused, or the line broke."""
        name = self._models.name_of(speech.voice)
        if not name:
            raise UserError("The service has no base model to compare with.", hint="Ask the tuned one alone.")
        try:
            with self._asking(), self._opened(speech, name, prompt, settings) as stream:
                if speech.hear(stream):
                    _listen(stream, speech)
        except UserError:
            if not speech.is_over:  # a line that was cut by `cancel` is no trouble
                raise

    @contextlib.contextmanager
    def _opened(
        self, speech: _Speech, name: str, prompt: Sequence[ChatMessage], settings: Sampling
    ) -> Iterator[openai.Stream[ChatCompletionChunk]]:
        """The stream, asked for again where the service objects to a parameter that it can do without."""
        import openai

        while True:
            body = self._body(name, prompt, settings)
            try:
                stream = self._asked_for(name).chat.completions.create(**body, stream=True)
            except openai.BadRequestError as error:
                if speech.is_over or not self._learn(error, body):
                    raise
                continue
            with stream:
                yield stream
            return

    def _asked_for(self, name: str) -> openai.OpenAI:
        """Azure's older API has an address of its own for each deployment."""
        if self._models.provider.api != "azure-classic":
            return self._client
        root = str(self._client.base_url).rstrip("/")
        return self._client.with_options(base_url=f"{root}/deployments/{quote(name, safe='')}/")

    def _body(self, name: str, prompt: Sequence[ChatMessage], settings: Sampling) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": name,
            "messages": [{"role": turn.role, "content": turn.content} for turn in prompt],
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": settings.seed,
            "max_tokens": settings.max_tokens,
            "stream_options": {"include_usage": True},
        }
        kept = {key: value for key, value in body.items() if key not in self._left_out}
        return {self._renamed.get(key, key): value for key, value in kept.items()}

    def _learn(self, error: openai.BadRequestError, body: dict[str, Any]) -> bool:
        """Whether asking in another way can help. Models of one family differ in what they take."""
        for old, new in _OTHER_NAMES.items():
            if old in body and new in error.message:
                self._renamed[old] = new
                return True
        for name in _CAN_BE_LEFT_OUT:
            if name in body and (error.param or "").partition(".")[0] == name and "support" in error.message:
                self._left_out.add(name)
                return True
        return False

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Every way in which the client fails becomes a sentence."""
        import httpx2
        import openai

        service = self._models.account.name
        try:
            yield
        except openai.APITimeoutError as error:
            raise _told(refusals.no_answer(service, DOING, error, timed_out=True)) from error
        except openai.APIConnectionError as error:
            raise _told(refusals.no_answer(service, DOING, error, timed_out=False)) from error
        except openai.APIStatusError as error:
            raise self._told_refusal(refusals.refusal(service, DOING, error, self._key)) from error
        except httpx2.TimeoutException as error:
            raise _told(refusals.no_answer(service, DOING, error, timed_out=True)) from error
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            raise _told(refusals.no_answer(service, DOING, error, timed_out=False)) from error
        except openai.APIError as error:  # told in the middle of a stream
            raise _in_stream(service, error, self._key) from error
        except (openai.OpenAIError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise _told(refusals.garbled(service, DOING)) from error

    def _told_refusal(self, refused: refusals.Refused) -> UserError:
        if refused.kind is Kind.MISSING and self._models.provider.deploys:
            return UserError(refused.message, hint=_NOT_DEPLOYED)
        return _told(refused)


def _login(models: HostedModels, keys: Keys) -> Key:
    """UserError: there is no key, or nobody is logged in."""
    account = models.account
    if account.auth == "entra":
        from tunedesk.runs.places.azure.credentials import token_provider

        return token_provider(account, models.provider.entra_scope)
    return keys(account) if account.auth == "key" else ""


def _listen(stream: openai.Stream[ChatCompletionChunk], speech: _Speech) -> None:
    """Until the end of the answer; a stream that ends without saying why has broken."""
    import openai

    reason = ""
    tokens = prompt_tokens = 0
    for chunk in stream:
        if speech.is_over:
            return
        if chunk.usage is not None:
            tokens, prompt_tokens = chunk.usage.completion_tokens, chunk.usage.prompt_tokens
        for choice in chunk.choices or ():
            if choice.delta is not None and choice.delta.content:
                speech.say(choice.delta.content)
            reason = choice.finish_reason or reason
    if reason == "content_filter":
        raise UserError("The service's filter ended the answer.", hint="Ask in another way.")
    if not reason:
        raise openai.OpenAIError("no reason for the end")
    speech.done(_REASONS.get(reason, "end"), tokens, prompt_tokens)


def _break_off(stream: openai.Stream[ChatCompletionChunk]) -> None:
    """Wake the thread that reads: closing by itself does not end a read that waits."""
    network = stream.response.extensions.get("network_stream")
    raw = network.get_extra_info("socket") if network is not None else None
    if raw is not None:
        with contextlib.suppress(OSError):  # it has just been closed by the other side
            raw.shutdown(socket.SHUT_RDWR)


def _told(refused: refusals.Refused) -> UserError:
    """With a hint for somebody who chats; the one it has is for somebody who trains."""
    return UserError(refused.message, hint=_HINTS.get(refused.kind, refused.hint))


def _in_stream(service: str, error: openai.APIError, key: str) -> UserError:
    from tunedesk.runs.redaction import redact

    words = redact(" ".join(error.message.split()), (key,))[: refusals.LONGEST_WORDS]
    return UserError(f"{service} broke off its answer: {words.rstrip('.')}.", hint=_HINTS[Kind.BUSY])
