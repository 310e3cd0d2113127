"""Which words of two texts differ, as places in each; knows strings only."""

import difflib
import re

from tunedesk.desktop.text.exact_text import Stretches

LONGEST = 20_000
"""Characters; the time grows with the square of a text's length."""
_WORD = re.compile(r"\w+|\s+|.", re.DOTALL)


def changed_words(old: str, new: str) -> tuple[Stretches, Stretches]:
    """What only the old text has, and what only the new one has; nothing for texts that are too long."""
    if max(len(old), len(new)) > LONGEST:
        return (), ()
    words, others = _WORD.findall(old), _WORD.findall(new)
    starts, other_starts = _starts(words), _starts(others)
    gone: list[tuple[int, int]] = []
    come: list[tuple[int, int]] = []
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(a=words, b=others, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if i2 > i1:
            gone.append((starts[i1], starts[i2]))
        if j2 > j1:
            come.append((other_starts[j1], other_starts[j2]))
    return tuple(gone), tuple(come)


def _starts(words: list[str]) -> list[int]:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return starts
