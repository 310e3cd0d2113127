"""Counts a dataset's tokens with the template that will train it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.plan.facts import DataFacts
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.counting import TemplateCounter, count_all
from tunedesk.template.pair_counting import PairCounter


def count_rows(
    rows: Iterable[bytes],
    valid_rows: int,
    template: ChatTemplate,
    cancelled: Callable[[], bool] = lambda: False,
    mapping: ColumnMapping | None = None,
    *,
    pairs: bool = False,
) -> DataFacts:
    """Facts of raw `rows`; a row that cannot be read or rendered, or trains nothing, is not usable.

    pairs: each row is two answers of which one is preferred, counted as PairCounter does.
    Takes about a tenth of a millisecond a row; `cancelled` stops it with the facts so far.
    """
    counter = PairCounter(template, mapping) if pairs else TemplateCounter(template, mapping)
    tokens: list[int] = []
    trained = 0
    for stretch in count_all(enumerate(rows), counter, cancelled):
        for counted in stretch.counts:
            if counted is not None and counted.trained:
                tokens.append(counted.total)
                trained += counted.trained
    return DataFacts(len(tokens), valid_rows, tokens, trained)
