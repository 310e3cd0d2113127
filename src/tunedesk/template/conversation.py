"""A conversation as chat templates expect it: dicts of role and content, calls and tools as JSON objects;
knows no template and no tokens.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunedesk.dataset.example import Example, Message, Tool, ToolCall
from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered_chat import Turn

MAX_CHARACTERS = (
    4_000_000  # of one example, about a million tokens; more would keep a thread busy for minutes
)
SUPERVISED = frozenset({"chat", "prompt-completion", "alpaca", "sharegpt", "mapped"})
"""Formats whose conversation is trained as it stands; "text" is trained too, but it is no conversation."""

Turns = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Conversation:
    """messages, tools: what the template is given; tools is None when there are none, because templates show
    an empty list as if there were some (TRL does the same). turns: which of them are trained.
    """

    messages: Turns
    tools: list[Mapping[str, Any]] | None
    turns: tuple[Turn, ...]

    @property
    def has_calls(self) -> bool:
        return any(turn.call_names for turn in self.turns)

    def with_system_for_developer(self) -> Conversation:
        """The same with the role `developer` called `system`, for templates that know no developer."""
        renamed = [
            {**turn, "role": "system"} if turn["role"] == "developer" else turn for turn in self.messages
        ]
        return Conversation(renamed, self.tools, self.turns)


def conversation_of(example: Example, trained_from: int = 0) -> Conversation:
    """What an example says. TemplateError when it has no messages, a turn without text, or is too large.

    trained_from: assistant turns before this index are context.
    """
    messages = as_dicts(example.messages)
    turns = tuple(
        Turn(
            message.role,
            message.content or "",
            index >= trained_from and is_trained(example, message),
            tuple(call.name for call in message.tool_calls),
            message.reasoning is not None,
        )
        for index, message in enumerate(example.messages)
    )
    return Conversation(messages, [_tool(tool) for tool in example.tools] or None, turns)


def plain_turns(example: Example) -> tuple[tuple[tuple[str, bool], ...], list[str]] | None:
    """Role of each turn and whether it is trained, and the texts; None when something else than text counts:
    tools, calls, thoughts, names, a role that may have to be renamed.
    """
    if example.tools or not example.messages:
        return None
    shape: list[tuple[str, bool]] = []
    contents: list[str] = []
    size = 0
    for turn in example.messages:
        content = turn.content
        if content is None or turn.tool_calls or turn.name or turn.tool_call_id or turn.role == "developer":
            return None
        if turn.reasoning is not None:
            return None
        shape.append((turn.role, is_trained(example, turn)))
        contents.append(content)
        size += len(content)
    return (tuple(shape), contents) if size <= MAX_CHARACTERS else None


def is_trained(example: Example, message: Message) -> bool:
    """Whether a turn gets a loss: an assistant's, not of weight 0, and no part of a prompt (TRL trains of
    prompt and completion only the completion).
    """
    if message.role != "assistant" or message.weight == 0:
        return False
    return not (example.format == "prompt-completion" and message.pointer.startswith("/prompt"))


def as_dicts(messages: Sequence[Message]) -> Turns:
    """Messages as templates expect them. TemplateError when there are none, or one has nothing to show."""
    if not messages:
        raise TemplateError("The example has no messages.", hint="Add a question and an answer.")
    found = [_as_dict(message, number) for number, message in enumerate(messages, start=1)]
    size = sum(len(turn["content"]) for turn in found)
    size += sum(len(call.arguments) for message in messages for call in message.tool_calls)
    size += sum(len(message.reasoning or "") for message in messages)
    if size > MAX_CHARACTERS:
        raise TemplateError(
            f"The example has {size:,} characters; no more than {MAX_CHARACTERS:,} can be rendered.",
            hint="Split it, or delete what is not needed.",
        )
    return found


def _as_dict(message: Message, number: int) -> dict[str, Any]:
    if message.content is None and not message.tool_calls:
        raise _without_text(message, number)
    # A turn that only calls has "": templates that ask for text find none, those that print it print nothing.
    turn: dict[str, Any] = {"role": message.role, "content": message.content or ""}
    if message.name is not None:
        turn["name"] = message.name
    if message.tool_call_id is not None:
        turn["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        turn["tool_calls"] = [_call(call, number) for call in message.tool_calls]
    if message.reasoning is not None:  # under the names that transformers gives it, whatever the row calls it
        turn |= {"reasoning_content": message.reasoning, "thinking": message.reasoning}
    return turn


def _without_text(message: Message, number: int) -> TemplateError:
    who = f"Turn {number} ({message.role or 'no role'})"
    if any(part.text is None for part in message.parts):
        return TemplateError(
            f"{who} holds something that is no text, such as an image.",
            hint="Delete it, or choose a target that trains on images.",
        )
    return TemplateError(f"{who} has no text.", hint="Write one, or delete the turn.")


def _call(call: ToolCall, number: int) -> dict[str, Any]:
    """As transformers and TRL have it: arguments as an object, because templates write them out as JSON."""
    try:
        arguments = json.loads(call.arguments) if call.arguments.strip() else {}
    except (ValueError, RecursionError) as error:
        raise TemplateError(
            f"Turn {number}: the arguments of {call.name or 'a tool call'} are not JSON.",
            hint="Correct them in the row's JSON.",
        ) from error
    function = {"name": call.name, "arguments": arguments}
    made: dict[str, Any] = {"type": "function", "function": function}
    return made if call.id is None else {"id": call.id, **made}


def _tool(tool: Tool) -> Mapping[str, Any]:
    if tool.value is not None:
        return tool.value
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    return {"type": "function", "function": function}
