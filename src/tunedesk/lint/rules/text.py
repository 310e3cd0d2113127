"""TXT: characters that nobody sees and nobody meant."""

import re
import unicodedata
from collections.abc import Iterator

from tunedesk.lint.edits import ReplaceText
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView, Text
from tunedesk.lint.rule import Group, Hit, Rule

MAX_HITS = 50  # of one rule in one row; a binary blob would give millions
_NONCHARACTERS = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
_CONTROL = re.compile(
    f"(?:[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ufdd0-\ufdef{_NONCHARACTERS}]|\r(?!\n))+"
)
_INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0001\U000e0020-\U000e007f]"
)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc]")
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BREAKS = {
    "\r": "\n",
    "\x0b": "\n",
    "\x0c": "\n",
    "\x85": "\n",
}  # what separates lines must not glue words together
_NAMES = {
    0x00: "NUL",
    0x07: "bell",
    0x08: "backspace",
    0x0B: "vertical tab",
    0x0C: "form feed",
    0x0D: "carriage return",
    0x1B: "escape",
    0x7F: "delete",
    0x85: "next line",
}


def control_char(view: RowView) -> Iterator[Hit]:
    for text in view.texts:
        if text.text.isprintable() and "\ufffd" not in text.text:
            continue
        for _, match in zip(range(MAX_HITS), _CONTROL.finditer(text.text), strict=False):
            new = "".join(_BREAKS.get(character, "") for character in match.group())
            yield _hit(text, match, new, "does not belong into a text")


def invisible_char(view: RowView) -> Iterator[Hit]:
    for text in view.texts:
        if text.text.isascii() or text.text.isprintable():
            continue
        found = (
            match for match in _INVISIBLE.finditer(text.text) if not _is_needed(text.text, match.start())
        )
        for _, match in zip(range(MAX_HITS), found, strict=False):
            yield _hit(text, match, "", "cannot be seen")


def _is_needed(text: str, at: int) -> bool:
    """Joiners shape emoji and the scripts from Hebrew onwards; direction marks belong to texts that
    run right to left.
    """
    character, before = text[at], text[at - 1 : at]
    if character in "\u200c\u200d":
        return before >= "\u0590"
    if _DIRECTION.match(character):
        return _RIGHT_TO_LEFT.search(text) is not None
    if character >= "\U000e0020":
        return before == "\U0001f3f4" or before >= "\U000e0020"  # the flags of Scotland, Wales and England
    return False


def _hit(text: Text, match: re.Match[str], new: str, judgement: str) -> Hit:
    fix = Fix(
        FixKind.UNSAFE,
        "Write a line break" if new else "Delete it",
        (ReplaceText(text.pointer, match.start(), match.end(), match.group(), new),),
    )
    message = f"{_named(match.group()[0])} {judgement}."
    return Hit(text.pointer, message, match.start(), match.end(), fix)


def _named(character: str) -> str:
    number = ord(character)
    name = _NAMES.get(number) or unicodedata.name(character, "control character").lower()
    return f"U+{number:04X} ({name})"


def not_nfc(view: RowView) -> Iterator[Hit]:
    for text in view.texts:
        if text.text.isascii() or unicodedata.is_normalized("NFC", text.text):
            continue
        composed = unicodedata.normalize("NFC", text.text)
        same = next(
            (i for i, (a, b) in enumerate(zip(text.text, composed, strict=False)) if a != b), len(composed)
        )
        fix = Fix(
            FixKind.UNSAFE,
            "Compose the characters",
            (ReplaceText(text.pointer, 0, len(text.text), text.text, composed),),
        )
        yield Hit(text.pointer, "Letters and their accents are written apart.", same, len(text.text), fix)


RULES = (
    Rule(
        "TXT001",
        "control-char",
        "A control character stands in a text.",
        Severity.WARNING,
        check=control_char,
        fix=FixKind.UNSAFE,
    ),
    Rule(
        "TXT002",
        "invisible-char",
        "A character that nobody sees stands in a text.",
        Severity.WARNING,
        check=invisible_char,
        fix=FixKind.UNSAFE,
    ),
    Rule(
        "TXT004",
        "not-nfc",
        "A text is not in the usual composed form.",
        Severity.INFO,
        check=not_nfc,
        fix=FixKind.UNSAFE,
        group=Group.PEDANTIC,
    ),
)
