"""What every format is shown as: messages, and where in the row each of their texts stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RowFormat(StrEnum):
    """What a row's keys mean. The names are those of the command line and of reports."""

    CHAT = "chat"
    """`messages`: OpenAI's chat, also TRL's conversational language modelling."""
    REINFORCEMENT = "reinforcement"
    """`messages` that end with the user, and fields for the grader beside them."""
    PREFERENCE = "preference"
    """OpenAI's `input`, `preferred_output`, `non_preferred_output`; also the old *_completion names."""
    TRL_PREFERENCE = "trl-preference"
    """`chosen`, `rejected`, perhaps `prompt`: texts or lists of messages."""
    UNPAIRED = "unpaired-preference"
    """`prompt`, `completion`, and `label`: whether it is good."""
    STEPWISE = "stepwise"
    """`prompt`, `completions` and `labels`: one for each step of an answer."""
    PROMPT_COMPLETION = "prompt-completion"
    """`prompt`, `completion`: texts, or TRL's lists of messages."""
    PROMPT_ONLY = "prompt-only"
    """`prompt` alone: a text or a list of messages."""
    TEXT = "text"
    """`text` alone: all of it is trained."""
    ALPACA = "alpaca"
    """`instruction`, `input`, `output`, `system`, `history`; with `chosen`, `rejected` a preference."""
    SHAREGPT = "sharegpt"
    """`conversations` of `from` and `value`; with `chosen`, `rejected` a preference."""
    MAPPED = "mapped"
    """Columns of nobody's format, with a ColumnMapping that says what is what."""
    UNKNOWN = "unknown"


SUPERVISED = frozenset(
    {
        RowFormat.CHAT,
        RowFormat.PROMPT_COMPLETION,
        RowFormat.ALPACA,
        RowFormat.SHAREGPT,
        RowFormat.MAPPED,
        RowFormat.TEXT,
    }
)
"""Formats with an answer to learn from; the engine here trains no other."""


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
    weight: 0 or 1 (or what integer stands there); None when absent or not an integer. 0 also for an answer
    that stands in a prompt, which is never trained.
    pointer: the JSON pointer of the turn, "/messages/2"; "/prompt" or "/completion" in that format; ""
    when it stands in no row (the fixed system text of a mapping).
    text_pointer: of the string that is `content`; "" when there is none, or when it is made of `parts`.
    role_pointer: of the key that names the role; "" when it is absent or the role follows from the place.
    parts: the strings that the content is made of, joined by the format's own separator; () for one string.
    reasoning: what is thought before the content, where it stands in a key of its own.
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
    reasoning: str | None = None


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

    @property
    def answer(self) -> str:
        """What a table shows as the answer: the preferred one of two, else the last assistant turn's text."""
        turns = reversed(self.chosen)
        preferred = (m.content for m in turns if m.role == "assistant" and m.content is not None)
        return next(preferred, "") or self.last_assistant

    @property
    def is_preference(self) -> bool:
        """Whether it compares or judges answers, so that it is nothing to imitate."""
        return bool(self.chosen or self.rejected) or self.label is not None

    @property
    def is_supervised(self) -> bool:
        """Whether it can be trained by imitation, which is all that the engine does."""
        return self.format in SUPERVISED and not self.is_preference
