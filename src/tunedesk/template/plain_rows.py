"""Reads the rows that most files are made of, chats that are nothing but texts, faster than `example_of`."""

from __future__ import annotations

from typing import Literal

import msgspec

Nothing = Literal["\0"]
"""No row has this value, so a row that has the key at all is not read here."""


class PlainTurn(msgspec.Struct, gc=False):
    """A turn that a name, a call or a weight of a wrong type keeps from being read here."""

    role: str
    content: str
    weight: Literal[0, 1] | None = None
    name: None = None
    tool_calls: None = None
    function_call: None = None
    tool_call_id: None = None

    @property
    def is_trained(self) -> bool:
        return self.role == "assistant" and self.weight != 0


class _PlainRow(msgspec.Struct, gc=False):
    messages: list[PlainTurn]
    tools: Nothing = "\0"
    functions: Nothing = "\0"
    chosen: Nothing = "\0"
    rejected: Nothing = "\0"


_decode = msgspec.json.Decoder(_PlainRow).decode


def plain_row(raw: bytes) -> list[PlainTurn] | None:
    """The turns of a chat row that ends with an answer; None for every other row.

    What ends with an answer is no row for a grader, so that its format needs no other key to be told.
    """
    try:
        turns = _decode(raw).messages
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return turns if turns and turns[-1].role == "assistant" else None
