"""Proves by rendering that a fix changes nothing that is trained; it takes no rule's word for it."""

from collections.abc import Sequence

from tunedesk.dataset.example import Message
from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.finding import Fix
from tunedesk.lint.row_view import RowView, is_trained
from tunedesk.template.rendered import Rendered


def keeps_training(view: RowView, fix: Fix) -> bool:
    """Whether token ids and loss mask are the same before and after the fix, for a row that could be used
    before.

    Without a template the roles, texts and weights must be the same: then every template gives the same.
    """
    raw = fix.apply(view.parsed)
    if raw is None:
        return False
    after = RowView(parse_row(raw), view.target)
    if view.target.template is None:
        return _trained_turns(view.example.messages) == _trained_turns(after.example.messages)
    before, then = view.rendered, after.rendered
    if not isinstance(before, Rendered) or not isinstance(then, Rendered):
        return False
    return before.ids == then.ids and before.mask == then.mask


def _trained_turns(messages: Sequence[Message]) -> list[tuple[str, str | None, bool]]:
    return [(message.role, message.content, is_trained(message)) for message in messages]
