"""One conversation and its engine: takes a person's wishes, tells what changed; it draws nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from tunedesk.chat import conversation as edit
from tunedesk.chat.answering import AnsweringAny, Tell
from tunedesk.chat.any_voice import AnyVoice
from tunedesk.chat.conversation import Conversation
from tunedesk.chat.hosted import Wanted
from tunedesk.errors import UserError
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


class ChatListener(Protocol):
    """What a face is told. All methods but `changed` after an own call come on the engine reader's thread."""

    def changed(self, conversation: Conversation) -> None:
        """Exchanges were added, dropped or edited."""

    def said(self, number: int, voice: Voice, text: str) -> None:
        """More text of the answer of `voice` at exchange `number` (from 0)."""

    def answered(self, number: int, voice: Voice) -> None:
        """The answer of `voice` is complete; the conversation holds it."""

    def ready(self, model: Ready) -> None:
        """The model is loaded."""

    def idle(self) -> None:
        """All answers are complete, or there will be none: a new message can be sent."""

    def failed(self, message: str, hint: str) -> None:
        """The model or an answer failed."""


class ChatSession:
    """Methods may be called from any thread; UserError when something is asked that cannot be now.

    Base and tuned voice see their own histories: one question for both at the first message, two later on.
    They are one request all the same, so that both voices speak at the same time.
    """

    def __init__(
        self,
        listener: ChatListener,
        make_voices: Callable[[Tell], AnsweringAny] = AnyVoice,
        conversation: Conversation | None = None,
    ) -> None:
        self._listener = listener
        self._lock = threading.RLock()
        self._conversation = conversation or Conversation()
        self._voices: tuple[Voice, ...] = ()
        self._request: int | None = None
        """The request that still owes answers, if there is one."""
        self._questions: tuple[Question, ...] = ()
        self._silent: set[Voice] = set()
        """The voices that owe an answer."""
        self._generator = make_voices(self._on_message)

    @property
    def conversation(self) -> Conversation:
        with self._lock:
            return self._conversation

    @property
    def is_answering(self) -> bool:
        with self._lock:
            return self._request is not None

    def choose(self, request: Wanted, voices: Sequence[Voice] | None = None) -> None:
        """Load a model; voices: who answers from now on (default: base, and tuned if there is one)."""
        self._must_be_idle()
        with self._lock:
            self._voices = tuple(voices or voices_of(request))
        self._generator.load(request)

    def open(self, conversation: Conversation) -> None:
        """Go on with another conversation, such as a saved or an empty one."""
        self._must_be_idle()
        self._change(conversation)

    def send(self, text: str) -> None:
        self._ask(lambda now: edit.send(now, text))

    def edit_and_resend(self, number: int, text: str) -> None:
        self._ask(lambda now: edit.edit_and_resend(now, number, text))

    def regenerate(self, number: int | None = None) -> None:
        if not self.conversation.exchanges:
            raise UserError("There is no answer to give anew.", hint="Send a message first.")
        self._ask(lambda now: edit.regenerate(now, number))

    def stop(self) -> None:
        """End the answers where they are; what was said stays."""
        with self._lock:
            request = self._request
        if request is not None:
            self._generator.cancel(request)

    def set_system(self, system: str) -> None:
        self._must_be_idle()
        self._change(edit.with_system(self.conversation, system))

    def set_settings(self, settings: Sampling) -> None:
        with self._lock:
            self._conversation = edit.with_settings(self._conversation, settings)

    def correct(self, number: int, voice: Voice, text: str) -> None:
        self._must_be_idle()
        self._change(edit.corrected(self.conversation, number, voice, text))

    def close(self) -> None:
        self._generator.close()

    def _must_be_idle(self) -> None:
        if self.is_answering:
            raise UserError("An answer is still being written.", hint="Wait for it, or stop it.")

    def _change(self, conversation: Conversation) -> None:
        with self._lock:
            self._conversation = conversation
        self._listener.changed(conversation)

    def _ask(self, change: Callable[[Conversation], Conversation]) -> None:
        self._must_be_idle()
        if not self._voices:
            raise UserError("No model is chosen.", hint="Choose a run or a model first.")
        asked = change(self.conversation)
        self._change(asked)
        with self._lock:  # an answer that comes at once waits until its request is known
            self._questions = questions_of(asked, self._voices)
            self._silent = set(self._voices)
            self._request = self._generator.generate(self._questions, asked.sampling())

    def _on_message(self, message: AnyMessage) -> None:
        match message:
            case Piece():
                self._take_piece(message)
            case Done():
                self._take_end(message)
            case GenerationFailed():
                self._take_failure(message)
            case Ready():
                self._listener.ready(message)
            case LoadFailed() | EngineLost():
                with self._lock:
                    self._break_off(self._silent)
                    self._request = None
                self._listener.failed(message.message, message.hint)
                self._listener.idle()

    def _take_piece(self, piece: Piece) -> None:
        with self._lock:
            if piece.id != self._request:
                return
            number = len(self._conversation.exchanges) - 1
            self._conversation = edit.with_piece(self._conversation, number, piece.voice, piece.text)
        self._listener.said(number, piece.voice, piece.text)

    def _take_end(self, done: Done) -> None:
        with self._lock:
            if done.id != self._request:
                return
            number = len(self._conversation.exchanges) - 1
            self._conversation = edit.with_end(
                self._conversation, number, done.voice, done.reason, done.tokens, done.seconds
            )
            self._owe_less({done.voice})
        self._listener.answered(number, done.voice)
        self._tell_if_idle()

    def _take_failure(self, failed: GenerationFailed) -> None:
        with self._lock:
            if failed.id != self._request:
                return
            if failed.voice is not None:
                voices = {failed.voice}
            elif failed.question is None:
                voices = set(self._silent)
            else:
                voices = set(self._questions[failed.question].voices)
            self._break_off(voices)
            self._owe_less(voices)
        self._listener.failed(failed.message, failed.hint)
        self._tell_if_idle()

    def _break_off(self, voices: set[Voice]) -> None:
        """What was said of an answer that failed stays, and is complete."""
        if self._request is None:
            return
        number = len(self._conversation.exchanges) - 1
        for voice in voices & self._silent:
            if self._conversation.exchanges[number].answer(voice) is not None:
                self._conversation = edit.with_end(self._conversation, number, voice, "cancelled", 0, 0.0)

    def _owe_less(self, voices: set[Voice]) -> None:
        self._silent -= voices
        if not self._silent:
            self._request = None

    def _tell_if_idle(self) -> None:
        if not self.is_answering:
            self._listener.idle()


def voices_of(request: Wanted) -> tuple[Voice, ...]:
    """Who can speak once it is loaded."""
    if isinstance(request, Load):
        return ("base", "tuned") if request.adapter else ("base",)
    return request.voices


def questions_of(conversation: Conversation, voices: Sequence[Voice]) -> tuple[Question, ...]:
    """One question for voices that see the same history."""
    by_prompt: dict[tuple[ChatMessage, ...], tuple[Voice, ...]] = {}
    for voice in voices:
        prompt = conversation.messages(voice)
        by_prompt[prompt] = (*by_prompt.get(prompt, ()), voice)
    return tuple(Question(prompt, who) for prompt, who in by_prompt.items())
