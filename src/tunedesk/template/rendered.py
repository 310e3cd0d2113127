"""What a template makes of one example: text, token ids and the loss mask, with what the preview shows of
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text that is either trained or not; start and end are characters of the whole text."""

    text: str
    start: int
    end: int
    trained: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is put before a model that shall answer."""

    text: str
    ids: tuple[int, ...]


class LaidOut(NamedTuple):
    """The whole text, the character ranges that are trained, and notes as in Rendered."""

    text: str
    ranges: Sequence[tuple[int, int]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rendered:
    """One example as the model sees it.

    text: the whole text. ids, mask, offsets: one entry for each token; mask is 1 where a token gets a loss,
    offsets are (start, end) in characters of the text (several tokens may share one character). Nothing is
    cut: cut_at is the index of the first token that `max_length` drops, None when the example fits.
    notes: sentences on what the model is shown otherwise than it stands in the row.
    """

    text: str
    ids: tuple[int, ...]
    mask: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    cut_at: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """Number of tokens, those behind the cut included."""
        return len(self.ids)

    @property
    def trained(self) -> int:
        """Number of tokens with a loss, those behind the cut included."""
        return sum(self.mask)

    @property
    def trained_before_cut(self) -> int:
        """Number of tokens with a loss that training will really see."""
        return sum(self.mask[: self.cut_at])

    @property
    def cut_character(self) -> int | None:
        """Where the cut stands in the text, None when nothing is cut."""
        return None if self.cut_at is None else self.offsets[self.cut_at][0]

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The text in stretches that are trained or not, in order and without gaps."""
        if not self.ids:
            return (Span(self.text, 0, len(self.text), False),) if self.text else ()
        edges: list[tuple[int, bool]] = []
        position = 0
        for (start, end), trained in zip(self.offsets, self.mask, strict=True):
            if not edges or edges[-1][1] != bool(trained):
                edges.append((max(start, position) if edges else 0, bool(trained)))
            position = max(position, end)
        ends = [start for start, _ in edges[1:]] + [len(self.text)]
        return tuple(
            Span(self.text[start:end], start, end, trained)
            for (start, trained), end in zip(edges, ends, strict=True)
            if end > start
        )


class RenderedPair(NamedTuple):
    """The two answers of a preference, each behind the prompt that both share."""

    chosen: Rendered
    rejected: Rendered
