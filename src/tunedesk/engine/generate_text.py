"""Turns token ids into text as they come, never splitting a character; it knows no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

UNFINISHED = "�"


class TextStream:
    """Text of one answer, handed out as soon as it cannot change any more.

    A token may hold a part of a character, and decoders may treat a text's first token apart from the others
    (a leading space is dropped), so that new tokens are decoded together with the ones before them.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._known = 0
        """Ids before this one are only context for the ones after them."""
        self._told = 0
        """Ids before this one are told."""

    def add(self, token: int) -> str:
        """The text that `token` completes; empty while a character is still unfinished."""
        self._ids.append(token)
        old, new = self._old_and_new()
        if new.endswith(UNFINISHED) or len(new) <= len(old):
            return ""
        self._known, self._told = self._told, len(self._ids)
        return new[len(old) :]

    def rest(self) -> str:
        """What is left at the end, broken characters included; nothing comes after it."""
        old, new = self._old_and_new()
        self._known = self._told = len(self._ids)
        return new[len(old) :]

    def _old_and_new(self) -> tuple[str, str]:
        old = self._decode(self._ids[self._known : self._told]) if self._told else ""
        return old, self._decode(self._ids[self._known :])
