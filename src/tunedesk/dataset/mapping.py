"""What the columns of a table mean when its keys are nobody's format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class ColumnMapping(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Names of columns; "" where there is none.

    messages: a column with a list of turns, whose roles and texts stand under role_key and text_key.
    label: of an unpaired preference, whether the answer is good; a class to be learned is the assistant's
    column. system_text: said before every row that has no system text of its own.
    """

    system: str = ""
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
        named = (
            self.system,
            self.messages,
            self.user,
            self.assistant,
            self.chosen,
            self.rejected,
            self.label,
        )
        return tuple(dict.fromkeys(name for name in named if name))

    def applies_to(self, value: Mapping[str, Any]) -> bool:
        """Whether a row has a column that says something; the system prompt alone says nothing."""
        return any(column in value for column in self.columns if column != self.system)
