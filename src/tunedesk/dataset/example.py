"""A row's value seen as a conversation; knows the two formats, accepts broken shapes without complaint."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RowFormat(StrEnum):
    CHAT = "chat"
    PROMPT_COMPLETION = "prompt-completion"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a turn's text that stands in a string of its own.

    text: None for what is no text (an image). pointer: of the string, or of the piece when it is no text.
    """

    text: str | None
    pointer: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """arguments: JSON text, as it stands there, or written out when the row holds an object.

    is_text: OpenAI writes the arguments as a string, TRL as an object. pointer: "/messages/1/tool_calls/0".
    """

    id: str | None
    name: str
    arguments: str
    is_text: bool
    pointer: str


@dataclass(frozen=True, slots=True)
class Tool:
    """parameters: the tool's JSON Schema; None when there is none that can be read. pointer: "/tools/0".

    value: the whole object as it stands in the row, which is what a chat template is shown.
    """

    name: str
    description: str
    parameters: Mapping[str, Any] | None
    pointer: str
    value: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One turn.

    role: in OpenAI's words where the format has other ones; as written when nobody knows it.
    content: the whole text; None when it is absent, null, no text, or has pieces that are no text.
    weight: 0 or 1 (or what integer stands there); None when absent or not an integer.
    pointer: the JSON pointer of the turn, "/messages/2"; "/prompt" or "/completion" in that format.
    text_pointer: of the string that is `content`; "" when there is none, or when it is made of `parts`.
    role_pointer: of the string that names the role; "" when the role follows from the place.
    parts: the strings that the content is made of, joined by the format's own separator; () for one string.
    """

    role: str
    content: str | None
    weight: int | None
    pointer: str
    text_pointer: str = ""
    role_pointer: str = ""
    parts: tuple[Part, ...] = ()
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """messages: the conversation, or what stands before the answers of a preference.

    chosen, rejected: the two answers of a preference. label: of an unpaired preference, whether it is good.
    """

    format: RowFormat
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    chosen: tuple[Message, ...] = ()
    rejected: tuple[Message, ...] = ()
    label: bool | None = None

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
