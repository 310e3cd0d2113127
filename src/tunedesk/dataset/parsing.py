"""One line of a dataset file to a value with its problems; knows JSON and encoding, not what a row means."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from tunedesk.dataset import json_tokens

BOM = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder().decode
_WHITESPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class ParseProblem:
    """What is wrong with a line before any rule looks at it.

    code: ENC001 not UTF-8, ENC005 blank, JSN001 not JSON, JSN002 not an object, JSN003 a key twice,
    JSN004 a number that is not finite, JSN005 half of a surrogate pair.
    start, end: characters in the decoded line (a byte order mark at its start is not counted).
    """

    code: str
    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A line and what was read from it.

    value: None when the line cannot be used. With JSN004 it holds nan or inf, with JSN005 lone surrogates:
    such text cannot be encoded as UTF-8, so look at `problems` before it goes anywhere but the screen.
    """

    raw: bytes
    value: dict[str, Any] | None
    problems: tuple[ParseProblem, ...] = ()


def parse_row(raw: bytes) -> ParsedRow:
    """Read one line, given without its line end. Never raises: what is wrong is in `problems`."""
    body = raw[len(BOM) :] if raw.startswith(BOM) else raw
    try:
        value = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return _parse_with_care(raw, body)
    if type(value) is dict and not _may_repeat_keys(body, value):
        return ParsedRow(raw, value)
    return _parse_with_care(raw, body)


def _may_repeat_keys(body: bytes, value: dict[str, Any]) -> bool:
    """False only when no key can stand twice in one object; much cheaper than reading with care.

    Each key of the line has one colon. So the line has at least as many colons as keys, and when it has no
    more colons than keys were read, none was dropped. Where texts hold colons too, it is tried with `":`,
    which ends each key unless whitespace stands before the colon or the key ends in an escaped backslash;
    inside a text it needs a backslash, which is subtracted, or stands at the text's start.
    """
    keys = _count_keys(value)
    if body.count(b":") == keys:
        return False
    if b" :" in body or b"\t:" in body or b"\r:" in body or b"\n:" in body or b'\\\\"' in body:
        return True
    return body.count(b'":') - body.count(b'\\":') != keys


def _count_keys(value: dict[str, Any]) -> int:
    count = len(value)
    waiting = list(value.values())
    for part in waiting:  # grows while it is walked
        kind = type(part)
        if kind is dict:
            count += len(part)
            waiting.extend(part.values())
        elif kind is list:
            waiting.extend(part)
    return count


def _parse_with_care(raw: bytes, body: bytes) -> ParsedRow:
    """The slow reader: accepts what the standard library accepts and says where each problem stands."""
    if not body.strip(_WHITESPACE):
        return ParsedRow(raw, None, (ParseProblem("ENC005", "The line is empty.", 0, len(body)),))
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return ParsedRow(raw, None, (_not_utf8(body, error),))
    suspects = _Suspects()
    try:
        value = json.loads(
            text,
            object_pairs_hook=suspects.object,
            parse_constant=suspects.number,
            parse_float=suspects.number,
        )
    except json.JSONDecodeError as error:
        return ParsedRow(raw, None, (_not_json(text, error),))
    except RecursionError:
        problem = ParseProblem("JSN001", "The brackets are nested too deeply to be read.", 0, len(text))
        return ParsedRow(raw, None, (problem,))
    except ValueError:
        problem = ParseProblem("JSN001", "A number has too many digits to be read.", *_longest_number(text))
        return ParsedRow(raw, None, (problem,))
    if type(value) is not dict:
        message = f"The line holds {_kind(value)}; a row must be an object in curly brackets."
        return ParsedRow(raw, None, (ParseProblem("JSN002", message, 0, len(text)),))
    return ParsedRow(raw, value, tuple(_problems(text, suspects)))


class _Suspects:
    """What the standard reader met on its way; positions are looked up only when needed."""

    def __init__(self) -> None:
        self.repeated = False
        self.non_finite = False

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        self.repeated |= len(made) != len(pairs)
        return made

    def number(self, word: str) -> float:
        """A real number, NaN, Infinity or -Infinity: float() reads all of them."""
        value = float(word)
        self.non_finite |= not math.isfinite(value)
        return value


def _problems(text: str, suspects: _Suspects) -> list[ParseProblem]:
    found = []
    if suspects.repeated:
        for span in json_tokens.repeated_keys(text):
            message = (
                f'The key "{_short(span.text)}" stands again later in this object; this value is ignored.'
            )
            found.append(ParseProblem("JSN003", message, span.start, span.end))
    if suspects.non_finite:
        for span in json_tokens.non_finite_numbers(text):
            message = f"{_short(span.text)} is not a number that JSON allows."
            found.append(ParseProblem("JSN004", message, span.start, span.end))
    if "\\ud" in text or "\\uD" in text:
        for span in json_tokens.strings_with_lone_surrogates(text):
            message = "The text holds half of a character (a lone surrogate), which UTF-8 cannot store."
            found.append(ParseProblem("JSN005", message, span.start, span.end))
    return sorted(found, key=lambda problem: problem.start)


def _not_utf8(body: bytes, error: UnicodeDecodeError) -> ParseProblem:
    start = len(body[: error.start].decode("utf-8"))
    byte = f"byte 0x{body[error.start]:02x} at byte {error.start + 1} of the line"
    message = f"The line is not UTF-8 text: {byte}."
    return ParseProblem("ENC001", message, start, start + 1)


def _not_json(text: str, error: json.JSONDecodeError) -> ParseProblem:
    start = min(error.pos, len(text))
    sentence, start = _explain(text, error.msg, start)
    return ParseProblem("JSN001", f"{sentence} (column {start + 1})", start, min(start + 1, len(text)))


def _explain(text: str, message: str, start: int) -> tuple[str, int]:
    """A sentence for the standard library's words, and the column where a person should look."""
    before = text[:start].rstrip()
    here = text[start : start + 1]
    if before.endswith(",") and here in ("}", "]"):
        return "A comma stands after the last item.", len(before) - 1
    if message.startswith("Illegal trailing comma"):
        return "A comma stands after the last item.", start
    if here in ("'", "\u2018", "\u2019", "\u201c", "\u201d"):
        return 'JSON wants straight double quotes (") around text and keys.', start
    if message.startswith("Unterminated string"):
        return "A text is not closed: its last double quote is missing.", start
    if message.startswith("Invalid control character"):
        return "A control character such as a tab stands inside a text; write it as \\t.", start
    if message.startswith(("Invalid \\escape", "Invalid \\u")):
        return "A backslash starts no valid escape; write \\\\ for a backslash.", start
    if message.startswith("Extra data"):
        return "Something stands after the end of the object.", start
    if not here:
        return "The line ends too early: closing brackets or quotes are missing.", start
    if message.startswith("Expecting ',' delimiter"):
        return "A comma or a closing bracket is missing here.", start
    if message.startswith("Expecting ':' delimiter"):
        return "A colon is missing after the key.", start
    if message.startswith("Expecting property name"):
        return "A key in double quotes is missing here.", start
    return "This is not JSON.", start


def _longest_number(text: str) -> tuple[int, int]:
    longest = max(re.finditer(r"-?\d+", text), key=lambda match: len(match.group()))
    return longest.start(), longest.end()


def _kind(value: object) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:17] + "..."
