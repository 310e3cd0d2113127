"""Brings what a chat session tells from the engine's reader thread to the thread that draws."""

from PySide6.QtCore import QObject, Signal

from tunedesk.chat.conversation import Conversation
from tunedesk.runs.generation import Ready, Voice


class SessionSignals(QObject):
    """A `ChatListener`: each call becomes a signal, which Qt queues when it comes from another thread."""

    conversation_changed = Signal(object)
    """A `Conversation`."""
    text_came = Signal(int, str, str)
    """Exchange (from 0), voice, text."""
    answer_ended = Signal(int, str)
    model_loaded = Signal(object)
    """A `Ready`."""
    became_idle = Signal()
    request_failed = Signal(str, str)
    """What happened, and what can be done."""

    def changed(self, conversation: Conversation) -> None:
        self.conversation_changed.emit(conversation)

    def said(self, number: int, voice: Voice, text: str) -> None:
        self.text_came.emit(number, voice, text)

    def answered(self, number: int, voice: Voice) -> None:
        self.answer_ended.emit(number, voice)

    def ready(self, model: Ready) -> None:
        self.model_loaded.emit(model)

    def idle(self) -> None:
        self.became_idle.emit()

    def failed(self, message: str, hint: str) -> None:
        self.request_failed.emit(message, hint)
