"""One row as the rules look at it: value, conversation, texts and rendering, each made once and only
when asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tunedesk.dataset.example import Example, Message, RowFormat, example_of
from tunedesk.dataset.parsing import ParsedRow
from tunedesk.lint.targets import Target
from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered import Rendered


@dataclass(frozen=True, slots=True)
class Text:
    """A string that is trained or read as context, and where it stands."""

    pointer: str
    text: str
    message: Message


class RowView:
    """Not shared between threads: what is computed is kept without a lock."""

    def __init__(self, parsed: ParsedRow, target: Target) -> None:
        self.parsed = parsed
        self.target = target
        self.value: dict[str, Any] = parsed.value if parsed.value is not None else {}
        self.example: Example = example_of(self.value)
        self.is_chat = self.example.format is RowFormat.CHAT

    @cached_property
    def turns(self) -> list[tuple[Message, dict[str, Any]]]:
        """Chat turns that are objects; empty for every other format."""
        messages = self.value["messages"] if self.is_chat else []
        if not isinstance(messages, list) or not messages:
            return []
        pairs = zip(self.example.messages, messages, strict=True)
        return [(message, turn) for message, turn in pairs if isinstance(turn, dict)]

    @cached_property
    def texts(self) -> list[Text]:
        return list(self._find_texts())

    @cached_property
    def answers(self) -> list[Text]:
        """Texts that are trained."""
        return [text for text in self.texts if is_trained(text.message)]

    @cached_property
    def rendered(self) -> Rendered | TemplateError | None:
        """The row through the target's template: what came out, what went wrong, or None without a
        template.
        """
        if self.target.template is None:
            return None
        try:
            return self.target.template.render(self.example, self.target.max_length)
        except TemplateError as error:
            return error

    def content_pointer(self, message: Message) -> str:
        return f"{message.pointer}/content" if self.is_chat else message.pointer

    def _find_texts(self) -> Iterator[Text]:
        """Contents that are strings, and the text parts of contents that are lists."""
        for index, message in enumerate(self.example.messages):
            pointer = self.content_pointer(message)
            if message.content is not None:
                yield Text(pointer, message.content, message)
                continue
            turn = self.value["messages"][index] if self.is_chat else None
            parts = turn.get("content") if isinstance(turn, dict) else None
            for number, part in enumerate(parts if isinstance(parts, list) else []):
                text = part.get("text") if isinstance(part, dict) else None
                if isinstance(text, str):
                    yield Text(f"{pointer}/{number}/text", text, message)


def is_trained(message: Message) -> bool:
    return message.role == "assistant" and message.weight != 0
