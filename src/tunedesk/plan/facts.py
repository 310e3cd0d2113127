"""What plan has to know about a dataset: a few counts, however they were found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataFacts:
    """Counts of one dataset for one model.

    rows: usable training rows. valid_rows: rows of the validation split.
    tokens: tokens of each usable training row, in any order. trained_tokens: how many of them get a loss.
    """

    rows: int
    valid_rows: int
    tokens: Sequence[int]
    trained_tokens: int

    @property
    def total_tokens(self) -> int:
        return sum(self.tokens)

    @property
    def trained_share(self) -> float:
        """Part of all tokens that get a loss, 0 to 1."""
        return self.trained_tokens / self.total_tokens if self.total_tokens else 0.0

    def longest(self, share: float) -> int:
        """Length that `share` of the rows do not exceed (nearest rank); 0 without rows."""
        if not self.tokens:
            return 0
        ordered = sorted(self.tokens)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
