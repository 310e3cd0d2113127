"""JSON text laid out on one line or over many, without changing how a number or a text is spelled."""

import re
from dataclasses import dataclass

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_STRING_OR_BLANK = re.compile(rb'("(?:[^"\\]++|\\.)*+")|([ \t\r\n]+)', re.DOTALL)
_TOKEN = re.compile(_STRING + rb"|[{}\[\],:]|[^\s\"{}\[\],:]+", re.DOTALL)
_FIRST_INNER = re.compile(rb"[{\[][ \t]*(\r?\n)([ \t]*)")
_COLON = re.compile(rb'"\s*:(\s*)')


@dataclass(frozen=True, slots=True)
class Indentation:
    """How the rows of a list are laid out over lines.

    base: what stands before a row's closing bracket. unit: what each level adds. colon: with its blank.
    """

    line_end: bytes
    base: bytes
    unit: bytes
    colon: bytes


def on_one_line(text: bytes) -> bytes:
    """The same JSON without a line feed; a text without one is returned as it is.

    A line feed inside a string is not JSON; it becomes a carriage return, which is none either.
    """
    if b"\n" not in text:
        return text
    lines = [line.strip(b" \t\r") for line in text.split(b"\n")]
    if b"\\\\" in text or any((line.count(b'"') - line.count(b'\\"')) % 2 for line in lines):
        return _STRING_OR_BLANK.sub(lambda found: _joined(found, text), text).strip()
    # Every string ends on the line that it begins on.
    return b"".join([line + b" " if line.endswith(b",") else line for line in lines])


def _joined(found: "re.Match[bytes]", text: bytes) -> bytes:
    string, blank = found.groups()
    if string is not None:
        return string.replace(b"\r\n", b"\r").replace(b"\n", b"\r") if b"\n" in string else string
    if b"\n" not in blank:
        return blank
    return b" " if found.start() and text[found.start() - 1 : found.start()] == b"," else b""


def indentation_of(text: bytes, base: bytes) -> Indentation | None:
    """The habit of a row that stands on several lines; None for one on a single line.

    base: the blanks before the row's first bracket.
    """
    found = _FIRST_INNER.match(text)
    if found is None:
        return None
    inner = found.group(2)
    unit = inner[len(base) :] if inner.startswith(base) and len(inner) > len(base) else b"  "
    colon = _COLON.search(text)
    blank = b"" if colon and not colon.group(1) else b" "
    return Indentation(found.group(1), base, unit, b":" + blank)


def indented(text: bytes, habit: Indentation) -> bytes:
    """JSON on one line laid out over many. Only for text whose brackets match."""
    parts: list[bytes] = []
    level = 0
    tokens = _TOKEN.findall(text)
    for number, token in enumerate(tokens):
        following = tokens[number + 1] if number + 1 < len(tokens) else b""
        if token in (b"}", b"]"):
            level = max(0, level - 1)
            if number and tokens[number - 1] not in (b"{", b"["):
                parts.append(_new_line(habit, level))
            parts.append(token)
        elif token in (b"{", b"["):
            level += 1
            parts.append(token)
            if following not in (b"}", b"]"):
                parts.append(_new_line(habit, level))
        elif token == b",":
            parts += (token, _new_line(habit, level))
        else:
            parts.append(habit.colon if token == b":" else token)
    return b"".join(parts)


def _new_line(habit: Indentation, level: int) -> bytes:
    return habit.line_end + habit.base + habit.unit * level
