"""What changed between two texts, word by word, in time that stays bounded for texts of any length."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "removed", "added"]
Span = tuple[int, int]

EDITS = 400
"""Up to so many words that differ are told apart one by one; beyond, a stretch counts as rewritten. The work
grows with the square of it: some 80,000 steps.
"""
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """All "same" and "removed" pieces together are the old text, all "same" and "added" ones the new."""

    kind: Kind
    text: str


def diff_texts(old: str, new: str) -> tuple[Piece, ...]:
    """The pieces in order, neighbours of one kind joined, what was removed before what was added.

    Long texts are compared by lines first and by words within the lines that differ.
    """
    pieces: list[Piece] = []
    for removed, added, same in _blocks(_LINE.findall(old), _LINE.findall(new)):
        pieces += _by_words(removed, added)
        if same:
            pieces.append(Piece("same", same))
    return tuple(_joined(pieces))


def changed_spans(pieces: Sequence[Piece]) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Where the removed pieces stand in the old text and the added ones in the new, in characters."""
    removed: list[Span] = []
    added: list[Span] = []
    at_old = at_new = 0
    for piece in pieces:
        size = len(piece.text)
        if piece.kind == "removed":
            removed.append((at_old, at_old + size))
        elif piece.kind == "added":
            added.append((at_new, at_new + size))
        at_old += size if piece.kind != "added" else 0
        at_new += size if piece.kind != "removed" else 0
    return tuple(removed), tuple(added)


def common_runs(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int]] | None:
    """Runs of equal items (start in old, start in new, length) on a shortest way from old to new.

    None when more than EDITS items differ. After E. W. Myers, "An O(ND) difference algorithm and its
    variations", Algorithmica 1 (1986): the furthest point on each diagonal, edit by edit.
    """
    trace: list[dict[int, int]] = []
    furthest = {1: 0}
    for edits in range(min(EDITS, len(old) + len(new)) + 1):
        trace.append(furthest)
        reached: dict[int, int] = {}
        for diagonal in range(-edits, edits + 1, 2):
            x = _step(furthest, diagonal, edits)
            while x < len(old) and 0 <= x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            reached[diagonal] = x
            if x >= len(old) and x - diagonal >= len(new):
                return _runs_back(trace, len(old), len(new))
        furthest = reached
    return None


def _step(furthest: dict[int, int], diagonal: int, edits: int) -> int:
    """Down (an item of new is added) or right (an item of old is removed), whichever gets further."""
    down, right = furthest.get(diagonal + 1, -1), furthest.get(diagonal - 1, -1)
    if diagonal == -edits or (diagonal != edits and right < down):
        return down
    return right + 1


def _runs_back(trace: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int, int]]:
    runs = []
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], x - y
        start = _step(furthest, diagonal, edits)
        if x > start:
            runs.append((start, start - diagonal, x - start))
        down = start == furthest.get(diagonal + 1, -1) and (
            diagonal == -edits or (diagonal != edits and furthest.get(diagonal - 1, -1) < start)
        )
        before = diagonal + 1 if down else diagonal - 1
        x = furthest.get(before, 0)
        y = x - before
    return runs[::-1]


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """What is removed and added, and the same text that follows. Equal ends are taken off first."""
    head = _equal_items(old, new)
    tail = _equal_items(old[head:][::-1], new[head:][::-1])
    yield "", "", "".join(old[:head])
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    runs = common_runs(middle_old, middle_new)
    at_old = at_new = 0
    for start_old, start_new, size in runs or ():
        same = "".join(middle_old[start_old : start_old + size])
        yield "".join(middle_old[at_old:start_old]), "".join(middle_new[at_new:start_new]), same
        at_old, at_new = start_old + size, start_new + size
    yield "".join(middle_old[at_old:]), "".join(middle_new[at_new:]), "".join(old[len(old) - tail :])


def _equal_items(old: Sequence[str], new: Sequence[str]) -> int:
    """How many items both begin with."""
    size = min(len(old), len(new))
    return next((place for place in range(size) if old[place] != new[place]), size)


def _by_words(old: str, new: str) -> Iterator[Piece]:
    if not (old and new):
        yield from (Piece("removed", old), Piece("added", new))
        return
    for removed, added, same in _without_crumbs(_blocks(_WORD.findall(old), _WORD.findall(new))):
        yield from (Piece("removed", removed), Piece("added", added), Piece("same", same))


def _without_crumbs(blocks: Iterator[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """A blank or a comma that two rewritten stretches share by accident belongs to them."""
    removed = added = same = ""
    for more_removed, more_added, following in blocks:
        is_crumb = not any(character.isalnum() for character in same) and "\n" not in same
        if is_crumb and removed and added and more_removed and more_added:
            removed, added = removed + same + more_removed, added + same + more_added
        else:
            yield removed, added, same
            removed, added = more_removed, more_added
        same = following
    yield removed, added, same


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind made one, also a removed and a removed piece with an added one between."""
    removed = added = same = ""
    for piece in pieces:
        if not piece.text:
            continue
        if piece.kind == "same":
            yield from _change(removed, added)
            removed = added = ""
            same += piece.text
            continue
        if same:
            yield Piece("same", same)
            same = ""
        if piece.kind == "removed":
            removed += piece.text
        else:
            added += piece.text
    yield from _change(removed, added)
    if same:
        yield Piece("same", same)


def _change(removed: str, added: str) -> Iterator[Piece]:
    if removed:
        yield Piece("removed", removed)
    if added:
        yield Piece("added", added)
