"""Proves by rendering that a fix changes nothing that is trained; it takes no rule's word for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tunedesk.dataset.example import Example, Message, RowFormat, ToolCall
from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.finding import Fix
from tunedesk.lint.row_view import RowView, is_trained
from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered import Rendered

if TYPE_CHECKING:  # the window lints before it needs a tokenizer
    from tunedesk.template.chat_template import ChatTemplate


def keeps_training(view: RowView, fix: Fix) -> bool:
    """Whether token ids and loss mask are the same before and after the fix, for a row that could be used
    before.

    A preference is rendered with each of its answers. Without a template the roles, texts, weights, tools and
    calls must be the same: then every template gives the same.
    """
    raw = fix.apply(view.parsed)
    if raw is None:
        return False
    after = RowView(parse_row(raw), view.target)
    if after.parsed.value is None or view.example.label != after.example.label:
        return False
    if view.target.template is None:
        return _trained(view.example) == _trained(after.example)
    before, then = _renderings(view), _renderings(after)
    return before is not None and before == then


def _renderings(view: RowView) -> list[tuple[tuple[int, ...], tuple[int, ...]]] | None:
    """Ids and mask of everything that the target is shown of a row; None when the template refuses it."""
    if view.example.is_supervised:
        made = [view.rendered]
    else:
        made = [_try_render(view.target.template, example) for example in _conversations(view.example)]
    found = [(each.ids, each.mask) for each in made if isinstance(each, Rendered)]
    return found if len(found) == len(made) else None


def _conversations(example: Example) -> list[Example]:
    """A preference as two conversations, anything else as one."""
    sides = [side for side in (example.chosen, example.rejected) if side] or [()]
    plain = replace(example, format=RowFormat.CHAT, chosen=(), rejected=(), label=None)
    return [replace(plain, messages=(*example.messages, *side)) for side in sides]


def _try_render(template: ChatTemplate | None, example: Example) -> Rendered | None:
    try:
        return template.render(example) if template is not None else None
    except TemplateError:
        return None


def _trained(example: Example) -> tuple[Any, ...]:
    sides = (example.messages, example.chosen, example.rejected)
    return (*map(_turns, sides), [(tool.name, tool.value) for tool in example.tools])


def _turns(messages: Sequence[Message]) -> list[tuple[object, ...]]:
    return [
        (
            message.role,
            message.content,
            [part.text for part in message.parts if message.content is None],
            is_trained(message),
            message.name,
            message.tool_call_id,
            [_call(call) for call in message.tool_calls],
        )
        for message in messages
    ]


def _call(call: ToolCall) -> tuple[object, ...]:
    """Arguments as text and as an object are not the same: templates print them differently."""
    return call.id, call.name, call.is_text, call.arguments

