"""Where the examples shall be used; what is an error for one place is nothing for another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunedesk.errors import UserError

if TYPE_CHECKING:  # the window lints before it needs a tokenizer
    from tunedesk.template.chat_template import ChatTemplate

TARGET_NAMES = ("local", "openai", "azure", "generic")


@dataclass(frozen=True, slots=True)
class Target:
    """name: local (trained here), openai, azure, or generic (whatever reads chat JSONL).

    template: the model's, for rules that render; None leaves those out. max_length: tokens after which a row
    is cut. pedantic: whether the rules of the pedantic group run too.
    """

    name: str
    template: ChatTemplate | None = None
    max_length: int | None = None
    pedantic: bool = False


def target_named(
    name: str,
    template: ChatTemplate | None = None,
    max_length: int | None = None,
    *,
    pedantic: bool = False,
) -> Target:
    """UserError for a name that is no target. Only the local target renders, so only it keeps the
    template.
    """
    if name not in TARGET_NAMES:
        raise UserError(f"There is no target {name}.", hint=f"Choose one of: {', '.join(TARGET_NAMES)}.")
    is_local = name == "local"
    return Target(name, template if is_local else None, max_length if is_local else None, pedantic)
