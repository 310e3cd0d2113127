"""Where things stand in the text of a JSON row; knows positions, not meanings."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# A string, one of the six structural characters, or a run of anything else (a number, a word, rubbish).
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s"{}\[\]:,]+')
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters start..end of the row's text."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class _Level:
    """One open object or array while scanning."""

    is_object: bool
    seen: dict[str, Span] = field(default_factory=dict)
    expects_key: bool = True


def tokens(text: str) -> Iterator[Span]:
    """The tokens of valid JSON in order; what is not JSON gives tokens that mean nothing."""
    for match in TOKEN.finditer(text):
        yield Span(match.start(), match.end(), match.group())


def repeated_keys(text: str) -> list[Span]:
    """Each key that stands again later in the same object: the spans of those that readers silently drop.

    `text` must be valid JSON. Span.text is the key itself, decoded.
    """
    found: list[Span] = []
    levels: list[_Level] = []
    for token in tokens(text):
        first = token.text[0]
        if first in "{[":
            levels.append(_Level(first == "{"))
        elif first in "}]":
            levels.pop()
        elif levels and levels[-1].is_object:
            _see_in_object(levels[-1], token, found)
    return found


def _see_in_object(level: _Level, token: Span, found: list[Span]) -> None:
    if token.text == ",":
        level.expects_key = True
    elif token.text == ":":
        level.expects_key = False
    elif level.expects_key:
        key = json.loads(token.text)
        if key in level.seen:
            found.append(level.seen[key])
        level.seen[key] = Span(token.start, token.end, key)


def non_finite_numbers(text: str) -> list[Span]:
    """NaN, Infinity, -Infinity and numbers beyond a double such as 1e999, where json.loads accepts them."""
    found = []
    for token in tokens(text):
        if token.text[0] in '"{}[]:,tfn':
            continue
        if token.text in ("NaN", "Infinity", "-Infinity") or _overflows(token.text):
            found.append(token)
    return found


def _overflows(number: str) -> bool:
    is_real = any(mark in number for mark in ".eE")
    return is_real and abs(float(number)) == float("inf")


def strings_with_lone_surrogates(text: str) -> list[Span]:
    """Strings that hold half of a surrogate pair, as in "\\ud800". `text` must be valid JSON."""
    found = []
    for token in tokens(text):
        if token.text[0] == '"' and "\\u" in token.text and LONE_SURROGATE.search(json.loads(token.text)):
            found.append(token)
    return found
