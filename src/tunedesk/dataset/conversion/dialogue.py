"""The form between two formats: everything that a row says, and everything it holds besides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from tunedesk.dataset.example import RowFormat

Style = Literal["text", "messages"]
"""Whether prompts and answers are written as strings or as lists of messages, where a format has both."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of a row that the new row does not hold. row: from 1; pointer: into the row as it was.

    what: the same words for the same kind of loss, so that many can be counted as one.
    """

    row: int
    pointer: str
    what: str


@dataclass(frozen=True, slots=True)
class Call:
    """arguments: JSON text or an object. is_old: OpenAI's function_call, which has no id.

    raw: the call as it stands in a message, with keys that nobody knows; empty for one of ShareGPT's.
    """

    id: str | None
    name: str
    arguments: Any
    pointer: str
    is_old: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """role: in OpenAI's words. content: a string, a list of pieces, or whatever else stands there.

    weight: the number in the row. rest: keys that say nothing to this program. has_content: False where the
    key is absent, not null.
    """

    role: str
    content: Any
    pointer: str
    weight: int | None = None
    name: str | None = None
    calls: tuple[Call, ...] = ()
    call_id: str | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)
    has_content: bool = True


@dataclass(frozen=True, slots=True)
class Dialogue:
    """kind: the format it was read from. tools: in OpenAI's shape, None where the row names none.

    old_tools: they stand in OpenAI's older `functions`. rest: top-level keys that are not part of the format,
    also those of a preference's `input`.
    """

    kind: RowFormat
    turns: tuple[Turn, ...]
    chosen: tuple[Turn, ...] = ()
    rejected: tuple[Turn, ...] = ()
    label: bool | None = None
    tools: list[Any] | None = None
    old_tools: bool = False
    rest: Mapping[str, Any] = field(default_factory=dict)


class CannotConvert(Exception):
    """The row has no place in the format; str() is a sentence without its full stop."""

    def __init__(self, pointer: str, why: str) -> None:
        super().__init__(why)
        self.pointer = pointer


@dataclass(slots=True)
class Ledger:
    """Collects what one row loses. row: from 1."""

    row: int
    losses: list[Loss] = field(default_factory=list)

    def lose(self, pointer: str, what: str) -> None:
        self.losses.append(Loss(self.row, pointer, what))


def refuse(pointer: str, why: str) -> NoReturn:
    raise CannotConvert(pointer, why)
