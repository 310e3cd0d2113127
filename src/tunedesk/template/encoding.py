"""From text and trained stretches to token ids and a loss mask, one text or thousands at once; knows no
templates.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from tokenizers import Tokenizer

from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered import Rendered

Range = tuple[int, int]
LONGEST_GAP = 64  # characters between a sign and what is trained; such as "assistant" and a line feed


class RowTokens(NamedTuple):
    """total: all tokens of a row. trained: those with a loss. start: index of the first of them, -1 for none
    (or where only OpenAI's framing is known, which has no positions).
    """

    total: int
    trained: int
    start: int


class Encoder:
    """A tokenizer that adds nothing: the template wrote every control token into the text already.

    bos: the start token, which may not stand at the beginning twice.
    """

    def __init__(self, tokenizer: Tokenizer, bos: str | None) -> None:
        self._tokenizer = tokenizer
        self._bos = bos
        self._bos_id = tokenizer.token_to_id(bos) if bos is not None else None
        self._signs = _signs(tokenizer)
        self._sign = _pattern(self._signs)
        self._gaps: dict[str, list[int]] = {}

    def encode(self, text: str) -> tuple[tuple[int, ...], tuple[Range, ...]]:
        """Ids and offsets. TemplateError: half a character, or a start token twice."""
        check_encodable(text)
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        self._check_start(encoding.ids)
        return tuple(encoding.ids), tuple(encoding.offsets)

    def encode_masked(self, text: str, ranges: Sequence[Range], max_length: int | None) -> Rendered:
        ids, offsets = self.encode(text)
        cut_at = max_length if max_length is not None and len(ids) > max_length else None
        return Rendered(text, ids, _mask(text, offsets, ranges), offsets, cut_at)

    def measure(self, texts: Sequence[tuple[str, Sequence[Range]]]) -> list[RowTokens | TemplateError]:
        """Counts of many texts, on all cores; the same numbers as those of `encode_masked`, in its order.

        Offsets cost half the time, so that trained tokens are counted between control tokens where that is
        exact, and with offsets where it is not.
        """
        found: list[RowTokens | TemplateError] = []
        encodings = self._tokenizer.encode_batch_fast(
            [text if _is_encodable(text) else "" for text, _ in texts], add_special_tokens=False
        )
        for (text, ranges), encoding in zip(texts, encodings, strict=True):
            counted = self._between_signs(text, encoding.ids, ranges)
            if counted is not None and counted.total:
                found.append(counted)
                continue
            try:
                rendered = self.encode_masked(text, ranges, None)
            except TemplateError as error:
                found.append(error)
            else:
                start = rendered.mask.index(1) if rendered.trained else -1
                found.append(RowTokens(rendered.tokens, rendered.trained, start))
        return found

    def _between_signs(self, text: str, ids: list[int], ranges: Sequence[Range]) -> RowTokens | None:
        """Counted by the control tokens around each range; None where that would not be exact.

        A control token is cut out of a text before anything else is looked at, so that the n-th one in the
        text is the n-th one among the ids.
        """
        if self._sign is None or (self._bos_id is not None and ids[:2] == [self._bos_id, self._bos_id]):
            return None
        ends: list[int] = []  # of the signs, in characters
        places: list[int] = []  # of the signs, among the ids
        place = -1
        for found in self._sign.finditer(text):
            try:
                place = ids.index(self._signs[found.group()], place + 1)
            except ValueError:
                return None
            ends.append(found.end())
            places.append(place)
        trained, start = 0, -1
        for begin, end in ranges:
            first = self._first_id(text, ids, ends, places, begin)
            last = bisect_left(ends, end)
            if first is None or last == len(ends) or ends[last] != end:
                return None
            start = first if start < 0 else start
            trained += places[last] + 1 - first
        return RowTokens(len(ids), trained, start)

    def _first_id(
        self, text: str, ids: list[int], ends: list[int], places: list[int], begin: int
    ) -> int | None:
        """Index of the token that begins at a character, when the sign before it is near."""
        sign = bisect_left(ends, begin + 1) - 1
        if sign < 0 or begin - ends[sign] > LONGEST_GAP:
            return None
        at = places[sign] + 1
        if begin == ends[sign]:
            return at
        gap = text[ends[sign] : begin]
        known = self._gaps.get(gap)
        if known is None:
            known = self._tokenizer.encode(gap, add_special_tokens=False).ids
            if len(self._gaps) < 1_000:
                self._gaps[gap] = known
        # The same ids as the gap has alone: then they cover just the gap, and nothing of what follows it.
        return at + len(known) if ids[at : at + len(known)] == known else None

    def _check_start(self, ids: Sequence[int]) -> None:
        if self._bos_id is not None and list(ids[:2]) == [self._bos_id, self._bos_id]:
            raise TemplateError(
                f"The text begins with {self._bos} twice.",
                hint="Delete it from the first message, or correct the chat template.",
            )


def _signs(tokenizer: Tokenizer) -> dict[str, int]:
    """Literals that become a token wherever they stand; none when one of them may take other characters."""
    added = tokenizer.get_added_tokens_decoder()
    if any(token.lstrip or token.rstrip or token.single_word or token.normalized for token in added.values()):
        return {}
    return {token.content: number for number, token in added.items() if token.content}


def _pattern(signs: dict[str, int]) -> re.Pattern[str] | None:
    """Finds the signs as the tokenizer does: from the left, the longest first."""
    if not signs:
        return None
    return re.compile("|".join(re.escape(sign) for sign in sorted(signs, key=len, reverse=True)))


def check_encodable(text: str) -> None:
    """TemplateError for half a character (a lone surrogate)."""
    if text.isascii():
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise TemplateError(
            f"The text holds half a character (U+{ord(text[error.start]):04X}), which no tokenizer takes.",
            hint="Delete it, or replace it by the whole character.",
        ) from error


def _is_encodable(text: str) -> bool:
    try:
        check_encodable(text)
    except TemplateError:
        return False
    return True


def _mask(text: str, offsets: Sequence[Range], ranges: Sequence[Range]) -> tuple[int, ...]:
    """One 0/1 for each token. A token that begins before a range is trained only if what it takes along is
    white space.
    """
    mask = [0] * len(offsets)
    for begin, end in ranges:
        first = bisect_left(offsets, (begin, 0))
        behind = bisect_left(offsets, (end, 0))
        while first and offsets[first - 1][1] > begin and text[offsets[first - 1][0] : begin].isspace():
            first -= 1
        mask[first:behind] = [1] * (behind - first)
    return tuple(mask)
