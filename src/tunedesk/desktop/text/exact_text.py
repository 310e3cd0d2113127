"""Carries any text through a Qt text widget without loss; knows strings, not widgets.

QTextDocument turns CR, U+2029, U+FDD0 and U+FDD1 into block ends, and a QString has no place for half of a
surrogate pair. On the way between Python and Qt a text that begins with U+FEFF loses it, and one that begins
with U+FFFE comes back with the bytes of each character swapped. Those characters travel as stand-ins from a
block of the last private use plane that the text itself does not use. What toRawText() gives back (blocks
parted by U+2029) then becomes exactly the text that went in. Characters that cannot be seen travel the same
way when they are to be shown: a stand-in has a width, so that a mark can be drawn there and the cursor stops
before and behind it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tunedesk.desktop.text.invisible import INVISIBLE, full_name, is_right_to_left, is_strange, short_name

Stretches = tuple[tuple[int, int], ...]
"""First character of each stretch and the one behind its last."""

BLOCK_END = "\u2029"
BASES = tuple(range(0x100000, 0x10F000, 0x1000))
"""Where stand-ins may live; one is chosen that the text does not use."""

WIDTH = 2
"""Qt's positions that a stand-in takes."""

_BREAKERS = ("\r", "\u2029", "\ufdd0", "\ufdd1", "\ufeff", "\ufffe")
_HALVES = range(0xD800, 0xE000)
_NAMES = {"\r": "CR", "\u2029": "PS"}
_FIRST_HALF = 16
_FIRST_INVISIBLE = 0x900
_INVISIBLE_NUMBER = {character: number for number, character in enumerate(INVISIBLE)}
_MUST = re.compile("[\r\u2029\ufdd0\ufdd1\ufeff\ufffe\ud800-\udfff]")
_MUST_OR_INVISIBLE = re.compile(f"[\r\u2029\ufdd0\ufdd1\ufeff\ufffe\ud800-\udfff{re.escape(INVISIBLE)}]")


@dataclass(frozen=True)
class Carrier:
    """One choice of stand-ins: base + 0..5 for characters that break something, base + 16.. for halves,
    base + 0x900.. for invisible ones.
    """

    base: int
    shows_invisible: bool = False

    @classmethod
    def for_text(cls, *texts: str, shows_invisible: bool = False) -> "Carrier":
        """A carrier whose stand-ins none of the texts uses."""
        used = {
            ord(character) >> 12 for text in texts for character in set(text) if ord(character) >= BASES[0]
        }
        return cls(next(base for base in BASES if base >> 12 not in used), shows_invisible)

    def is_free_in(self, text: str) -> bool:
        return not any(ord(character) >> 12 == self.base >> 12 for character in text)

    def to_widget(self, text: str) -> str:
        """What to give to setPlainText or insertText; as many characters as the text has."""
        if not self.shows_invisible:
            return _MUST.sub(lambda match: self._stand_in(match.group()), text)
        right_to_left = is_right_to_left(text)

        def shown(match: re.Match[str]) -> str:
            character, place = match.group(), match.start()
            if character in _INVISIBLE_NUMBER and not is_strange(text, place, right_to_left):
                return character
            return self._stand_in(character)

        return _MUST_OR_INVISIBLE.sub(shown, text)

    def from_widget(self, raw: str) -> str:
        """The exact text, from toRawText() or selectedText()."""
        text = raw.replace(BLOCK_END, "\n")
        if text.isascii() or self.is_free_in(text):
            return text
        return "".join(self._original(character) for character in text)

    def name_of(self, character: str) -> str | None:
        """What a stand-in stands for, to be drawn in its place; None for any other character."""
        original = self._original(character)
        if original == character:
            return None
        if original in _INVISIBLE_NUMBER:
            return short_name(original)
        return _NAMES.get(original, f"{ord(original):04X}")

    def stand_ins(self, carried: str) -> Iterator[tuple[int, str]]:
        """Each stand-in of a line that the widget holds: Qt's position in the line, and the character."""
        if carried.isascii():
            return
        position = behind = 0
        for match in _pattern_of(self.base).finditer(carried):
            position += utf16_length(carried[behind : match.start()])
            yield position, match.group()
            position += WIDTH
            behind = match.end()

    def words_for(self, character: str) -> str | None:
        """The full name of what a stand-in stands for; None for any other character."""
        original = self._original(character)
        return None if original == character else full_name(original)

    def _stand_in(self, character: str) -> str:
        if character in _BREAKERS:
            return chr(self.base + _BREAKERS.index(character))
        if ord(character) in _HALVES:
            return chr(self.base + _FIRST_HALF + ord(character) - _HALVES.start)
        return chr(self.base + _FIRST_INVISIBLE + _INVISIBLE_NUMBER[character])

    def _original(self, character: str) -> str:
        offset = ord(character) - self.base
        if 0 <= offset < len(_BREAKERS):
            return _BREAKERS[offset]
        if _FIRST_HALF <= offset < _FIRST_HALF + len(_HALVES):
            return chr(_HALVES.start + offset - _FIRST_HALF)
        if _FIRST_INVISIBLE <= offset < _FIRST_INVISIBLE + len(INVISIBLE):
            return INVISIBLE[offset - _FIRST_INVISIBLE]
        return character


@lru_cache
def _pattern_of(base: int) -> re.Pattern[str]:
    return re.compile(f"[{chr(base)}-{chr(base + 0xFFF)}]")


def utf16_length(text: str) -> int:
    """How many positions Qt counts for a text; half of a surrogate pair counts as one."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_part(text: str, start: int, end: int) -> str:
    """The characters between two of Qt's positions; half of a pair becomes U+FFFD."""
    if text.isascii():
        return text[start:end]
    units = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
    return units.decode("utf-16-le", "replace")
