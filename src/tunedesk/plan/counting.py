"""Counts a dataset's tokens with the template that will train it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tunedesk.dataset.example import example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.plan.facts import DataFacts
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.errors import TemplateError


def count_rows(
    rows: Iterable[bytes],
    valid_rows: int,
    template: ChatTemplate,
    cancelled: Callable[[], bool] = lambda: False,
    mapping: ColumnMapping | None = None,
) -> DataFacts:
    """Facts of raw `rows`; a row that cannot be read or rendered, or trains nothing, is not usable.

    Rendering takes up to a millisecond a row, so that large sets are counted on a worker; `cancelled` stops
    it with the facts so far.
    """
    tokens: list[int] = []
    trained = 0
    for raw in rows:
        if cancelled():
            break
        value = parse_row(raw).value
        if value is None:
            continue
        try:
            rendered = template.render(example_of(value, mapping))
        except TemplateError:
            continue
        if rendered.trained:
            tokens.append(rendered.tokens)
            trained += rendered.trained
    return DataFacts(len(tokens), valid_rows, tokens, trained)
