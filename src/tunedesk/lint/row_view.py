"""One row as the rules look at it: value, conversation, texts and rendering, each made once and only
when asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tunedesk.dataset.example import Example, Message, RowFormat, ToolCall, example_of
from tunedesk.dataset.formats.instructions import turn_keys
from tunedesk.dataset.parsing import ParsedRow
from tunedesk.dataset.row_edits import value_at
from tunedesk.lint.targets import Target
from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered import Rendered, RenderedPair

Turn = tuple[Message, dict[str, Any]]
_UNTRAINED = (RowFormat.PROMPT_ONLY, RowFormat.REINFORCEMENT)


@dataclass(frozen=True, slots=True)
class Text:
    """A string that is trained or read as context, and where it stands.

    trained: whether it is learned (an answer, one side of a preference). is_call: arguments of a tool call,
    which are JSON and no prose; they are trained too where the turn is.
    """

    pointer: str
    text: str
    message: Message
    trained: bool = False
    is_call: bool = False


class RowView:
    """Not shared between threads: what is computed is kept without a lock.

    is_chat: the row has `messages` in OpenAI's words (also a row for a grader).
    """

    def __init__(self, parsed: ParsedRow, target: Target) -> None:
        self.parsed = parsed
        self.target = target
        self.value: dict[str, Any] = parsed.value if parsed.value is not None else {}
        self.example: Example = example_of(self.value, target.mapping)
        self.format: RowFormat = self.example.format
        self.is_chat = self.format is RowFormat.CHAT or self.format is RowFormat.REINFORCEMENT

    @cached_property
    def turns(self) -> list[Turn]:
        """Turns of the conversation that are objects, in every format that has such; not the two answers of
        a preference.
        """
        if self.is_chat:
            messages = self.value["messages"]
            if not isinstance(messages, list) or not messages:
                return []
            pairs = zip(self.example.messages, messages, strict=True)
            return [(message, turn) for message, turn in pairs if isinstance(turn, dict)]
        return list(self._objects(self.example.messages))

    @cached_property
    def all_turns(self) -> list[Turn]:
        """The same with the two answers of a preference."""
        if not self.example.chosen and not self.example.rejected:
            return self.turns
        return [*self.turns, *self._objects((*self.example.chosen, *self.example.rejected))]

    @cached_property
    def sequences(self) -> list[list[Turn]]:
        """What follows what: the conversation, for a preference once with each answer."""
        example = self.example
        if not example.chosen and not example.rejected:
            return [self.turns]
        answers = [side for side in (example.chosen, example.rejected) if side]
        return [[*self.turns, *self._objects(side)] for side in answers]

    @cached_property
    def calls(self) -> list[tuple[Message, ToolCall]]:
        """All tool calls with the turn that makes them."""
        example = self.example
        messages = (*example.messages, *example.chosen, *example.rejected)
        return [(message, call) for message in messages for call in message.tool_calls]

    @cached_property
    def texts(self) -> list[Text]:
        return list(self._find_texts())

    @cached_property
    def answers(self) -> list[Text]:
        """Texts that are trained, without tool calls."""
        return [text for text in self.texts if text.trained and not text.is_call]

    @cached_property
    def rendered(self) -> Rendered | TemplateError | None:
        """The row through the target's template: what came out, what went wrong, or None without a template
        and for what is no conversation to imitate.
        """
        if self.target.template is None or not self.example.is_supervised:
            return None
        try:
            return self.target.template.render(self.example, self.target.max_length)
        except TemplateError as error:
            return error

    @cached_property
    def rendered_pair(self) -> RenderedPair | TemplateError | None:
        """The two answers of a preference through the target's template; None without either."""
        example = self.example
        if self.target.template is None or not (example.chosen and example.rejected):
            return None
        try:
            return RenderedPair(*self.target.template.render_preference(example, self.target.max_length))
        except TemplateError as error:
            return error

    def keys_of(self, turn: dict[str, Any]) -> tuple[str, str]:
        """What a turn calls its role and its text."""
        return turn_keys(turn) if self.format is RowFormat.SHAREGPT else ("role", "content")

    def content_pointer(self, message: Message) -> str:
        """Where a message's text stands, or would stand."""
        if message.text_pointer:
            return message.text_pointer
        return f"{message.pointer}/content" if self.is_chat else message.pointer

    def trains(self, message: Message) -> bool:
        """Whether the target learns to say this."""
        return is_trained(message) and self.format not in _UNTRAINED

    def _objects(self, messages: tuple[Message, ...]) -> Iterator[Turn]:
        if self.format is RowFormat.MAPPED:
            return
        for message in messages:
            turn = self.at(message.pointer)
            if message.pointer and isinstance(turn, dict):
                yield message, turn

    def at(self, pointer: str) -> Any:
        """What stands at a pointer of the row; None when nothing does."""
        try:
            return value_at(self.value, pointer)
        except LookupError:
            return None

    def _find_texts(self) -> Iterator[Text]:
        example = self.example
        is_pair = bool(example.chosen or example.rejected)
        for message in example.messages:
            yield from self._texts_of(message, self.trains(message) and not is_pair)
        for message in (*example.chosen, *example.rejected):
            yield from self._texts_of(message, is_trained(message))

    def _texts_of(self, message: Message, trained: bool) -> Iterator[Text]:
        yield from _own_texts(message, trained)
        if message.tool_calls:
            pointers = dict.fromkeys(self.arguments_pointer(call) for call in message.tool_calls)
            for pointer in pointers:
                arguments = self.at(pointer)
                if isinstance(arguments, str):
                    yield Text(pointer, arguments, message, trained, is_call=True)

    def arguments_pointer(self, call: ToolCall) -> str:
        """Where a call's arguments stand; ShareGPT has the whole call in one string."""
        whole = self.at(call.pointer)
        if not isinstance(whole, dict):
            return call.pointer
        inner = "/function" if isinstance(whole.get("function"), dict) else ""
        return f"{call.pointer}{inner}/arguments"


def _own_texts(message: Message, trained: bool) -> Iterator[Text]:
    """A turn's own string, or the text parts that its content is made of."""
    if message.parts:
        for part in message.parts:
            if part.text is not None:
                yield Text(part.pointer, part.text, message, trained)
    elif message.content is not None and message.text_pointer:
        yield Text(message.text_pointer, message.content, message, trained)


def is_trained(message: Message) -> bool:
    return message.role == "assistant" and message.weight != 0
