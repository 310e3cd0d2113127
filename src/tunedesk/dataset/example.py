"""A row's value seen as a conversation, whatever format it is in; accepts broken shapes without complaint."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tunedesk.dataset.formats.detect import detect_format
from tunedesk.dataset.formats.instructions import read_alpaca, read_sharegpt
from tunedesk.dataset.formats.mapped import read_mapped
from tunedesk.dataset.formats.model import (
    SUPERVISED,
    Example,
    Message,
    Part,
    RowFormat,
    Tool,
    ToolCall,
)
from tunedesk.dataset.formats.pairs import (
    read_openai_preference,
    read_prompt_completion,
    read_prompt_only,
    read_stepwise,
    read_text,
    read_trl_preference,
    read_unpaired,
)
from tunedesk.dataset.formats.turns import read_tools, read_turns

if TYPE_CHECKING:  # a mapping shows examples, so it knows this file
    from tunedesk.dataset.mapping import ColumnMapping

__all__ = [
    "SUPERVISED",
    "Example",
    "Message",
    "Part",
    "RowFormat",
    "Tool",
    "ToolCall",
    "detect_format",
    "example_of",
]


def example_of(value: Any, mapping: ColumnMapping | None = None) -> Example:
    """The conversation in a row. Never raises; an unknown format has no messages."""
    kind = detect_format(value, mapping)
    if kind is RowFormat.CHAT:
        return Example(kind, read_turns(value["messages"], "/messages"), read_tools(value))
    if kind is RowFormat.MAPPED and mapping is not None:
        return read_mapped(value, mapping)
    if kind is RowFormat.UNKNOWN:
        return Example(kind, ())
    return _READERS[kind](value)


def _read_reinforcement(value: dict[str, Any]) -> Example:
    turns = read_turns(value["messages"], "/messages")
    return Example(RowFormat.REINFORCEMENT, turns, read_tools(value))


_READERS: dict[RowFormat, Callable[[dict[str, Any]], Example]] = {
    RowFormat.REINFORCEMENT: _read_reinforcement,
    RowFormat.PREFERENCE: read_openai_preference,
    RowFormat.TRL_PREFERENCE: read_trl_preference,
    RowFormat.UNPAIRED: read_unpaired,
    RowFormat.STEPWISE: read_stepwise,
    RowFormat.PROMPT_COMPLETION: read_prompt_completion,
    RowFormat.PROMPT_ONLY: read_prompt_only,
    RowFormat.TEXT: read_text,
    RowFormat.ALPACA: read_alpaca,
    RowFormat.SHAREGPT: read_sharegpt,
}
