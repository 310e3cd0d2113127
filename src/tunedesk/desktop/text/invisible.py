"""Characters that cannot be seen, and what they are called; knows strings, not widgets.

Names are those of the Unicode Character Database. A character is only strange where it does nothing for the
text around it: a joiner inside an emoji or a Persian word is how these are written.
"""

import re
import unicodedata

_SHORT = {
    "\u00a0": "NBSP",
    "\u00ad": "SHY",
    "\u034f": "CGJ",
    "\u061c": "ALM",
    "\u115f": "HF",
    "\u1160": "HF",
    "\u180e": "MVS",
    "\u200b": "ZWSP",
    "\u200c": "ZWNJ",
    "\u200d": "ZWJ",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u2028": "LS",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u202f": "NNBS",
    "\u205f": "MSP",
    "\u2060": "WJ",
    "\u2061": "FA",
    "\u2062": "IT",
    "\u2063": "IS",
    "\u2064": "IP",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
    "\u3164": "HF",
    "\ufeff": "BOM",
    "\uffa0": "HF",
    "\ufff9": "IAA",
    "\ufffa": "IAS",
    "\ufffb": "IAT",
    "\ufffc": "OBJ",
}
_SPACES = "\u1680" + "".join(map(chr, range(0x2000, 0x200B)))
# C0 without tab, line feed and carriage return (a line's end is the carrier's business), DEL and C1.
_CONTROLS = "".join(map(chr, (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0))))
_TAGS = "".join(map(chr, range(0xE0000, 0xE0080)))

INVISIBLE = "".join(_SHORT) + _SPACES + _CONTROLS + _TAGS
"""Every character that gets a mark where it is strange."""

_CONTROL_NAMES = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB"),
    *("ESC", "FS", "GS", "RS", "US"),
)
_CONTROL_WORDS = {"\x00": "null", "\x0b": "line tabulation", "\x0c": "form feed", "\x1b": "escape"}
_JOINERS = "\u200c\u200d"
_DIRECTION_MARKS = "\u061c\u200e\u200f"
_JOINED = {"Lo", "Mn", "Mc", "So", "Sk"}
"""Categories of the letters, vowel signs and pictures that joiners join."""
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]"
)


def short_name(character: str) -> str:
    """At most four letters, to be drawn in the character's place."""
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code < 0x20:
        return _CONTROL_NAMES[code]
    if code >= 0xE0000:
        return "TAG"
    return "SP" if character in _SPACES else f"{code:02X}"


def full_name(character: str) -> str:
    """For a tooltip: "U+200B zero width space"."""
    name = _CONTROL_WORDS.get(character) or unicodedata.name(character, "").lower()
    if not name and unicodedata.category(character) == "Cs":
        name = "half of a surrogate pair, which no text may hold alone"
    elif not name:
        name = "tag character" if character in _TAGS else "control character"
    return f"U+{ord(character):04X} {name}".rstrip()


def is_right_to_left(text: str) -> bool:
    """Whether the text has letters that run from right to left, between which direction marks are usual."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def is_strange(text: str, place: int, right_to_left: bool) -> bool:
    """Whether the invisible character at a place deserves a mark there."""
    character = text[place]
    if character in _JOINERS:
        around = text[place - 1 : place] + text[place + 1 : place + 2]
        return len(around) < 2 or any(unicodedata.category(each) not in _JOINED for each in around)
    if character in _TAGS:  # the flags of Scotland and Wales are a black flag and some tags
        return not text[:place].rstrip(_TAGS).endswith("\N{WAVING BLACK FLAG}")
    if character in _DIRECTION_MARKS:
        return not right_to_left
    return True
