"""What a card shows of one turn; made from a row's value, knows no widget."""

import json
from dataclasses import dataclass
from typing import Any

from tunedesk.dataset.example import RowFormat, example_of
from tunedesk.dataset.row_edits import value_at

ROLES = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class TurnView:
    """text: None when the turn's content is not text and cannot be edited as such; `shown` is then its JSON.

    can_change: whether role and place can be changed (not in a row of prompt and completion).
    is_trained: None where there is no choice, as only an assistant's turn is trained.
    """

    role: str
    text: str | None
    shown: str
    pointer: str
    can_change: bool
    is_trained: bool | None

    @property
    def content_pointer(self) -> str:
        """Where the turn's text stands in the row."""
        return f"{self.pointer}/content" if self.can_change else self.pointer


def turns_of(value: dict[str, Any]) -> tuple[TurnView, ...]:
    """The turns of a row, also of a broken one; empty when the row is in no known format."""
    example = example_of(value)
    is_chat = example.format is RowFormat.CHAT
    views = []
    for message in example.messages:
        content = _content(value, f"{message.pointer}/content" if is_chat else message.pointer)
        is_text = content is None or isinstance(content, str)
        has_choice = is_chat and message.role == "assistant"
        views.append(
            TurnView(
                role=message.role if is_chat else message.pointer[1:],
                text=(content or "") if is_text else None,
                shown="" if is_text else json.dumps(content, ensure_ascii=False, indent=2),
                pointer=message.pointer,
                can_change=is_chat,
                is_trained=message.weight != 0 if has_choice else None,
            )
        )
    return tuple(views)


def _content(value: dict[str, Any], pointer: str) -> Any:
    try:
        return value_at(value, pointer)
    except LookupError:
        return None
