"""Carries any text through a Qt text widget without loss; knows strings, not widgets.

QTextDocument turns CR, U+2029, U+FDD0 and U+FDD1 into block ends, and a QString has no place for half of a
surrogate pair. Those characters travel as stand-ins from a block of the last private use plane that the text
itself does not use. What toRawText() gives back (blocks parted by U+2029) then becomes exactly the text that
went in.
"""

from dataclasses import dataclass

BLOCK_END = "\u2029"
BASES = tuple(range(0x100000, 0x10F000, 0x1000))
"""Where stand-ins may live; one is chosen that the text does not use."""

_BREAKERS = ("\r", "\u2029", "\ufdd0", "\ufdd1")
_HALVES = range(0xD800, 0xE000)
_NAMES = {"\r": "CR", "\u2029": "PS", "\ufdd0": "FDD0", "\ufdd1": "FDD1"}


@dataclass(frozen=True)
class Carrier:
    """One choice of stand-ins: base + 0..3 for characters that end a block, base + 16.. for halves."""

    base: int

    @classmethod
    def for_text(cls, *texts: str) -> "Carrier":
        """A carrier whose stand-ins none of the texts uses."""
        used = {
            ord(character) >> 12 for text in texts for character in set(text) if ord(character) >= BASES[0]
        }
        return cls(next(base for base in BASES if base >> 12 not in used))

    def is_free_in(self, text: str) -> bool:
        return not any(ord(character) >> 12 == self.base >> 12 for character in text)

    def to_widget(self, text: str) -> str:
        """What to give to setPlainText or insertText."""
        if not _needs_stand_ins(text):
            return text
        return "".join(self._stand_in(character) for character in text)

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
        return _NAMES.get(original, f"{ord(original):04X}")

    def _stand_in(self, character: str) -> str:
        if character in _BREAKERS:
            return chr(self.base + _BREAKERS.index(character))
        if ord(character) in _HALVES:
            return chr(self.base + 16 + ord(character) - _HALVES.start)
        return character

    def _original(self, character: str) -> str:
        offset = ord(character) - self.base
        if 0 <= offset < len(_BREAKERS):
            return _BREAKERS[offset]
        if 16 <= offset < 16 + len(_HALVES):
            return chr(_HALVES.start + offset - 16)
        return character


def utf16_length(text: str) -> int:
    """How many positions Qt counts for a text without lone surrogates."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def _needs_stand_ins(text: str) -> bool:
    if text.isascii():
        return "\r" in text
    return any(character in _BREAKERS or ord(character) in _HALVES for character in text)
