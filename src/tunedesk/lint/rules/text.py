# ruff: noqa: RUF001
"""TXT: characters that nobody sees and nobody meant."""

import functools
import re
import unicodedata
from collections.abc import Iterator

from tunedesk.dataset.example import RowFormat
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
_LATIN_TAIL = "".join(
    sorted(
        {
            bytes([byte]).decode(codec, "ignore")
            for byte in range(0x80, 0xC0)
            for codec in ("latin-1", "cp1252")
        }
    )
)
_CYRILLIC_TAIL = "".join(bytes([byte]).decode("cp1251", "ignore") for byte in range(0x80, 0xC0))
# UTF-8 that was read as one byte a character: a letter that begins a sequence, then characters that go on
# with it. One such pair of Cyrillic letters also stands in good texts; two in a row do not.
GARBLED_LATIN = re.compile(
    f"[\u00c2-\u00df][{re.escape(_LATIN_TAIL)}]|[\u00e0-\u00ef][{re.escape(_LATIN_TAIL)}]{{2}}"
    f"|[\u00f0-\u00f4][{re.escape(_LATIN_TAIL)}]{{3}}"
)
GARBLED_CYRILLIC = re.compile(f"(?:[\u0420\u0421][{re.escape(_CYRILLIC_TAIL)}]){{2}}")
_CYRILLIC_LOOKS = dict(zip("асеорхуіјѕАВСЕНКМОРТХІЈЅ", "aceopxyijsABCEHKMOPTXIJS", strict=True))
_GREEK_LOOKS = dict(zip("ονρΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ovpABEZHIKMNOPTYX", strict=True))
_TO_LATIN = {**_CYRILLIC_LOOKS, **_GREEK_LOOKS}
_MIXED = re.compile("[A-Za-z][\u0370-\u03ff\u0400-\u04ff]|[\u0370-\u03ff\u0400-\u04ff][A-Za-z]")
_MIXED_WORD = re.compile("[A-Za-z\u0370-\u03ff\u0400-\u04ff]{3,}")
_LONGEST_MENDED = 100_000  # characters; trying encodings on a longer text would hold up the typing
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


def mojibake(view: RowView) -> Iterator[Hit]:
    for text in view.texts:
        if text.text.isascii() or len(text.text) > _LONGEST_MENDED:
            continue
        if not GARBLED_LATIN.search(text.text) and not GARBLED_CYRILLIC.search(text.text):
            continue
        mended = _mend_encoding(text.text)
        if mended == text.text:
            continue
        start, end, new = _difference(text.text, mended)
        old = text.text[start:end]
        fix = Fix(FixKind.UNSAFE, "Read it as UTF-8", (ReplaceText(text.pointer, start, end, old, new),))
        message = f'"{_short(old)}" was read in the wrong encoding; it was probably "{_short(new)}".'
        yield Hit(text.pointer, message, start, end, fix)


@functools.lru_cache(maxsize=64)
def _mend_encoding(text: str) -> str:
    from ftfy import fix_encoding

    return fix_encoding(text)


def _difference(old: str, new: str) -> tuple[int, int, str]:
    """(start, end, what stands there instead) of the stretch in which two texts differ."""
    start = next(
        (at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    most = min(len(old), len(new)) - start
    same = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
    return start, len(old) - same, new[start : len(new) - same]


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:27]}..."


def edge_whitespace(view: RowView) -> Iterator[Hit]:
    """Of what is trained. Whether deleting it changes anything for the target is found out by rendering."""
    for answer in view.answers:
        text = answer.text
        if not text.strip():
            continue
        start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        if view.format is RowFormat.PROMPT_COMPLETION and text.startswith(" ") and start == 1:
            start = 0  # the old convention for completions
        for begin, stop, where in ((0, start, "begins"), (end, len(text), "ends")):
            if begin == stop:
                continue
            edit = ReplaceText(answer.pointer, begin, stop, text[begin:stop], "")
            fix = Fix(FixKind.SAFE, "Delete the white space", (edit,))
            yield Hit(answer.pointer, f"The answer {where} with white space.", begin, stop, fix)


def homoglyph_mix(view: RowView) -> Iterator[Hit]:
    for text in view.texts:
        if text.text.isascii() or not _MIXED.search(text.text):
            continue
        found = 0
        for match in _MIXED_WORD.finditer(text.text):
            meant = _one_script(match.group())
            if meant is None:
                continue
            found += 1
            if found > MAX_HITS:
                return
            edit = ReplaceText(text.pointer, match.start(), match.end(), match.group(), meant)
            fix = Fix(FixKind.UNSAFE, "Write it in one alphabet", (edit,))
            message = f'"{_short(match.group())}" mixes letters of two alphabets that look alike.'
            yield Hit(text.pointer, message, match.start(), match.end(), fix)


def _one_script(word: str) -> str | None:
    """The word in the alphabet of most of its letters; None when it is in one already, or mixes on purpose
    (a Russian ending)."""
    latin = sum(letter.isascii() for letter in word)
    if latin in (0, len(word)):
        return None
    if 2 * latin > len(word):
        changed = {letter: _TO_LATIN.get(letter) for letter in word if not letter.isascii()}
    else:
        looks = _CYRILLIC_LOOKS if any("\u0400" <= letter <= "\u04ff" for letter in word) else _GREEK_LOOKS
        back = {new: old for old, new in looks.items()}
        changed = {letter: back.get(letter) for letter in word if letter.isascii()}
    if None in changed.values():
        return None
    return "".join(changed.get(letter) or letter for letter in word)


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
        "TXT003",
        "mojibake",
        "A text was read in the wrong encoding.",
        Severity.WARNING,
        check=mojibake,
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
    Rule(
        "TXT005",
        "edge-whitespace",
        "An answer begins or ends with white space.",
        Severity.INFO,
        check=edge_whitespace,
        fix=FixKind.SAFE,
        group=Group.PEDANTIC,
    ),
    Rule(
        "TXT006",
        "homoglyph-mix",
        "A word mixes letters of two alphabets that look alike.",
        Severity.WARNING,
        check=homoglyph_mix,
        fix=FixKind.UNSAFE,
        group=Group.PEDANTIC,
    ),
)
