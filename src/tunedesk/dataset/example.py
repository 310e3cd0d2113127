"""A row's value seen as a conversation; knows the two formats, accepts broken shapes without complaint."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RowFormat(StrEnum):
    CHAT = "chat"
    PROMPT_COMPLETION = "prompt-completion"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn.

    content: None when it is absent, null or not a string.
    weight: 0 or 1 (or what integer stands there); None when absent or not an integer.
    pointer: the JSON pointer of the turn, "/messages/2"; "/prompt" or "/completion" in that format.
    """

    role: str
    content: str | None
    weight: int | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Example:
    format: RowFormat
    messages: tuple[Message, ...]

    @property
    def first_user(self) -> str:
        """The first user turn's text, "" when there is none."""
        return next((m.content for m in self.messages if m.role == "user" and m.content is not None), "")

    @property
    def last_assistant(self) -> str:
        """The last assistant turn's text, "" when there is none."""
        turns = reversed(self.messages)
        return next((m.content for m in turns if m.role == "assistant" and m.content is not None), "")


def detect_format(value: Any) -> RowFormat:
    """By the keys that are present; a wrong type under the right key is still that format."""
    if not isinstance(value, dict):
        return RowFormat.UNKNOWN
    if "messages" in value:
        return RowFormat.CHAT
    if "prompt" in value or "completion" in value:
        return RowFormat.PROMPT_COMPLETION
    return RowFormat.UNKNOWN


def example_of(value: Any) -> Example:
    """The conversation in a row. Never raises; an unknown format has no messages."""
    kind = detect_format(value)
    if kind is RowFormat.CHAT:
        messages = value["messages"]
        listed = messages if isinstance(messages, list) else []
        return Example(kind, tuple(_message(turn, index) for index, turn in enumerate(listed)))
    if kind is RowFormat.PROMPT_COMPLETION:
        prompt = Message("user", _text(value.get("prompt")), None, "/prompt")
        completion = Message("assistant", _text(value.get("completion")), None, "/completion")
        return Example(kind, (prompt, completion))
    return Example(kind, ())


def _message(turn: Any, index: int) -> Message:
    pointer = f"/messages/{index}"
    if not isinstance(turn, dict):
        return Message("", None, None, pointer)
    weight = turn.get("weight")
    is_integer = isinstance(weight, int) and not isinstance(weight, bool)
    role = turn.get("role", "")
    return Message(
        role=role if isinstance(role, str) else _shown(role),
        content=_text(turn.get("content")),
        weight=weight if is_integer else None,
        pointer=pointer,
    )


def _text(content: Any) -> str | None:
    return content if isinstance(content, str) else None


def _shown(role: Any) -> str:
    """A role of a wrong type as text; str() refuses integers of more than 4,300 digits."""
    if role is None:
        return ""
    try:
        return str(role)
    except ValueError:
        return "?"
