"""Guesses in which of two old Windows encodings a text stands that is not UTF-8."""

import re
from typing import Literal

# Letters of Windows-1251; most of them are letters of Windows-1252 too.
_LETTERS = rb"\xa8\xaa\xaf\xb2\xb3\xb8\xba\xbf\xc0-\xff"
_RUNS = re.compile(rb"([A-Za-z]?)([" + _LETTERS + rb"]+)([A-Za-z]?)")
_ESCAPED_BREAKS = re.compile(rb"\\[nrt]")


def guess_code_page(sample: bytes) -> Literal["cp1251", "cp1252"]:
    """cp1251 (Cyrillic) or cp1252 (western), by how letters beyond ASCII stand among the others.

    Cyrillic words are made of nothing else; in western words such letters touch those of ASCII, two in a row
    as well (the German word for size). A letter alone, as the French have one, says nothing.
    """
    cyrillic = western = 0
    for before, run, after in _RUNS.findall(_ESCAPED_BREAKS.sub(b" ", sample)):
        if before or after:
            western += len(run)
        elif len(run) > 1:
            cyrillic += len(run)
    return "cp1251" if cyrillic > western else "cp1252"
