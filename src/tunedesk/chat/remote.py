"""Answers of models at a service, with the same messages as those of the engine on this computer."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from tunedesk.chat.chat_client import ChatClient
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
from tunedesk.runs.places.cloud.connection import Key

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletionChunk


class RemoteVoice:
    """The voices of one account's models. Requests have numbers below zero, so that no engine's are alike.

    on_message is called on threads of its own. Nothing is sent by `load`, which only finds the key.
    """

    def __init__(self, on_message: Callable[[AnyMessage], None], keys: Keys) -> None:
        self._on_message = on_message
        self._keys = keys
        self._lock = threading.Lock()
        self._numbers = itertools.count(-1, -1)
        self._client: Future[ChatClient] = Future()
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

    def _open(self, models: HostedModels, client: Future[ChatClient]) -> None:
        started = time.monotonic()
        told: Ready | LoadFailed
        try:
            opened = ChatClient(models, _login(models, self._keys))
            told = Ready(models.tuned, None, models.host, time.monotonic() - started, 0)
        except UserError as error:
            client.set_exception(error)
            told = LoadFailed(error.message, error.hint)
        else:
            client.set_result(opened)
        if client is self._client:
            self._tell(told)
        elif client.exception() is None:  # another one was chosen meanwhile
            client.result().close()

    def _answer(
        self,
        client: Future[ChatClient],
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


def _login(models: HostedModels, keys: Keys) -> Key:
    """UserError: there is no key, or nobody is logged in."""
    account = models.account
    if account.auth == "entra":
        from tunedesk.runs.places.azure.credentials import token_provider

        return token_provider(account, models.provider.entra_scope)
    return keys(account) if account.auth == "key" else ""


def _break_off(stream: openai.Stream[ChatCompletionChunk]) -> None:
    """Wake the thread that reads: closing by itself does not end a read that waits."""
    network = stream.response.extensions.get("network_stream")
    raw = network.get_extra_info("socket") if network is not None else None
    if raw is not None:
        with contextlib.suppress(OSError):  # it has just been closed by the other side
            raw.shutdown(socket.SHUT_RDWR)
