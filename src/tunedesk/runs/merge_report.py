"""What the engine tells of a merge: how near the merged model is to the one that was trained."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

MergeBase = Literal["trained", "original"]
"""trained: the base as the training computed with it, so a quantised one is dequantised. original: its files'
own weights, which are more exact than what the adapter learned to correct."""


class MergeReport(Struct, frozen=True):
    """difference: the largest one between two logits, merged model against base with adapter, over the run's
    watched prompts; same_choice: the share of their tokens at which both would say the same; None where the
    run watches no prompt. bytes: of the weights; dtype: in which they are stored.
    """

    model: str
    base: MergeBase
    dtype: str
    bytes: int
    difference: float | None
    same_choice: float | None
    seconds: float
