"""Asks a generation engine for many answers and waits for them; it scores nothing."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
    Reason,
    Sampling,
    Voice,
)
from tunedesk.runs.places.generator import Generator


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """text: empty when the prompt did not fit, for which `problem` is the sentence."""

    text: str
    reason: Reason | None
    tokens: int = 0
    problem: str = ""


class AnswerDesk:
    """An engine that is asked and waited for; a context manager that ends the engine."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[AnyMessage] = queue.SimpleQueue()
        self._generator = Generator(self._messages.put)

    def __enter__(self) -> AnswerDesk:
        return self

    def __exit__(self, *_: object) -> None:
        self._generator.close()

    def load(self, request: Load) -> Ready:
        """UserError: the model or adapter cannot be loaded."""
        self._generator.load(request)
        while True:
            match message := self._messages.get():
                case Ready():
                    return message
                case LoadFailed() | EngineLost():
                    raise UserError(message.message, hint=message.hint)

    def answers(
        self,
        prompts: Sequence[Sequence[ChatMessage]],
        voice: Voice,
        settings: Sampling,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> list[GivenAnswer]:
        """One answer for each prompt, in their order. UserError: the engine is lost or refuses the request.

        progress: (answers so far, prompts), after each answer.
        """
        questions = [Question(tuple(prompt), (voice,)) for prompt in prompts]
        request = self._generator.generate(questions, settings, stream=False)
        texts: dict[int, str] = {}
        given: dict[int, GivenAnswer] = {}
        while len(given) < len(prompts):
            match message := self._messages.get():
                case Piece(id=number) if number == request:
                    texts[message.question] = texts.get(message.question, "") + message.text
                case Done(id=number) if number == request:
                    text = texts.get(message.question, "")
                    given[message.question] = GivenAnswer(text, message.reason, message.tokens)
                    progress(len(given), len(prompts))
                case GenerationFailed(id=number, question=int(question)) if number == request:
                    given[question] = GivenAnswer("", None, problem=message.message)
                    progress(len(given), len(prompts))
                case GenerationFailed() | EngineLost():
                    raise UserError(message.message, hint=message.hint)
        return [given[number] for number in range(len(prompts))]
