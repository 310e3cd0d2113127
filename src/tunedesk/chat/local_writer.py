"""One question to a model on this computer, through the engine's own process."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence

from tunedesk.chat.answering import Answering
from tunedesk.chat.endpoint import Cancelled
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
    Sampling,
    Voice,
)
from tunedesk.runs.places.generator import Generator

HOST = "this computer"
_POLL = 0.05


class LocalWriter:
    """voice: base, or tuned when `model` has an adapter. name: of the model, for the rows' marks.

    The engine is started with the first question and ended by `close`.
    """

    host = HOST

    def __init__(
        self,
        model: Load,
        name: str,
        voice: Voice = "base",
        make_generator: Callable[[Callable[[AnyMessage], None]], Answering] = Generator,
    ) -> None:
        if voice == "tuned" and model.adapter is None:
            raise UserError("The model has no adapter, so nothing tuned can answer.", hint="Choose a run.")
        self.name = name
        self._voice = voice
        self._model: Load | None = model
        self._told: queue.SimpleQueue[AnyMessage] = queue.SimpleQueue()
        self._generator = make_generator(self._told.put)

    def ask(self, messages: Sequence[ChatMessage], sampling: Sampling, cancelled: Callable[[], bool]) -> str:
        """The answer's text. Cancelled when `cancelled` says so; UserError when model or answer fail."""
        if self._model is not None:
            self._generator.load(self._model)
            self._model = None
        request = self._generator.generate((Question(tuple(messages), (self._voice,)),), sampling)
        pieces: list[str] = []
        while True:
            if cancelled():
                self._generator.cancel(request)
                raise Cancelled
            try:
                message = self._told.get(timeout=_POLL)
            except queue.Empty:
                continue
            match message:
                case Piece() if message.id == request:
                    pieces.append(message.text)
                case Done() if message.id == request:
                    return "".join(pieces)
                case LoadFailed() | EngineLost():
                    raise UserError(message.message, hint=message.hint)
                case GenerationFailed() if message.id == request:
                    raise UserError(message.message, hint=message.hint)

    def close(self) -> None:
        self._generator.close()
