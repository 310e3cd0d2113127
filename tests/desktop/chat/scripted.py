"""A generator that says what the test tells it to, on a thread of its own as the real one does."""

import queue
import threading
from collections.abc import Callable, Sequence

from tunedesk.runs.generation import (
    AnyMessage,
    ChatMessage,
    Done,
    EngineLost,
    Load,
    Piece,
    Question,
    Ready,
    Sampling,
    Voice,
)


class ScriptedGenerator:
    """Answers "voice: last message" in two pieces; a message "wait" is answered only by its cancellation."""

    def __init__(self, on_message: Callable[[AnyMessage], None]) -> None:
        self.loads: list[Load] = []
        self.asked: list[tuple[tuple[ChatMessage, ...], tuple[Voice, ...], Sampling]] = []
        self.closed = False
        self._number = 0
        self._waiting: dict[int, tuple[Voice, ...]] = {}
        self._said: queue.Queue[AnyMessage | None] = queue.Queue()
        self._thread = threading.Thread(target=self._tell, args=(on_message,), daemon=True)
        self._thread.start()

    def load(self, request: Load) -> None:
        self.loads.append(request)
        self._said.put(Ready(request.model, request.adapter, "cpu", 0.1, 1024))

    def generate(self, questions: Sequence[Question], settings: Sampling) -> int:
        self._number += 1
        prompt = questions[0].prompt
        voices = tuple(voice for question in questions for voice in question.voices)
        self.asked.append((prompt, voices, settings))
        if prompt[-1].content == "wait":
            self._waiting[self._number] = voices
            for voice in voices:
                self._said.put(Piece(self._number, 0, voice, "so far"))
        elif prompt[-1].content == "crash":
            self._said.put(EngineLost("The chat engine crashed (signal 9).", "Try again."))
        else:
            for voice in voices:
                self._said.put(Piece(self._number, 0, voice, f"**{voice}**: "))
                self._said.put(Piece(self._number, 0, voice, prompt[-1].content))
                self._said.put(Done(self._number, 0, voice, "end", 7, 0.5))
        return self._number

    def cancel(self, request: int) -> None:
        for voice in self._waiting.pop(request, ()):
            self._said.put(Done(request, 0, voice, "cancelled", 2, 0.1))

    def close(self) -> None:
        self.closed = True
        self._said.put(None)
        self._thread.join()

    def _tell(self, on_message: Callable[[AnyMessage], None]) -> None:
        while (message := self._said.get()) is not None:
            on_message(message)
