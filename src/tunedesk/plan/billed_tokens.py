"""How many tokens a provider will count in the rows it gets; a range where its tokenizer is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tunedesk.plan.prices import base_model
from tunedesk.template.counting import TokenCounter, count_all
from tunedesk.template.openai_counting import OpenAiCounter
from tunedesk.template.openai_tokens import encoding_for_model, training_context

STAND_IN = "o200k_base"
SPREAD = 0.3
"""How far another model's tokenizer may be off, either way; a rule of thumb for European languages."""


@dataclass(frozen=True, slots=True)
class BilledTokens:
    """Tokens of one pass over the rows. low, high: bounds, alike where the tokenizer is known.

    trained: of them those that get a loss. uncounted: rows that nobody can count. how: a sentence.
    """

    low: int
    high: int
    trained: int
    rows: int
    uncounted: int
    how: str

    @property
    def text(self) -> str:
        """Like "12,300" or "9,000 to 16,000"."""
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"


def count_billed(
    rows: Iterable[bytes],
    model: str,
    counter: TokenCounter | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BilledTokens | None:
    """Count raw rows as they are sent; None: cancelled.

    model: the provider's name of it. counter: of a local copy of the same model, which then counts. A row is
    counted up to where the provider cuts it, where that is known.
    """
    if counter is not None:
        return _counted(rows, counter, None, 0.0, "counted with the model's own template", cancelled)
    base = base_model(model)
    encoding, limit = encoding_for_model(base), training_context(base)
    how = "counted as OpenAI's cookbook does; the service's own count decides"
    spread = 0.0
    if encoding is None:
        how = f"counted with OpenAI's tokenizer, as that of {model} is not known here; give or take 30 %"
        spread = SPREAD
    with OpenAiCounter(encoding or STAND_IN) as processes:
        return _counted(rows, processes, limit, spread, how, cancelled)


def _counted(
    rows: Iterable[bytes],
    counter: TokenCounter,
    limit: int | None,
    spread: float,
    how: str,
    cancelled: Callable[[], bool],
) -> BilledTokens | None:
    total = trained = count = uncounted = 0
    most = math.inf if limit is None else limit
    for stretch in count_all(enumerate(rows), counter, cancelled):
        for found in stretch.counts:
            count += 1
            uncounted += found is None
            if found is not None:
                total += int(min(found.total, most))
                trained += int(min(found.trained, most))
    if cancelled():
        return None
    low, high = math.floor(total * (1 - spread)), math.ceil(total * (1 + spread))
    return BilledTokens(low, high, trained, count, uncounted, how)
