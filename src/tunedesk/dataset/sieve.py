"""Which lines of a block of JSON lines may hold a text, at the speed of C; never misses one, and knows that
JSON may write any letter as an escape.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache

_MUST_BE_ESCAPED = re.compile('["\\\\/\x00-\x1f\x7f\ufffd\ud800-\udfff]')
"""Characters that may look different in JSON, or in a line that is no valid text, even without \\u."""
_ODD_CASES = (
    "\xb5\u017f\u0345\u03c2\u03d0\u03d1\u03d5\u03d6\u03f0\u03f1\u03f4\u03f5\u1c80\u1c81\u1c82\u1c83\u1c84"
    "\u1c85\u1c86\u1c87\u1c88\u1e9b\u1fbe\u2126\u212a\u212b"
)
"""Letters that equal another when case does not count, though neither is the other's upper or lower case
(Unicode's CaseFolding.txt, status C).
"""
_TURKISH = "\u0130\u0131"
"""The dotted capital and the dotless small i, which `regex` takes for an i and an I."""
_EXPANDING = "".join(
    chr(number) for number in (*range(0xDF, 0x590), *range(0x1E90, 0x2000), *range(0xFB00, 0xFB18))
)
"""Among these are all letters that equal several others when case does not count, such as ß and ss."""
_ESCAPE = re.compile(rb"\\u")
_ASCII_ESCAPE = re.compile(rb"\\u00[0-7]")
_SHORT_RUN = 3

Find = Callable[[bytes, int], int]
"""Where the next sign of a match is, from a place on; -1 for nowhere."""


class Sieve:
    """Made for one text that each match must contain."""

    def __init__(self, text: str, *, case: bool) -> None:
        """case: capital and small letters differ. With an empty text, or one that JSON can write in too many
        ways, every line may hold it.
        """
        folded = text if case else re.sub(f"[{_TURKISH}]", "i", text).casefold()
        runs = _MUST_BE_ESCAPED.split(folded)
        self._run = max(runs, key=len)
        self._case = case
        self.lets_all_pass = not self._run
        self._ascii = self._run if self._run.isascii() else _ascii_part(self._run)
        self._is_direct = case or bool(self._ascii) or self.lets_all_pass
        self._needle = (self._run if case else self._ascii).encode()
        variants = [_variants(letter, case) for letter in self._run]
        self._odd = [] if case else _odd(self._run, variants)
        self._letters = None if self._is_direct else _letters(self._run, variants)
        self._flexible = re.compile(b"".join(map(_any_form, variants)))

    def lines(self, block: bytes) -> Iterator[tuple[int, int]]:
        """Start and end of each line, from the top, that may hold the text; the block ends with a line."""
        start = 0
        finds = [] if self.lets_all_pass else list(self._finds(block))
        hits = [find(block, 0) for find in finds]
        while start < len(block):
            place = start
            if finds:
                ahead = [hit for hit in hits if hit >= 0]
                if not ahead:
                    return
                place = min(ahead)
            start = block.rfind(b"\n", start, place) + 1 or start
            end = block.find(b"\n", place)
            end = len(block) if end < 0 else end
            yield start, end
            start = end + 1
            for number, hit in enumerate(hits):
                if 0 <= hit < start:
                    hits[number] = finds[number](block, start)

    def _finds(self, block: bytes) -> Iterator[Find]:
        """The signs of a match that this block can have at all; most blocks can have only one kind."""
        if self._letters is not None:
            yield _searching(self._letters)
        elif self._case:
            needle = self._needle
            yield lambda there, at: there.find(needle, at)
        else:
            lowered, needle = block.lower(), self._needle
            yield lambda _, at: lowered.find(needle, at)
        for letter in () if not self._odd or block.isascii() else self._odd:
            if _may_hold(block, letter):
                yield _finding(letter)
        if b"\\" in block:
            pattern = _ASCII_ESCAPE if self._run.isascii() and not self._odd else _ESCAPE
            if pattern.search(block):
                yield lambda there, at: self._escaped(there, at, pattern)

    def _escaped(self, block: bytes, at: int, pattern: re.Pattern[bytes]) -> int:
        """The next line with an escape that, once read, may hold the text."""
        while found := pattern.search(block, at):
            place = found.start()
            start = block.rfind(b"\n", 0, place) + 1
            end = block.find(b"\n", place)
            end = len(block) if end < 0 else end
            if self._flexible.search(block, start, end) or self._has_odd_escape(block, start, end):
                return place
            at = end + 1
        return -1

    def _has_odd_escape(self, block: bytes, start: int, end: int) -> bool:
        if not self._odd:
            return False
        line = block[start:end].lower()
        return any(b"\\u%04x" % ord(letter.decode()) in line for letter in self._odd)


def required_text(pattern: str) -> str:
    """A piece that everything a regular expression matches must contain; "" when none is certain."""
    if re.search(r"[|(\[{]", pattern):
        return ""
    plain = re.sub(r"\\.|[^\\][*?][+?]?|[.^$+*?]", "\0", pattern, flags=re.DOTALL)
    return max((run for run in plain.split("\0") if "\\" not in run), key=len, default="")


def _ascii_part(run: str) -> str:
    """The longest part that bytes.lower() can deal with, "" when too short to tell lines apart."""
    part = max(re.split(r"[^\x00-\x7f]+", run), key=len)
    return part if len(part) >= _SHORT_RUN else ""


def _letters(run: str, variants: list[list[str]]) -> re.Pattern[bytes]:
    """The letters from the first on that is not ASCII, which few bytes begin like."""
    first = next(number for number, letter in enumerate(run) if not letter.isascii())
    return re.compile(b"".join(_either(there) for there in variants[first:]))


@cache
def _variants(letter: str, case: bool) -> list[str]:
    """The letter in capitals and small."""
    if case:
        return [letter]
    forms = {letter, letter.upper(), letter.lower(), letter.title()}
    forms.update(odd for odd in _ODD_CASES if odd.casefold() == letter)
    forms.update(_TURKISH if letter == "i" else "")
    return sorted(form for form in forms if len(form) == 1)


def _odd(run: str, variants: list[list[str]]) -> list[bytes]:
    """Letters that can be a part of a match and that neither bytes.lower() nor single letters find."""
    single = {form for letter, forms in zip(run, variants, strict=True) if letter.isascii() for form in forms}
    several = {letter for letter in _EXPANDING if len(letter.casefold()) > 1 and letter.casefold() in run}
    return sorted(letter.encode() for letter in {s for s in single if not s.isascii()} | several)


def _either(forms: list[str]) -> bytes:
    return b"(?:" + b"|".join(re.escape(form.encode()) for form in forms) + b")"


def _any_form(forms: list[str]) -> bytes:
    """A letter as itself or as an escape, of one or, above U+FFFF, of two numbers."""
    ways = [re.escape(form.encode()) for form in forms] + [
        b"".join(map(_escape, _units(form))) for form in forms
    ]
    return b"(?:" + b"|".join(ways) + b")"


def _units(letter: str) -> list[int]:
    data = letter.encode("utf-16-be")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def _escape(unit: int) -> bytes:
    digits = (f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{unit:04x}")
    return rb"\\u" + "".join(digits).encode()


def _searching(pattern: re.Pattern[bytes]) -> Find:
    def find(block: bytes, at: int) -> int:
        found = pattern.search(block, at)
        return found.start() if found else -1

    return find


def _finding(needle: bytes) -> Find:
    return lambda block, at: block.find(needle, at)


def _may_hold(block: bytes, needle: bytes) -> bool:
    """Looking for single bytes is ten times as fast as looking for two."""
    return all(bytes([byte]) in block for byte in needle) and needle in block
