"""Proves by rendering that a fix changes nothing that is trained; it takes no rule's word for it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tunedesk.dataset.example import Example, Message, RowFormat, ToolCall
from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.finding import Fix
from tunedesk.lint.row_view import RowView, is_trained
from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered import Rendered


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


def may_be_safe(view: RowView, fix: Fix, *, is_rejected: bool) -> bool:
    """Whether a fix changes nothing that is trained, or the row could not be used before.

    is_rejected: rules say that the target does not take the row. Where a model is chosen, its template may
    render it all the same, and then it is trained: a fix that leaves every token as it is and changes which
    of them are trained is not safe.
    """
    if view.parsed.value is None:
        return True
    if not is_rejected:
        return keeps_training(view, fix)
    before, raw = _renderings(view), fix.apply(view.parsed)
    if before is None or raw is None:
        return True
    then = _renderings(RowView(parse_row(raw), view.target)) or []
    return [ids for ids, _ in before] != [ids for ids, _ in then] or before == then


def _renderings(view: RowView) -> list[tuple[tuple[int, ...], tuple[int, ...]]] | None:
    """Ids and mask of everything that the target is shown of a row; None when the template refuses it."""
    template = view.target.template
    try:
        if template is None:
            return None
        if view.example.chosen or view.example.rejected:
            made: tuple[Rendered, ...] = template.render_preference(view.example)
        elif view.example.is_supervised:
            made = (template.render(view.example),)
        else:
            made = (template.render(replace(view.example, format=RowFormat.CHAT, label=None)),)
    except TemplateError:
        return None
    return [(each.ids, each.mask) for each in made]


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
