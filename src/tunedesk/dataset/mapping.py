"""What the columns of a table mean when its keys are nobody's format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from tunedesk.dataset.example import Example, example_of


class ColumnMapping(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Names of columns; "" where there is none.

    context: what the question is about; it stands before the question, with a blank line between them.
    messages: a column with a list of turns, whose roles and texts stand under role_key and text_key.
    label: of an unpaired preference, whether the answer is good; a class to be learned is the assistant's
    column. system_text: said before every row that has no system text of its own.
    """

    system: str = ""
    context: str = ""
    user: str = ""
    assistant: str = ""
    chosen: str = ""
    rejected: str = ""
    label: str = ""
    messages: str = ""
    role_key: str = "role"
    text_key: str = "content"
    system_text: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, without doubles, in the order in which they are shown."""
        turns = (self.system, self.messages, self.context, self.user, self.assistant)
        named = (*turns, self.chosen, self.rejected, self.label)
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def says_something(self) -> bool:
        """Whether a conversation comes out of it."""
        answers = self.assistant or self.chosen or self.rejected
        return bool(self.messages or (self.user and answers) or self.assistant)

    def applies_to(self, value: Mapping[str, Any]) -> bool:
        """Whether a row has a column that says something; the system prompt alone says nothing."""
        return any(column in value for column in self.columns if column != self.system)


def preview(rows: Iterable[Mapping[str, Any]], mapping: ColumnMapping) -> tuple[Example, ...]:
    """The rows as they are shown and trained with the mapping."""
    return tuple(example_of(row, mapping) for row in rows)
