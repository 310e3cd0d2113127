"""From a row, raw or rendered, to the facts that the audit gate asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from tunedesk.dataset.example import Example, Message, example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError
from tunedesk.plan.audit import AuditRow
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.rendered import Rendered

END_WITHIN = 4
"""An end of turn may be followed by a line feed and the like, which are trained with it."""


def audited(
    number: int, example: Example, renderings: Sequence[Rendered], template: ChatTemplate
) -> AuditRow:
    """Facts of a row: one rendering, or those of two answers to one prompt, cut as they will be trained."""
    trained = [sum(one.mask[1:]) for one in renderings]
    kept = [sum(one.mask[1 : one.cut_at]) for one in renderings]
    ends = [_end_of_answer(one, template.end_ids) for one in renderings]
    return AuditRow(
        row=number,
        tokens=max(one.tokens for one in renderings),
        read=sum(one.tokens if one.cut_at is None else one.cut_at for one in renderings),
        trained=sum(trained) if all(trained) else 0,
        kept=sum(kept) if all(kept) else 0,
        is_cut=any(one.cut_at is not None for one in renderings),
        has_end=None if not template.end_ids else all(end is not None for end in ends),
        loses_end=any(
            end is not None and one.cut_at is not None and end >= one.cut_at
            for one, end in zip(renderings, ends, strict=True)
        ),
        digest=hash(tuple(one.ids for one in renderings)),
        marks=control_tokens(example, template.special_tokens),
    )


def audit_rows(
    rows: Iterable[bytes],
    template: ChatTemplate,
    max_length: int,
    mapping: ColumnMapping | None = None,
    *,
    pairs: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[AuditRow]:
    """Facts of raw rows, numbered from 1; a fifth of a millisecond each. `cancelled` stops it early."""
    found = []
    for number, raw in enumerate(rows, 1):
        if cancelled():
            break
        try:
            example = readable_example(raw, mapping)
            renderings: tuple[Rendered, ...]
            if pairs:
                renderings = template.render_preference(example, max_length)
            else:
                renderings = (template.render(example, max_length),)
        except UserError as error:
            found.append(refused(number, error))
        else:
            found.append(audited(number, example, renderings, template))
    return found


def readable_example(raw: bytes, mapping: ColumnMapping | None) -> Example:
    """UserError (without the row's number): the row is no JSON object."""
    parsed = parse_row(raw)
    if parsed.value is None:
        reason = parsed.problems[0].message if parsed.problems else "it is not a JSON object."
        raise UserError(reason, hint="Mend it in the dataset and start a new run.")
    return example_of(parsed.value, mapping)


def refused(number: int, error: UserError) -> AuditRow:
    """A row that cannot be read or rendered."""
    return AuditRow(number, problem=error.message, hint=error.hint)


def control_tokens(example: Example, special: frozenset[str]) -> tuple[str, ...]:
    """Literals in the row's own texts that the tokenizer takes for control tokens."""
    turns: tuple[Message, ...] = (*example.messages, *example.chosen, *example.rejected)
    text = "\0".join(turn.content for turn in turns if turn.content)
    if not any(first in text for first in _firsts(special)):
        return ()
    return tuple(sorted(token for token in special if token in text))


@lru_cache(maxsize=8)
def _firsts(special: frozenset[str]) -> frozenset[str]:
    """Their first characters, of which most texts hold none: some models have thousands of such tokens."""
    return frozenset(token[0] for token in special)


def _end_of_answer(rendered: Rendered, end_ids: frozenset[int]) -> int | None:
    """Index of the trained end of turn that closes the last answer; None where there is none."""
    last = len(rendered.mask) - 1
    while last >= 0 and not rendered.mask[last]:
        last -= 1
    for index in range(last, max(-1, last - END_WITHIN), -1):
        if rendered.mask[index] and rendered.ids[index] in end_ids:
            return index
    return None
